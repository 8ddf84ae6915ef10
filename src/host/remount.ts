/** What can change on a live overlay: the flags of the mount, and whether its superblock is read-only. */

import { isOvlError } from '../errors/ovl-error.ts'
import type { MountFlag } from '../overlay/spec.ts'
import { fsPick, fsReconfigure, fsSetFlag, readContextLog, setMountAttributes } from './syscalls/mount-api.ts'

/** Sets and clears flags. The superblock goes first: it may refuse (EROFS), the mount does not. */
export function remountFlags(target: string, set: readonly MountFlag[], clear: readonly MountFlag[]): void {
  const readOnly = set.includes('ro') ? 'ro' : clear.includes('ro') ? 'rw' : undefined
  if (readOnly === 'rw') reconfigure(target, 'rw')
  setMountAttributes(target, { set, clear })
  if (readOnly === 'ro') reconfigure(target, 'ro')
}

function reconfigure(target: string, word: 'ro' | 'rw'): void {
  using context = fsPick(target)
  try {
    fsSetFlag(context, word)
    fsReconfigure(context)
  } catch (error) {
    throw isOvlError(error) ? error.with({ kernel: readContextLog(context).map(({ text }) => text) }) : error
  }
}
