/** `ovl umount`: takes down an overlay and all that was put up for it, and names whoever holds it. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { absoluteHere } from '../host/cwd.ts'
import { execute } from '../host/execute.ts'
import type { Executed } from '../host/execute.ts'
import { realName, statName } from '../host/files.ts'
import { collectHolders } from '../host/holders.ts'
import { readMountAt, readMountTable, statusAt } from '../host/mount-table.ts'
import type { MountTable } from '../host/mount-table.ts'
import { readReceipts, readReceiptsAt, removeUnfinished } from '../host/receipts.ts'
import { bootId, isLiveNamespace, isLiveProcess, mountNamespaceId } from '../host/system.ts'
import { forgetHelper } from '../host/utab.ts'
import { isWithin } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import { mountOfReceipt, receiptOfMount } from '../mounts/receipt.ts'
import { planUnmount } from '../plan/plan-unmount.ts'
import type { Plan, Receipt } from '../plan/step.ts'

export interface UnmountOptions {
  /** Detach now, let go when the last user is gone. Upper and work stay in use until then. */
  readonly lazy?: boolean
  /** Also take down what is mounted below the target. */
  readonly recursive?: boolean
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
 * @throws OvlError `not-mounted` when there is no overlay, `umount-busy` with the holders in `findings`
 */
export async function unmount(target: string, options: UnmountOptions = {}): Promise<Unmounted> {
  const path = realTarget(target)
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

/**
 * Clears what mounts of ovl left behind whose process died half-way or that were taken down by other
 * means: parts still mounted, directories, receipts. Live mounts and other namespaces are left alone.
 */
export async function unmountStale(): Promise<Unmounted[]> {
  const cleared: Unmounted[] = []
  for (const { target, plan } of plansForStale()) cleared.push(await run(target, plan, undefined))
  removeUnfinished(isLiveProcess)
  return cleared
}

/** Clears what an earlier mount of ovl at `target` left when its overlay was taken down by other means. What cannot be cleared stays for {@link unmountStale}. */
export async function unmountRemains(target: string): Promise<void> {
  const path = realTarget(target)
  const receipts = readReceiptsAt(path)
  if (receipts.length === 0) return
  const table = readMountTable()
  for (const receipt of receipts.filter((one) => isStale(one, table))) {
    try {
      await run(path, planUnmount({ below: [], lazy: false, receipt, mountedParts: mountedParts(receipt, table) }), undefined)
    } catch (error) {
      if (!isOvlError(error)) throw error
    }
  }
}

/** The plan that {@link unmountStale} would execute. */
export function planOfUnmountStale(): Plan {
  return { steps: plansForStale().flatMap(({ plan }) => plan.steps) }
}

function plansForStale(): { readonly target: string; readonly plan: Plan }[] {
  const table = readMountTable()
  const stale = readReceipts().filter((receipt) => isStale(receipt, table))
  return stale.map((receipt) => ({ target: receipt.target, plan: planUnmount({ below: [], lazy: false, receipt, mountedParts: mountedParts(receipt, table) }) }))
}

function planFor(path: string, { lazy = false, recursive = false }: UnmountOptions): Plan {
  // Nothing but the overlay to take down: how its layers are called does not matter.
  if (!recursive && statusAt(path) !== undefined && readReceiptsAt(path).length === 0) return planAlone(path, lazy)
  const here = readMountAt(path)
  if (here?.overlay === undefined) return planForRemains(path, here?.mount, lazy)
  const receipt = receiptOfMount(here.overlay, readReceiptsAt(path).filter(isOfThisNamespace))
  if (receipt === undefined && !recursive) return planAlone(path, lazy)
  const table = readMountTable()
  const inside = table.mounts.filter(({ target }) => target !== path && isWithin(target, path)).map(({ target }) => target).reverse()
  const own = new Set(receipt?.inside)
  const below = recursive ? inside : inside.filter((target) => own.has(target))
  return planUnmount({ target: path, below, lazy, ...(receipt === undefined ? { mountedParts: new Set() } : { receipt, mountedParts: mountedParts(receipt, table) }) })
}

const planAlone = (target: string, lazy: boolean): Plan => planUnmount({ target, below: [], lazy, mountedParts: new Set() })

/** No overlay is to be seen at `path`, but one of ovl's may have been there, and left its parts. */
function planForRemains(path: string, here: Mount | undefined, lazy: boolean): Plan {
  const table = readMountTable()
  const receipt = here === undefined ? readReceiptsAt(path).find((one) => isOfThisNamespace(one) && isStale(one, table)) : undefined
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
  const pids = [...new Set(holders.flatMap(({ pid }) => pid ?? []))].filter((pid) => pid !== process.pid)
  const fix = [
    ...(holders.some(({ what }) => what === 'mount below') ? [{ text: 'Take down what is mounted below, too.', command: `ovl umount -R ${quoteShell(target)}` }] : []),
    ...(pids.length > 0 ? [{ text: 'End these processes, or let them leave.', command: `kill ${pids.join(' ')}` }] : []),
    { text: 'Or detach it now; upper and work stay in use until the last holder is gone.', command: `ovl umount -l ${quoteShell(target)}` },
  ]
  return error.with({ message: title, findings: [finding('umount-busy', { title, evidence, fix })] })
}

const isOfThisNamespace = (receipt: Receipt): boolean => receipt.bootId === bootId() && receipt.mountNamespace === mountNamespaceId()

function isStale(receipt: Receipt, table: MountTable): boolean {
  if (receipt.bootId !== bootId()) return true
  if (receipt.mountNamespace !== mountNamespaceId()) return !isLiveNamespace(receipt.mountNamespace)
  if (receipt.state === 'making' && isLiveProcess(receipt.pid)) return false
  return mountOfReceipt(receipt, table.overlays) === undefined
}

/** Only what lies in the receipt's own directory is ever taken down as a part. */
function mountedParts(receipt: Receipt, table: MountTable): Set<string> {
  const mounted = new Set(table.mounts.map(({ target }) => target))
  return new Set(receipt.parts.map(({ at }) => at).filter((at) => isWithin(at, receipt.directory) && mounted.has(at)))
}
