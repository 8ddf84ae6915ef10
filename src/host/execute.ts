/**
 * The one interpreter of plans. Steps run in order; when one fails, or the caller gives up, those
 * done are undone in reverse and the first error is thrown, with what undoing could not do attached.
 * It knows how to do and to undo each kind of step, and nothing about why.
 */

import { OvlError, isOvlError, syscallError } from '../errors/ovl-error.ts'
import type { Plan, Receipt, Step } from '../plan/step.ts'
import { makeDirectory, removeDirectory, statName } from './files.ts'
import { readMountAt } from './mount-table.ts'
import { attachClone, attachImage, attachTmpfs } from './parts.ts'
import { noRoomError } from './no-room.ts'
import { readReceipt, removeReceipt, writeReceipt } from './receipts.ts'
import { remountFlags } from './remount.ts'
import { formatDevice } from './way-fsconfig.ts'
import { unmountPatiently } from './unmount.ts'
import { mountIdOf } from './syscalls/files.ts'
import { mountOverlay } from './ways.ts'
import type { OverlayStep, WayTaken } from './ways.ts'

export interface Executed {
  /** How the overlay of the plan was mounted, if it had one. */
  readonly taken?: WayTaken
  /** Paths that were unmounted and directories that were removed, in order. */
  readonly unmounted: readonly string[]
  readonly removed: readonly string[]
}

export interface ExecuteOptions {
  /** Looked at before each step. Aborting undoes what was done. */
  readonly signal?: AbortSignal | undefined
}

/** `abandon` is done in its place when something that came later could not be undone. */
type Undo = (() => unknown) & { readonly abandon?: () => void }

/** Runs a plan to its end, or back to its beginning. The returned `undo` reverses a finished plan. */
export async function execute(plan: Plan, { signal }: ExecuteOptions = {}): Promise<Executed & { readonly undo: () => Promise<string[]> }> {
  const done: Undo[] = []
  const log = { unmounted: [] as string[], removed: [] as string[], taken: undefined as WayTaken | undefined }
  for (const step of plan.steps) {
    try {
      if (signal?.aborted === true) throw new OvlError('interrupted', 'interrupted, and everything done so far was undone')
      await runStep(step, done, log, signal)
    } catch (error) {
      throw withUndo(stepError(step, error), await undoAll(done))
    }
  }
  const { taken, ...rest } = log
  return { ...rest, ...(taken === undefined ? {} : { taken }), undo: () => undoAll(done) }
}

type Log = { unmounted: string[]; removed: string[]; taken: WayTaken | undefined }

async function runStep(step: Step, done: Undo[], log: Log, signal: AbortSignal | undefined): Promise<void> {
  switch (step.do) {
    case 'make-dir':
      if (makeDirectory(step.path, step.mode)) done.push(() => [...(step.holds ?? []).map((name) => `${step.path}/${name}`), step.path].forEach(removeIfEmpty))
      return
    case 'write-receipt':
      writeReceipt(step.path, step.receipt)
      // What is left is remembered, and nobody's work any more.
      done.push(Object.assign(() => removeReceipt(step.path), { abandon: () => amendReceipt(step.path, { pid: 0 }) }))
      return
    case 'mount-tmpfs':
      attachTmpfs(step.at, step.size)
      done.push(() => unmountPatiently(step.at, false))
      return
    case 'attach-image':
      attachImage(step.image, step.type, step.at)
      done.push(() => unmountPatiently(step.at, false))
      return
    case 'clone-idmapped':
      await attachClone(step.from, step.idmap, step.at, step.image)
      done.push(() => unmountPatiently(step.at, false))
      return
    case 'mount-overlay':
      log.taken = await mountStep(step, done, signal)
      if (step.receipt !== undefined) amendReceipt(step.receipt, { via: log.taken.via, form: log.taken.form, device: deviceAt(step.target), state: 'mounted' })
      return
    case 'unmount':
      if (await unmountStep(step)) log.unmounted.push(step.path)
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

/** A program that was ended may have mounted all the same: that is undone, too. */
async function mountStep(step: OverlayStep, done: Undo[], signal: AbortSignal | undefined): Promise<WayTaken> {
  const undo = (): Promise<void> => unmountPatiently(step.target, false)
  const before = signal === undefined ? undefined : (mountIdOf(step.target) ?? readMountAt(step.target)?.mount.id ?? NO_MOUNT)
  try {
    const taken = await mountOverlay(step, (device, { via, form }) => amendReceipt(step.receipt, { device, via, form }), signal)
    done.push(undo)
    return taken
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted' && before !== undefined && isMountOf(step, before)) done.push(undo)
    throw error
  }
}

const NO_MOUNT = -1

/** Something with the layers of the step is mounted at its target, which was on the mount `before`. */
function isMountOf({ target, params }: OverlayStep, before: number): boolean {
  const found = readMountAt(target)
  if (found?.overlay === undefined || found.mount.id === before) return false
  const { lower, upper, unresolved } = found.overlay
  if (unresolved === true) return true
  const said = (role: string): string[] => params.flatMap((param) => (param.kind === 'layer' && param.role === role ? [param.path] : []))
  return [...said('lower'), ...said('upper')].join('\0') === [...lower, ...(upper === undefined ? [] : [upper])].join('\0')
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

/**
 * The device is on record before the mount can be seen, so that a receipt whose writer died in between still finds its
 * mount. `mounted` is said only when it can be: until then a receipt without a mount is somebody's work in hand.
 */
function amendReceipt(path: string | undefined, known: Partial<Receipt>): void {
  const receipt = path === undefined ? undefined : readReceipt(path)
  if (path !== undefined && receipt !== undefined) writeReceipt(path, { ...receipt, ...known })
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
