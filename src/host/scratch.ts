/**
 * A scratch directory inside a directory that somebody else may own, where something is tried and nothing stays. It is
 * held open from the moment it is made until it is emptied, so that another one put in its place is neither used nor
 * emptied. Whoever works in it from another process or mount namespace opens it again, and is told when it is not the
 * same any more.
 */

import { chmodSync, fstatSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { holdBelow, holdDirectory, listBelow, makeFreshBelow, removeBelow, removeDirectoryBelow, statBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'

/** What another process is told of it, as JSON. */
export interface ScratchRef {
  /** Absolute. */
  readonly path: string
  /** Device and inode, in decimal. */
  readonly dev: string
  readonly ino: string
}

export interface Scratch {
  readonly ref: ScratchRef
  readonly directory: HeldDirectory
  /** Empties and removes it. It was never a mount point; what lies on another file system is not entered. */
  readonly remove: () => void
}

/** Makes `name` in the directory `parent` holds, for this user alone. The parent is closed with it. @throws OvlError as mkdir(2) fails */
export function makeScratch(parent: HeldDirectory, name: string): Scratch {
  let made: HeldDirectory
  try {
    made = makeFreshBelow(parent, name)
  } catch (error) {
    parent.close()
    throw error
  }
  return {
    ref: refOf(made),
    directory: made,
    remove: () => {
      using _parent = parent
      using directory = made
      empty(directory, fstatSync(directory.fd).dev)
      removeDirectoryBelow(parent, name)
    },
  }
}

/**
 * The same directory, opened anew in the mount namespace of whoever asks.
 * @throws OvlError unsafe-path, when another one has its name now
 */
export function openScratch(ref: ScratchRef): HeldDirectory {
  const directory = holdDirectory(ref.path)
  const { dev, ino } = refOf(directory)
  if (dev === ref.dev && ino === ref.ino) return directory
  directory.close()
  throw new OvlError('unsafe-path', `'${ref.path}' was replaced while ovl worked in it`, { hint: 'Somebody else can write the directory that it lies in, and is at work there.' })
}

function refOf({ path, fd }: HeldDirectory): ScratchRef {
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return { path, dev: String(dev), ino: String(ino) }
}

function empty(directory: HeldDirectory, device: number): void {
  // What the kernel makes in work may be closed to its owner.
  chmodSync(`/proc/self/fd/${directory.fd}`, 0o700)
  for (const name of listBelow(directory, '.')) {
    const found = statBelow(directory, name)
    if (typeof found !== 'object') continue
    if (found.kind !== 'directory') removeBelow(directory, name)
    else {
      using child = holdBelow(directory, name)
      if (fstatSync(child.fd).dev === device) empty(child, device)
      removeDirectoryBelow(directory, name)
    }
  }
}
