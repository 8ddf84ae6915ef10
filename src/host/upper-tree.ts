/**
 * A tree that somebody else can change while a program of ours goes through it by names: the upper directory on a user's
 * disk, the place that is copied to it. The program gets a detached view of it in which the kernel follows no symlink
 * (nosymfollow, Linux 5.14), so that a directory that becomes a link under its feet leads it nowhere.
 */

import { isOvlError } from '../errors/ovl-error.ts'
import { isWithin, parentPath, relativeTo } from '../names/path.ts'
import type { LiveRecord } from '../plan/step.ts'
import { holdBelow, holdDirectory, holdReal } from './beneath.ts'
import { descriptorPath } from './held-directory.ts'
import type { HeldDirectory } from './held-directory.ts'
import type { OwnedFd } from './fd.ts'
import { openTree, setMountAttributes } from './syscalls/mount-api.ts'

/** Calls `use` with a path of the upper directory of a live system, for a program to read all of it. @throws OvlError unsafe-path */
export async function withUpper<T>({ upper, persist }: { readonly upper: string; readonly persist?: LiveRecord['persist'] }, use: (path: string) => Promise<T>): Promise<T> {
  const root = persist !== undefined && isWithin(upper, persist.at) ? persist.at : parentPath(upper)
  // All else stands in a directory of our own.
  using top = persist?.what === 'directory' && root === persist.at ? holdReal(root) : holdDirectory(root)
  using directory = holdBelow(top, relativeTo(upper, root))
  return await withoutLinks(directory, use)
}

/** Calls `use` with a path of the directory, and of what is mounted in it, for programs that this process starts. */
export async function withoutLinks<T>(directory: HeldDirectory, use: (path: string) => Promise<T>): Promise<T> {
  using view = linkless(directory)
  return await use(descriptorPath(view ?? directory, '.'))
}

/** Undefined where the kernel cannot, or this user may not. */
function linkless(directory: HeldDirectory): OwnedFd | undefined {
  let view: OwnedFd | undefined
  try {
    view = openTree(descriptorPath(directory), { clone: true, recursive: true })
    setMountAttributes(view, { set: ['ro', 'nosymfollow'], recursive: true })
    return view
  } catch (error) {
    view?.close()
    if (isOvlError(error) && (error.code === 'ffi-unavailable' || ['ENOSYS', 'EINVAL', 'EPERM'].includes(error.errno ?? ''))) return undefined
    throw error
  }
}
