/**
 * The one interpreter of plans. Steps run in order; when one fails, or the caller gives up, those
 * done are undone in reverse and the first error is thrown, with what undoing could not do attached.
 * It knows how to do and to undo each kind of step, and nothing about why.
 */

import { OvlError, isOvlError, syscallError } from '../errors/ovl-error.ts'
import type { Plan, Step } from '../plan/step.ts'
import { copyImage, copyTree } from './copy.ts'
import type { CopyWatch } from './copy.ts'
import { makeDirectory, removeDirectory, removeFile, statName } from './files.ts'
import { linkTree } from './link-tree.ts'
import { makeDisk } from './make-disk.ts'
import { mountStep } from './mount-step.ts'
import { noRoomError } from './no-room.ts'
import { attachBind, attachClone, attachDisk, attachImage, attachTmpfs, attachTree } from './parts.ts'
import { amendReceipt, removeReceipt, writeReceipt } from './receipts.ts'
import { remountFlags } from './remount.ts'
import type { OwnedFd } from './fd.ts'
import { holdPlace, holdWithin, leavePlaces, makePlace, reach, refuseInTheWay, removeMade, rootAt } from './places.ts'
import type { Places } from './places.ts'
import { moveMount, openTree } from './syscalls/mount-api.ts'
import { formatDevice } from './way-fsconfig.ts'
import { relativeTo } from '../names/path.ts'
import { requireOwnDirectory } from './system.ts'
import { takeDown, unmountPatiently } from './unmount.ts'
import type { WayTaken } from './ways.ts'

export interface Executed {
  /** How the overlay of the plan was mounted, if it had one. */
  readonly taken?: WayTaken
  /** Paths that were unmounted and directories that were removed, in order. */
  readonly unmounted: readonly string[]
  readonly removed: readonly string[]
}

export interface ExecuteOptions {
  /** Looked at before each step, and while one copies. Aborting undoes what was done. */
  readonly signal?: AbortSignal | undefined
  /** Hears how far a step that copies has come. */
  readonly progress?: CopyWatch['progress']
}

/** `abandon` is done in its place when something that came later could not be undone. */
type Undo = (() => unknown) & { readonly abandon?: () => void }

/** Runs a plan to its end, or back to its beginning. The returned `undo` reverses a finished plan. */
export async function execute(plan: Plan, { signal, progress }: ExecuteOptions = {}): Promise<Executed & { readonly undo: () => Promise<string[]> }> {
  const done: Undo[] = []
  const log: Log = { unmounted: [], removed: [], taken: undefined, copies: [], places: new Map(), made: new Map() }
  for (const step of plan.steps) {
    try {
      if (signal?.aborted === true) throw new OvlError('interrupted', 'interrupted, and everything done so far was undone')
      await runStep(step, done, log, { signal, progress })
    } catch (error) {
      // Before anything is undone: how much room there is belongs to the reason.
      const reason = stepError(step, error)
      const left = await undoAll(done)
      leavePlaces(log.places)
      throw withUndo(reason, left)
    }
  }
  dropCopies(log)
  leavePlaces(log.places)
  const { taken, unmounted, removed } = log
  return { unmounted, removed, ...(taken === undefined ? {} : { taken }), undo: () => undoAll(done) }
}

/** `copies`: of mounts that may have to be put back. `made`: device and inode of images. */
type Log = { unmounted: string[]; removed: string[]; taken: WayTaken | undefined; copies: OwnedFd[]; readonly places: Places; readonly made: Map<string, string> }

async function runStep(step: Step, done: Undo[], log: Log, watch: CopyWatch): Promise<void> {
  switch (step.do) {
    case 'hold-dir':
      holdPlace(log.places, step.path, step.identity)
      return
    case 'make-dir':
      done.push(...makeStep(step, log.places))
      return
    case 'write-receipt':
      writeReceipt(step.path, step.receipt)
      // What is left is remembered, and nobody's work any more.
      done.push(Object.assign(() => removeReceipt(step.path), { abandon: () => amendReceipt(step.path, { pid: 0 }) }))
      return
    case 'mount-tmpfs':
      attachTmpfs(step.at, step.size, step.flags)
      done.push(() => takeDown(step.at))
      return
    case 'attach-image':
      await attachImage(step.image, step.type, step.at, { slices: step.slices, name: step.name, flags: step.flags, identity: step.identity, watch })
      done.push(() => takeDown(step.at))
      return
    case 'mount-disk':
      await attachDisk(step.disk, step.type, step.at, step.flags, step.identity ?? log.made.get(step.disk))
      done.push(() => takeDown(step.at))
      return
    case 'make-disk': {
      const identity = await makeDisk(step, watch.signal)
      log.made.set(step.path, identity)
      done.push(() => removeMade(step.path, identity))
      return
    }
    case 'copy-image':
      await copyImage(step, watch)
      done.push(() => removeFile(step.to))
      return
    case 'copy-tree':
      // What was copied is whole and belongs to the user's disk: it stays.
      await copyStep(step, log.places, watch.signal)
      return
    case 'link-tree': {
      // With the tmpfs they go; on a disk they are what its live system makes again at each boot.
      using tree = rootAt(log.places, step.within)
      await linkTree(tree, step.from.slice(step.within.length), step.at.slice(step.within.length), watch.signal)
      return
    }
    case 'bind': {
      const { from, at, below = [], readOnly = false } = step
      reach(log.places, below, from, (source) => reach(log.places, below, at, (place) => attachBind(source, place, readOnly)))
      done.push(() => takeDown(at))
      return
    }
    case 'clone-idmapped':
      await attachClone(step.from, step.idmap, step.at, step.image)
      done.push(() => takeDown(step.at))
      return
    case 'mount-overlay': {
      const taken = await mountStep(step, (undo) => done.push(undo), log.places, watch.signal)
      log.taken ??= taken
      if (step.receipt !== undefined) amendReceipt(step.receipt, { via: taken.via, form: taken.form, device: deviceAt(step.target), ...(step.staged === true ? {} : { state: 'mounted' }) })
      return
    }
    case 'attach-tree':
      attachTree(step.from, step.at)
      done.push(() => takeDownTree(step.at, step.inside))
      await takeDownTree(step.from, step.inside)
      amendReceipt(step.receipt, { state: 'mounted' })
      return
    case 'unmount':
      if (step.putBack === true) keepCopy(step.path, done, log)
      if (await unmountStep(step)) log.unmounted.push(step.path)
      // What they stood in is gone: they must not keep busy what it was made of.
      if (step.putBack !== true) dropCopies(log)
      return
    case 'remove-dir':
      if (removeIfEmpty(step.path)) log.removed.push(step.path)
      return
    case 'remove-receipt':
      removeReceipt(step.path)
      return
    case 'remount':
      remountFlags(step.target, step.set, step.clear)
      return
  }
}

function makeStep(step: Extract<Step, { do: 'make-dir' }>, places: Places): Undo[] {
  const { path, mode, within, holds = [], own = false } = step
  if (within !== undefined) {
    const undo = makePlace(places, { ...step, within })
    return undo === undefined ? [] : [undo]
  }
  const isNew = makeDirectory(path, mode)
  if (own) requireOwnDirectory(path)
  return isNew ? [() => [...holds.map((name) => `${path}/${name}`), path].forEach(removeIfEmpty)] : []
}

async function copyStep({ from, tree, to, within }: Extract<Step, { do: 'copy-tree' }>, places: Places, signal: AbortSignal | undefined): Promise<void> {
  using root = rootAt(places, within)
  using source = holdWithin(places, [tree], from)
  if (source === undefined) throw new OvlError('internal', `'${from}' does not lie in '${tree}'`)
  refuseInTheWay(root, to, within)
  await copyTree(source, root, relativeTo(to, within), signal)
}

/** A part that is gone is no failure of taking the rest down; an overlay that is gone is one. */
async function unmountStep({ path, lazy, part }: Extract<Step, { do: 'unmount' }>): Promise<boolean> {
  try {
    await unmountPatiently(path, lazy)
    return true
  } catch (error) {
    if (part === true && isOvlError(error) && (error.code === 'not-mounted' || error.errno === 'ENOENT')) return false
    throw error
  }
}

/** A copy that is attached nowhere, to be put back where the mount itself is gone; kernels before 5.2 have none. */
function keepCopy(path: string, done: Undo[], log: Log): void {
  let copy: OwnedFd
  try {
    copy = openTree(path, { clone: true })
  } catch (error) {
    if (isOvlError(error) && (error.errno === 'ENOSYS' || error.code === 'ffi-unavailable')) return
    throw error
  }
  const before = log.unmounted.length
  log.copies.push(copy)
  done.push(() => {
    if (!log.copies.includes(copy)) return
    if (log.unmounted.length > before) moveMount(copy, path)
    copy.close()
  })
}

function dropCopies(log: Log): void {
  for (const copy of log.copies.splice(0)) copy.close()
}

/** What stands in it first, last come first gone. */
async function takeDownTree(path: string, inside: readonly string[]): Promise<void> {
  for (const place of [...inside.map((name) => `${path}${name}`).reverse(), path]) await takeDown(place)
}

/** A directory that is gone, or that somebody uses by now, is no failure of taking a mount down. */
function removeIfEmpty(path: string): boolean {
  try {
    return removeDirectory(path)
  } catch (error) {
    if (isOvlError(error) && ['ENOENT', 'ENOTEMPTY', 'EBUSY'].includes(error.errno ?? '')) return false
    throw error
  }
}

/** The device of the overlay by its root: for ways that attach and mount in one go it is only known now. */
function deviceAt(target: string): string {
  const root = statName(target)
  if (typeof root === 'string') throw syscallError('stat', root, `cannot look at the new mount '${target}'`)
  return formatDevice(root.dev)
}

/** Undoes in reverse; what could not be undone is returned in words and left for `umount --stale`. */
async function undoAll(done: Undo[]): Promise<string[]> {
  const left: string[] = []
  for (const undo of done.splice(0).reverse()) {
    try {
      await (left.length === 0 ? undo : (undo.abandon ?? undo))()
    } catch (error) {
      left.push(error instanceof Error ? error.message : String(error))
    }
  }
  return left
}

function stepError(step: Step, error: unknown): OvlError {
  if (isOvlError(error)) return noRoomError(step, error.details.step === undefined ? error.with({ step: step.do }) : error)
  return new OvlError('internal', error instanceof Error ? error.message : String(error), { step: step.do, cause: error })
}

function withUndo(error: OvlError, undo: string[]): OvlError {
  return undo.length === 0 ? error : error.with({ undo })
}
