/** Receipts against the mount table: which mount a receipt belongs to, and which receipts outlived theirs. */

import { isWithin } from '../names/path.ts'
import type { Receipt } from '../plan/step.ts'
import type { OverlayMount } from './overlay-mount.ts'

/** The live mount that `receipt` describes, the topmost if several fit. */
export function mountOfReceipt(receipt: Receipt, overlays: readonly OverlayMount[]): OverlayMount | undefined {
  return overlays.findLast((mount) => mount.target === receipt.target && belongs(receipt, mount))
}

/**
 * The receipt of a live mount. Numbers of devices and of mount namespaces are used again, so that one which is left of a
 * namespace that died may fit too: what lies in the receipt's own directory decides.
 */
export function receiptOfMount(mount: OverlayMount, receipts: readonly Receipt[]): Receipt | undefined {
  const fitting = receipts.filter((receipt) => mount.target === receipt.target && belongs(receipt, mount))
  return fitting.find((receipt) => hasLayersOf(receipt, mount)) ?? fitting[0]
}

/** By device where it is known; else by layers in the receipt’s own directory, or the very same layers. */
function belongs(receipt: Receipt, mount: OverlayMount): boolean {
  if (receipt.device !== undefined) return receipt.device === mount.device
  return hasLayersOf(receipt, mount) || (mount.upper === receipt.layers.upper && mount.lower.join('\0') === receipt.layers.lower.join('\0'))
}

function hasLayersOf({ directory }: Receipt, { lower, data, upper }: OverlayMount): boolean {
  return [...lower, ...data, upper].some((path) => path !== undefined && isWithin(path, directory))
}
