/** The step that mounts the overlay: on record before it can be seen, and undone even when the program that mounted it was ended. */

import { isOvlError } from '../errors/ovl-error.ts'
import { readMountAt } from './mount-table.ts'
import { amendReceipt } from './receipts.ts'
import { mountIdOf } from './syscalls/files.ts'
import { takeDown } from './unmount.ts'
import { mountOverlay } from './ways.ts'
import type { OverlayStep, WayTaken } from './ways.ts'

/** A program that was ended may have mounted all the same: that is undone, too. */
export async function mountStep(step: OverlayStep, undoneBy: (undo: () => Promise<void>) => unknown, signal: AbortSignal | undefined): Promise<WayTaken> {
  const undo = (): Promise<void> => takeDown(step.target)
  const before = signal === undefined ? undefined : (mountIdOf(step.target) ?? readMountAt(step.target)?.mount.id ?? NO_MOUNT)
  try {
    const taken = await mountOverlay(step, (device, { via, form }) => amendReceipt(step.receipt, { device, via, form }), signal)
    undoneBy(undo)
    return taken
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted' && before !== undefined && isMountOf(step, before)) undoneBy(undo)
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
