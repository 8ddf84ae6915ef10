/** Receipts against the mount table: which mount a receipt belongs to, and which receipts outlived theirs. */

import { isWithin } from '../names/path.ts'
import type { Receipt } from '../plan/step.ts'
import type { OverlayMount } from './overlay-mount.ts'

/** The live mount that `receipt` describes, the topmost if several fit. */
export function mountOfReceipt(receipt: Receipt, overlays: readonly OverlayMount[]): OverlayMount | undefined {
  return overlays.findLast((mount) => mount.target === receipt.target && belongs(receipt, mount))
}

/** The receipt of a live mount. */
export function receiptOfMount(mount: OverlayMount, receipts: readonly Receipt[]): Receipt | undefined {
  return receipts.find((receipt) => mount.target === receipt.target && belongs(receipt, mount))
}

/** By device where it is known; else by layers in the receipt’s own directory, or the very same layers. */
function belongs(receipt: Receipt, mount: OverlayMount): boolean {
  if (receipt.device !== undefined) return receipt.device === mount.device
  const layers = [...mount.lower, ...mount.data, mount.upper]
  if (layers.some((path) => path !== undefined && isWithin(path, receipt.directory))) return true
  return mount.upper === receipt.layers.upper && mount.lower.join('\0') === receipt.layers.lower.join('\0')
}
