/** How many levels of stacking lie below a mount, as the kernel counts them (s_stack_depth). */

import type { Mount } from '../../mounts/mountinfo.ts'
import { mountIdOf } from '../syscalls/files.ts'
import { mountOf } from './mounts.ts'
import type { MountView } from './mounts.ts'

/** FILESYSTEM_MAX_STACK_DEPTH: what counts as full from the start. */
const FULL: Readonly<Record<string, number>> = { proc: 2, hugetlbfs: 2 }
const DEEPEST = 2

/**
 * 0 for a disk, 1 for an overlay over disks …
 * @throws Error when an overlay’s layers cannot be followed from here
 */
export function stackDepth(mount: Mount, view: MountView, guard: number = 0): number {
  const fixed = FULL[mount.fsType]
  if (fixed !== undefined || mount.fsType !== 'overlay') return fixed ?? 0
  const overlay = view.overlays.find(({ id }) => id === mount.id)
  if (overlay === undefined || overlay.unresolved === true) throw new Error(`the layers of the overlay at '${mount.target}' cannot be followed from here`)
  if (guard > DEEPEST) return DEEPEST
  const layers = [...overlay.lower, ...overlay.data, ...(overlay.upper === undefined ? [] : [overlay.upper])]
  const below = layers.map((path) => {
    const id = mountIdOf(path)
    const found = id === undefined ? undefined : mountOf(path, id, view)
    if (found === undefined || found.id === mount.id) throw new Error(`'${path}', a layer of the overlay at '${mount.target}', cannot be followed from here`)
    return stackDepth(found, view, guard + 1)
  })
  return Math.max(...below, 0) + 1
}
