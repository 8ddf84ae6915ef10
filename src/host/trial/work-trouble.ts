/** What in a work directory makes the kernel mount read-only without an error: it makes `work` in it anew each time, and gives up when it cannot. */

import { accessSync, constants } from 'node:fs'
import type { WorkTrouble } from '../../diagnose/trial-answer.ts'
import { lstatName, readDirectory } from '../files.ts'
import { nameBuffer } from '../syscalls/check.ts'
import { mountIdOf } from '../syscalls/files.ts'

/** Looks, and changes nothing; undefined when all is well, or when nobody may look. */
export function findWorkTrouble(work: string): WorkTrouble | undefined {
  try {
    // An immutable directory answers EPERM here, to root as well.
    accessSync(nameBuffer(work), constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EPERM' || code === 'EACCES' ? { path: work, errno: code } : undefined
  }
  const inner = `${work}/work`
  const found = lstatName(inner)
  if (typeof found !== 'object' || found.kind !== 'directory') return undefined
  if (mountIdOf(inner) !== mountIdOf(work)) return { path: inner, errno: 'EBUSY' }
  return deepest(inner)
}

/** The kernel empties two levels; `incompat` is a mark of its own. */
function deepest(inner: string): WorkTrouble | undefined {
  try {
    for (const first of directoriesIn(inner).filter((path) => !path.endsWith('/incompat'))) {
      const full = directoriesIn(first).find((path) => readDirectory(path).length > 0)
      if (full !== undefined) return { path: full, errno: 'ENOTEMPTY' }
    }
  } catch {
    // Closed to this user: then the kernel will say.
  }
  return undefined
}

function directoriesIn(path: string): string[] {
  return readDirectory(path).map((name) => `${path}/${name}`).filter((child) => {
    const found = lstatName(child)
    return typeof found === 'object' && found.kind === 'directory'
  })
}
