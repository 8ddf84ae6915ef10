/**
 * A directory of our own, made for a while in a directory that others may write: nobody else can look into it or change
 * what is in it. Whoever may write the directory above can rename it and put something else in its place; it is held
 * open, so that this process and the programs it starts go on in the true one. What a killed process left of them is
 * removed by the next, if it is known for what it is.
 *
 * A file system that keeps no owners (FAT) gives no such protection, and has no symlinks either.
 */

import { rmSync } from 'node:fs'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { draftName, draftProcess, holdBelow, isOurs, listBelow, makeFreshBelow, removeBelow, removeDirectoryBelow, statBelow } from './beneath.ts'
import { entry } from './held-directory.ts'
import type { HeldDirectory } from './held-directory.ts'
import { isLiveProcess } from './system.ts'

/** Calls `use` with a fresh directory in `parent`, which is gone afterwards with all that is left in it. */
export async function inPrivateDirectory<T>(parent: HeldDirectory, use: (directory: HeldDirectory) => Promise<T>): Promise<T> {
  const name = draftName()
  using directory = makeFreshBelow(parent, name)
  try {
    return await use(directory)
  } finally {
    // Nothing is ever mounted in it.
    for (const left of listBelow(directory, '')) rmSync(entry(directory, left), { recursive: true, force: true })
    dropDirectory(parent, name)
  }
}

/** @throws OvlError unsafe-path, where others could change what is in it */
export function requirePrivate(directory: HeldDirectory): void {
  if (isOurs(directory)) return
  throw new OvlError('unsafe-path', `'${directory.path}' is not of this user alone: others could change what is written there`, { hint: 'Name a directory on a file system that keeps owners, which nobody else can write.' })
}

/** Removes what dead processes left in `parent`: directories of our own in which only files of these names lie. */
export function removeRemains(parent: HeldDirectory, known: RegExp): void {
  for (const name of listBelow(parent, '')) {
    const pid = draftProcess(name)
    if (pid === undefined || (pid !== process.pid && isLiveProcess(pid))) continue
    const found = statBelow(parent, name)
    if (typeof found === 'string' || found.kind !== 'directory') continue
    using directory = holdBelow(parent, name)
    const inside = listBelow(directory, '')
    if (!isOurs(directory) || !inside.every((file) => known.test(file) && isFile(directory, file))) continue
    for (const file of inside) removeBelow(directory, file)
    dropDirectory(parent, name)
  }
}

function isFile(directory: HeldDirectory, name: string): boolean {
  const found = statBelow(directory, name)
  return typeof found === 'object' && found.kind === 'file'
}

/** Its name may be somebody else's by now, whose is no matter of ours. */
function dropDirectory(parent: HeldDirectory, name: string): void {
  try {
    removeDirectoryBelow(parent, name)
  } catch (error) {
    if (!isOvlError(error)) throw error
  }
}
