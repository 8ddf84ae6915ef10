/** `ovl umount`: takes down an overlay and all that was put up for it, and names whoever holds it. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { absoluteHere } from '../host/cwd.ts'
import { execute } from '../host/execute.ts'
import type { Executed } from '../host/execute.ts'
import { realName, statName } from '../host/files.ts'
import { collectHolders } from '../host/holders.ts'
import { readMountAt, readMountTable, readMountsElsewhere, statusAt } from '../host/mount-table.ts'
import type { MountTable } from '../host/mount-table.ts'
import { findOwner } from '../host/owner.ts'
import { clearLocks, lockTarget } from '../host/target-lock.ts'
import { findNamespaces, ownNamespace } from '../host/namespaces.ts'
import { readOwnReceiptsAt, readReceipt, readReceipts, readReceiptsAt, removeUnfinished } from '../host/receipts.ts'
import { bootId, isLiveProcess, isOwnProc, pidNamespaceId } from '../host/system.ts'
import { forgetHelper } from '../host/utab.ts'
import { isWithin } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { refusalOf } from '../mounts/owner.ts'
import { fateOf, receiptOfMount } from '../mounts/receipt.ts'
import type { Fate, Namespaces } from '../mounts/receipt.ts'
import { receiptPath } from '../plan/plan-mount.ts'
import { planUnmount } from '../plan/plan-unmount.ts'
import type { Plan, Receipt } from '../plan/step.ts'

export interface UnmountOptions {
  /** Detach now, let go when the last user is gone. Upper and work stay in use until then. */
  readonly lazy?: boolean
  /** Also take down what is mounted below the target. */
  readonly recursive?: boolean
  /** Take it down even where a container engine or a service made it, and goes on using it. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

export interface Unmounted {
  readonly target: string
  /** Paths that were unmounted, in order. */
  readonly unmounted: readonly string[]
  /** Directories that ovl had made and now removed. */
  readonly removed: readonly string[]
}

/**
 * Unmounts the overlay at `target`, deepest part first, and removes what ovl made for it.
 * @throws OvlError `not-mounted` when there is no overlay, `umount-busy` with the holders in `findings`,
 *   `owned-elsewhere` when a container engine or a service made it and `force` is not said
 */
export async function unmount(target: string, options: UnmountOptions = {}): Promise<Unmounted> {
  const path = realTarget(target)
  using _ = await turnAt(path, options.signal)
  const done = await run(path, planFor(path, options), options.signal)
  await forgetHelper(path)
  return done
}

/**
 * Takes down the overlay `device` that was put up at `target` (no symlinks in it) with nothing beside it, so that no
 * receipt has to be looked for. What else is there by now comes down as by {@link unmount}.
 */
export async function unmountAlone(target: string, device: string): Promise<void> {
  if (statusAt(target)?.device === device) await run(target, planAlone(target, false), undefined)
  else await unmount(target)
}

/** The plan that {@link unmount} would execute. */
export function planOfUnmount(target: string, options: UnmountOptions = {}): Plan {
  return planFor(realTarget(target), options)
}

export interface StaleOptions {
  /** Also what cannot be judged: the mount may live in a mount namespace that cannot be seen, and loses its parts then. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** What became of the receipts. */
export interface Cleared {
  readonly cleared: readonly Unmounted[]
  /** One warning for each receipt that was left because it cannot be judged. */
  readonly warnings: readonly Finding[]
  /** Of those that could not be cleared. */
  readonly errors: readonly unknown[]
}

/**
 * Clears what mounts of ovl left behind whose process died half-way or that were taken down by other
 * means: parts still mounted, directories, receipts. Live mounts and other namespaces are left alone, and so is
 * what cannot be judged, unless `force` says otherwise.
 * @throws OvlError for the first that could not be cleared, after all others were
 */
export async function unmountStale(options: StaleOptions = {}): Promise<Unmounted[]> {
  const { cleared, errors } = await clearStale(options)
  if (errors.length > 0) throw errors[0]
  return [...cleared]
}

/** {@link unmountStale}, with what was left alone, and why. */
export async function clearStale({ force = false, signal }: StaleOptions = {}): Promise<Cleared> {
  const cleared: Unmounted[] = []
  const errors: unknown[] = []
  const judged = judgeReceipts(readReceipts())
  for (const { receipt } of judged.filter((one) => isToGo(one, force))) {
    try {
      const done = await clearOne(receipt, signal)
      if (done !== undefined) cleared.push(done)
    } catch (error) {
      errors.push(error)
      if (signal?.aborted === true) break
    }
  }
  removeUnfinished(isLiveProcess)
  await clearLocks()
  return { cleared, warnings: warningsOf(judged, force), errors }
}

/** Clears what an earlier mount of ovl at `target` left when its overlay was taken down by other means. What cannot be cleared stays for {@link unmountStale}. */
export async function unmountRemains(target: string): Promise<void> {
  const receipts = readReceiptsAt(realTarget(target))
  if (receipts.length === 0) return
  for (const { receipt } of judgeReceipts(receipts).filter((one) => isToGo(one, false))) {
    try {
      await clearOne(receipt, undefined)
    } catch (error) {
      if (!isOvlError(error)) throw error
    }
  }
}

/** The plan that {@link unmountStale} would execute. */
export function planOfUnmountStale(options: Pick<StaleOptions, 'force'> = {}): Plan {
  return foreseeStale(options).plan
}

/** {@link planOfUnmountStale}, with what would be left alone, and why. */
export function foreseeStale({ force = false }: Pick<StaleOptions, 'force'> = {}): { readonly plan: Plan; readonly warnings: readonly Finding[] } {
  const judged = judgeReceipts(readReceipts())
  const table = readMountTable()
  return { plan: { steps: judged.filter((one) => isToGo(one, force)).flatMap(({ receipt }) => planForReceipt(receipt, table).steps) }, warnings: warningsOf(judged, force) }
}

interface Judged {
  readonly receipt: Receipt
  readonly fate: Fate
}

/** The receipts were read before: what they tell of is in what is looked at now, unless it is gone. */
function judgeReceipts(receipts: readonly Receipt[]): Judged[] {
  let namespaces: Namespaces | undefined
  let elsewhere: readonly Mount[] | undefined
  const here = {
    bootId: bootId(), mountNamespace: ownNamespace(), pidNamespace: pidNamespaceId(), overlays: readMountTable().overlays,
    isRunning: (pid: number) => (isOwnProc() ? isLiveProcess(pid) : undefined),
    namespaces: () => (namespaces ??= findNamespaces()),
    elsewhere: () => (elsewhere ??= readMountsElsewhere()),
  }
  return receipts.map((receipt) => ({ receipt, fate: fateOf(receipt, here) }))
}

const isToGo = ({ fate }: Judged, force: boolean): boolean => fate === 'stale' || (force && typeof fate === 'object')

/** Undefined when somebody wrote to the receipt after it was judged, or is done with it: it is in good hands. */
async function clearOne(receipt: Receipt, signal: AbortSignal | undefined): Promise<Unmounted | undefined> {
  using _ = await lockTarget(receipt.target, signal)
  if (JSON.stringify(readReceipt(receiptPath(receipt.directory))) !== JSON.stringify(receipt)) return undefined
  return run(receipt.target, planForReceipt(receipt, readMountTable()), signal)
}

const planForReceipt = (receipt: Receipt, table: MountTable): Plan => planUnmount({ below: [], lazy: false, receipt, mountedParts: mountedParts(receipt, table) })

function warningsOf(judged: readonly Judged[], force: boolean): Finding[] {
  return judged.flatMap(({ receipt: { target }, fate }) => {
    if (force || typeof fate !== 'object') return []
    const title = `what was mounted at '${target}' was left alone: ${fate.unknown}`
    return [finding('owned-elsewhere', {
      title,
      severity: 'warning',
      explanation: 'ovl has a record of this mount and cannot tell whether it is still there. Clearing it away where it is would lose what was changed in it.',
      evidence: [{ fact: fate.unknown, source: 'proc' }],
      fix: [{ text: 'If you know that it is gone, say so.', command: 'ovl umount --stale --force' }],
    })]
  })
}

/** Nobody else takes down what has receipts at `path` meanwhile. */
async function turnAt(path: string, signal: AbortSignal | undefined): Promise<Disposable> {
  return readReceiptsAt(path).length === 0 ? { [Symbol.dispose]: () => undefined } : lockTarget(path, signal)
}

function planFor(path: string, { lazy = false, recursive = false, force = false }: UnmountOptions): Plan {
  const here = readMountAt(path)
  if (here?.overlay === undefined) return planForRemains(path, here?.mount, lazy)
  const receipts = readReceiptsAt(path)
  if (!force && receiptOfMount(here.overlay, receipts) === undefined) refuseOwned(here.overlay, here.mount)
  const receipt = receipts.length === 0 ? undefined : receiptOfMount(here.overlay, readOwnReceiptsAt(path))
  if (receipt === undefined && !recursive) return planAlone(path, lazy)
  const table = readMountTable()
  const inside = table.mounts.filter(({ target }) => target !== path && isWithin(target, path)).map(({ target }) => target).reverse()
  const own = new Set(receipt?.inside)
  const below = recursive ? inside : inside.filter((target) => own.has(target))
  if (recursive && !force) for (const overlay of table.overlays) if (overlay.target !== path && isWithin(overlay.target, path)) refuseOwned(overlay, table.mounts.find(({ id }) => id === overlay.id))
  return planUnmount({ target: path, below, lazy, ...(receipt === undefined ? { mountedParts: new Set() } : { receipt, mountedParts: mountedParts(receipt, table) }) })
}

/** A part of it that is bound elsewhere can go. @throws OvlError owned-elsewhere */
function refuseOwned(overlay: OverlayMount, mount: Mount | undefined): void {
  const owner = mount?.root === '/' ? findOwner(overlay) : undefined
  if (owner === undefined) return
  const refusal = refusalOf(overlay.target, owner)
  throw new OvlError('owned-elsewhere', refusal.title, { findings: [refusal] })
}

const planAlone = (target: string, lazy: boolean): Plan => planUnmount({ target, below: [], lazy, mountedParts: new Set() })

/** No overlay is to be seen at `path`, but one of ovl's may have been there, and left its parts. */
function planForRemains(path: string, here: Mount | undefined, lazy: boolean): Plan {
  const table = readMountTable()
  const receipt = here === undefined ? judgeReceipts(readOwnReceiptsAt(path)).find(({ fate }) => fate === 'stale')?.receipt : undefined
  if (receipt === undefined) throw notMounted(path, here, table.overlays.some(({ target }) => target === path))
  return planUnmount({ below: [], lazy, receipt, mountedParts: mountedParts(receipt, table) })
}

async function run(target: string, plan: Plan, signal: AbortSignal | undefined): Promise<Unmounted> {
  try {
    const { unmounted, removed }: Executed = await execute(plan, { signal })
    return { target, unmounted, removed }
  } catch (error) {
    const own = plan.steps.flatMap((step) => (step.do === 'unmount' && step.putBack === true ? [step.path] : []))
    throw isOvlError(error) ? explained(error, target, own) : error
  }
}

/** The mount table has no symlinks in it; a target that is gone or hangs is taken as it was said. */
function realTarget(target: string): string {
  if (typeof target !== 'string' || target === '') throw new OvlError('usage', 'no target: which mount shall be taken down?')
  try {
    return realName(target)
  } catch (error) {
    if (isOvlError(error) && error.code === 'usage') throw error
    return absoluteHere(target)
  }
}

function notMounted(path: string, here: { fsType: string } | undefined, covered: boolean): OvlError {
  const title = covered ? `the overlay at '${path}' is covered by another mount (${here?.fsType})` : here === undefined ? `no overlay is mounted at '${path}'` : `what is mounted at '${path}' is no overlay but ${here.fsType}`
  const list = { text: 'See what is mounted.', command: 'ovl list' }
  const fix = covered ? { text: 'Take that down first, if it is meant.', command: `umount ${quoteShell(path)}` } : here === undefined ? list : { ...list, text: 'See which overlays are mounted; what is none, umount(8) takes down.' }
  const explanation = covered ? 'Only the topmost of several mounts on one directory can be taken down, and that is not the overlay.' : here === undefined ? undefined : 'Something is mounted at this very directory, but ovl takes down overlays only.'
  return new OvlError('not-mounted', title, { findings: [finding('not-mounted', { title, ...(explanation === undefined ? {} : { explanation }), evidence: [{ fact: title, source: 'mountinfo' }], fix: [fix] })] })
}

/** `own`: mount points inside that would have come down with it. */
function explained(error: OvlError, target: string, own: readonly string[]): OvlError {
  if (error.findings.length > 0) return error
  const { hint } = error.details
  if (error.code !== 'umount-busy') return error.with({ findings: [finding(error.code, { title: error.message, fix: hint === undefined ? [] : [{ text: hint }] })] })
  const looks = [target, ...own.filter((path) => typeof statName(path) === 'object')].map((path) => collectHolders(path))
  const held = looks.flatMap((look) => look.holders).filter(({ what, path }) => what !== 'mount below' || !own.includes(path))
  // What this process only has from the one that started it goes away with it.
  const holders = held.filter(({ pid, what, path }) => pid !== process.pid || !held.some((other) => other.pid !== pid && other.what === what && other.path === path))
  const hidden = looks[0]?.hidden ?? 0
  const evidence = holders.map(({ pid, command, what, path }) => ({ fact: pid === undefined ? `${what} ${path}` : `${pid} ${command ?? '?'}: ${what} ${path}`, source: 'proc' as const }))
  const unseen = hidden === 0 ? '' : ` (${hidden} ${hidden === 1 ? 'process' : 'processes'} could not be looked at)`
  const title = holders.length === 0 ? `'${target}' is busy, and no process that can be seen holds it${unseen}` : `'${target}' is busy: held by ${[...new Set(holders.map(({ pid, command, what, path }) => (pid === undefined ? `${what} '${path}'` : `${command ?? '?'} (${pid})`)))].slice(0, 5).join(', ')}${unseen}`
  const overlay = readMountAt(target)?.overlay
  const owner = overlay === undefined || readReceiptsAt(target).length > 0 ? undefined : findOwner(overlay)
  const pids = [...new Set(holders.flatMap(({ pid }) => pid ?? []))].filter((pid) => pid !== process.pid)
  const fix = [
    ...(holders.some(({ what }) => what === 'mount below') ? [{ text: 'Take down what is mounted below, too.', command: `ovl umount -R ${quoteShell(target)}` }] : []),
    ...(pids.length > 0 ? [{ text: 'End these processes, or let them leave.', command: `kill ${pids.join(' ')}` }] : []),
    { text: 'Or detach it now; upper and work stay in use until the last holder is gone.', command: `ovl umount -l ${quoteShell(target)}` },
  ]
  const busy = finding('umount-busy', { title, evidence, fix: owner?.fix ?? fix })
  return error.with({ message: title, findings: [busy] })
}

/** Only what lies in the receipt's own directory is ever taken down as a part. */
function mountedParts(receipt: Receipt, table: MountTable): Set<string> {
  const mounted = new Set(table.mounts.map(({ target }) => target))
  return new Set(receipt.parts.map(({ at }) => at).filter((at) => isWithin(at, receipt.directory) && mounted.has(at)))
}
