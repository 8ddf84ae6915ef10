/** The step that mounts the overlay: on record before it can be seen, and undone even when the program that mounted it was ended. */

import { isOvlError } from '../errors/ovl-error.ts'
import type { OverlayParam } from '../overlay/params.ts'
import type { Form } from '../plan/step.ts'
import { descriptorPath } from './held-directory.ts'
import type { HeldDirectory } from './held-directory.ts'
import { holdWithin } from './places.ts'
import type { Places } from './places.ts'
import { readMountAt } from './mount-table.ts'
import { amendReceipt } from './receipts.ts'
import { mountIdOf } from './syscalls/files.ts'
import { takeDown } from './unmount.ts'
import { mountOverlay } from './ways.ts'
import type { OverlayStep, WayTaken } from './ways.ts'

/** A program that was ended may have mounted all the same: that is undone, too. */
export async function mountStep(step: OverlayStep, undoneBy: (undo: () => Promise<void>) => unknown, places: Places, signal: AbortSignal | undefined): Promise<WayTaken> {
  const undo = (): Promise<void> => takeDown(step.target)
  const before = signal === undefined ? undefined : (mountIdOf(step.target) ?? readMountAt(step.target)?.mount.id ?? NO_MOUNT)
  using reached = reachLayers(step, places)
  try {
    const taken = await mountOverlay(reached.step, (device, { via, form }) => amendReceipt(step.receipt, { device, via, form }), signal)
    undoneBy(undo)
    return taken
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted' && before !== undefined && isMountOf(step, before)) undoneBy(undo)
    throw error
  }
}

interface Reached extends Disposable {
  readonly step: OverlayStep
}

/**
 * The step with its target and with layers in directories of somebody else as descriptors, opened through no symlink. Only
 * ways that take descriptors are then open: any other would have the kernel look for the name once more.
 */
function reachLayers(step: OverlayStep, places: Places): Reached {
  const { below = [] } = step
  const open: HeldDirectory[] = []
  const close = (): void => open.forEach((directory) => directory.close())
  const name = (path: string): string => {
    const directory = holdWithin(places, below, path)
    if (directory === undefined) return path
    open.push(directory)
    return descriptorPath(directory)
  }
  try {
    const params = step.params.map((param): OverlayParam => (param.kind === 'layer' ? { ...param, path: name(param.path) } : param))
    const forms: Pick<OverlayStep, 'forms'> = open.length === 0 ? {} : { forms: BY_DESCRIPTOR }
    return { step: { ...step, ...forms, params, target: name(step.target) }, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  }
}

const BY_DESCRIPTOR: readonly Form[] = ['fd', 'proc-fd']

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
