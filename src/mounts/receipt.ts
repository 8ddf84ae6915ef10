/**
 * Receipts against what there is: which mount a receipt belongs to, and which receipts outlived theirs. What cannot be
 * judged counts as alive, because whatever is taken down by mistake is lost.
 */

import { isWithin } from '../names/path.ts'
import type { Receipt } from '../plan/step.ts'
import type { Mount } from './mountinfo.ts'
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

/** The mount namespaces that were found. */
export interface Namespaces {
  /** Their inode numbers. */
  readonly inodes: ReadonlySet<string>
  /** The numbers that are never used again: of all that live. Absent where the kernel does not list them. */
  readonly ids?: ReadonlySet<string>
  /** Why there may be more than were found. */
  readonly unseen?: string
}

/** Where this process is, and what it can see from there. */
export interface Surroundings {
  readonly bootId: string
  readonly mountNamespace: { readonly inode: string; readonly id?: string }
  /** Inode number of the pid namespace of this process. */
  readonly pidNamespace: string
  readonly overlays: readonly OverlayMount[]
  /** Of a process of this pid namespace; undefined where /proc shows another one. */
  readonly isRunning: (pid: number) => boolean | undefined
  readonly namespaces: () => Namespaces
  /** What is mounted in other mount namespaces, as far as it can be seen. */
  readonly elsewhere: () => readonly Pick<Mount, 'device' | 'target'>[]
}

/** A mount is at its place or being made; or nobody has it any more; or it cannot be told, and why. */
export type Fate = 'live' | 'stale' | { readonly unknown: string }

/** PROC_PID_INIT_INO of the kernel. */
const FIRST_PID_NAMESPACE = '4026531836'

/** What became of the mount that `receipt` remembers. The receipt was read before the surroundings were looked at. */
export function fateOf(receipt: Receipt, here: Surroundings): Fate {
  if (receipt.bootId !== here.bootId) return 'stale'
  if (!isOfNamespace(receipt, here)) {
    const fate = fateElsewhere(receipt, here)
    return fate === 'stale' && hasCopy(receipt, here.elsewhere()) ? 'live' : fate
  }
  const making = receipt.state === 'making' && receipt.pid > 0 ? fateOfMaker(receipt, here) : undefined
  return making ?? (mountOfReceipt(receipt, here.overlays) === undefined ? 'stale' : 'live')
}

/** Of this boot and this mount namespace. Inode numbers are used again; the other number, where both have it, is not. */
export function isOfNamespace(receipt: Receipt, { bootId, mountNamespace: { inode, id } }: Pick<Surroundings, 'bootId' | 'mountNamespace'>): boolean {
  if (receipt.bootId !== bootId || receipt.mountNamespace !== inode) return false
  return id === undefined || receipt.mountNamespaceId === undefined || receipt.mountNamespaceId === id
}

/** Undefined: nobody is at work. */
function fateOfMaker({ pid, pidNamespace }: Receipt, here: Surroundings): Fate | undefined {
  const running = pidNamespace === undefined || pidNamespace === here.pidNamespace ? here.isRunning(pid) : undefined
  if (running === undefined) return { unknown: `process ${pid} of another pid namespace is or was mounting it, and cannot be seen from here` }
  return running ? 'live' : undefined
}

function fateElsewhere({ mountNamespace, mountNamespaceId, pidNamespace }: Receipt, here: Surroundings): Fate {
  const { inodes, ids, unseen } = here.namespaces()
  if (ids !== undefined) return (mountNamespaceId === undefined ? inodes.has(mountNamespace) : ids.has(mountNamespaceId)) ? 'live' : 'stale'
  if (inodes.has(mountNamespace)) return 'live'
  if (unseen !== undefined) return { unknown: `it was mounted in another mount namespace, and ${unseen}` }
  if (here.pidNamespace === FIRST_PID_NAMESPACE || pidNamespace === here.pidNamespace) return 'stale'
  return { unknown: 'it was mounted in another mount namespace and another pid namespace, whose processes cannot be seen from here' }
}

/** A mount namespace begins as a copy of another, and may outlive it. Its root may be another directory. */
function hasCopy({ device, target }: Receipt, mounts: readonly Pick<Mount, 'device' | 'target'>[]): boolean {
  return mounts.some((mount) => mount.device === device && mount.target !== '/' && (mount.target.endsWith(target) || target.endsWith(mount.target)))
}

/** By device where it is known; else by layers in the receipt’s own directory, or the very same layers. */
function belongs(receipt: Receipt, mount: OverlayMount): boolean {
  if (receipt.device !== undefined) return receipt.device === mount.device
  return hasLayersOf(receipt, mount) || (mount.upper === receipt.layers.upper && mount.lower.join('\0') === receipt.layers.lower.join('\0'))
}

function hasLayersOf({ directory }: Receipt, { lower, data, upper }: OverlayMount): boolean {
  return [...lower, ...data, upper].some((path) => path !== undefined && isWithin(path, directory))
}
