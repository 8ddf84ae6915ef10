/** A mounted live system, told by its receipt: what `ovl live status`, `enter` and `pack` begin with. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { absoluteHere } from '../host/cwd.ts'
import { realName } from '../host/files.ts'
import { readMountAt } from '../host/mount-table.ts'
import { readOwnReceiptsAt, readReceiptsAt } from '../host/receipts.ts'
import { receiptOfMount } from '../mounts/receipt.ts'
import { isWithin } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveRecord, Plan, Receipt } from '../plan/step.ts'
import { planOfUnmount, unmount } from './unmount.ts'
import type { UnmountOptions, Unmounted } from './unmount.ts'

/** A live system at its target. */
export interface LiveMount extends LiveRecord {
  readonly target: string
  /** What is changed lies here; upper and work are on the same mount. */
  readonly upper: string
  readonly work: string
  /** ovl's own directory of this mount, on which its parts stand. */
  readonly directory: string
  /** Mount points of the parts in it (layers, tmpfs, disk), in the order they were put up. */
  readonly parts: Receipt['parts']
  /** Mount points inside the target that belong to it. */
  readonly inside: readonly string[]
  /** Which changes are still there after umount. */
  readonly keeps: 'everything' | 'some places' | 'nothing'
}

/**
 * The live system that `ovl live mount` put up at `target`.
 * @throws OvlError `not-mounted` when there is none, or what is mounted there is something else
 */
export function readLive(target: string): LiveMount {
  const path = realTarget(target)
  const overlay = readMountAt(path)?.overlay
  const receipt = overlay === undefined ? undefined : receiptOfMount(overlay, readOwnReceiptsAt(path))
  const upper = receipt?.layers.upper
  const work = receipt?.layers.work
  if (receipt?.live === undefined || upper === undefined || work === undefined) throw notLive(path, overlay !== undefined)
  const { directory, parts, inside = [], live } = receipt
  const keeps = live.persist === undefined ? 'nothing' : isWithin(upper, live.persist.at) ? 'everything' : 'some places'
  return { ...live, target: path, upper, work, directory, parts, inside, keeps }
}

/** Takes down the live system at `target`, or the view of the running root, and nothing else. @throws OvlError as readLive() and unmount() do */
export async function unmountLive(target: string, options: Pick<UnmountOptions, 'lazy' | 'signal'> = {}): Promise<Unmounted> {
  return unmount(liveTarget(target), options)
}

/** The plan that {@link unmountLive} would execute. */
export function planOfLiveUnmount(target: string, options: Pick<UnmountOptions, 'lazy'> = {}): Plan {
  return planOfUnmount(liveTarget(target), options)
}

/** Of remains there is only the receipt. A view of the running root is no live system, and goes as one does. */
function liveTarget(target: string): string {
  const path = realTarget(target)
  const here = readMountAt(path)
  const receipts = readReceiptsAt(path)
  const isRemains = here === undefined && receipts.some(({ live }) => live !== undefined)
  const own = here?.overlay === undefined ? undefined : receiptOfMount(here.overlay, readOwnReceiptsAt(path))
  const isRoot = own?.parts.some(({ what, source }) => what === 'bind' && source === '/') === true
  return isRemains || isRoot ? path : readLive(path).target
}

/** The mount table has no symlinks in it. */
function realTarget(target: string): string {
  if (target === '') throw new OvlError('usage', 'no target: which live system?')
  try {
    return realName(target)
  } catch (error) {
    if (isOvlError(error) && error.code === 'usage') throw error
    return absoluteHere(target)
  }
}

function notLive(path: string, isOverlay: boolean): OvlError {
  const title = isOverlay ? `the overlay at '${path}' is no live system that ovl mounted` : `no live system is mounted at '${path}'`
  const fix = isOverlay ? { text: 'See what it is.', command: `ovl inspect ${quoteShell(path)}` } : { text: 'Mount one.', command: `ovl live mount SOURCE ${quoteShell(path)}` }
  return new OvlError('not-mounted', title, { findings: [finding('not-mounted', { title, evidence: [{ fact: title, source: 'mountinfo' }], fix: [fix] })] })
}
