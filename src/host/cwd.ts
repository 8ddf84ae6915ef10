/**
 * The working directory. It may have been removed under this process: then it has no name, and whatever is said relative
 * to it leads nowhere; what is absolute needs none.
 */

import { OvlError } from '../errors/ovl-error.ts'
import { absolutePath } from '../names/path.ts'

/** `path` as seen from here. @throws OvlError cwd-missing, for a relative path */
export function absoluteHere(path: string): string {
  return absolutePath(path, cwdFor([path]))
}

/** The working directory, to which such of these paths as are relative belong. @throws OvlError cwd-missing, when one of them is and there is none */
export function cwdFor(paths: readonly (string | undefined)[]): string {
  const cwd = currentDirectory()
  if (cwd !== undefined) return cwd
  const relative = paths.find((path) => path !== undefined && !path.startsWith('/'))
  if (relative !== undefined) throw new OvlError('cwd-missing', `'${relative}' is relative to the working directory, which was removed`, { errno: 'ENOENT', syscall: 'getcwd', hint: 'Change to a directory that exists, for example by cd /, or say absolute paths.' })
  return '/'
}

/** The working directory for a program that needs none of its own. */
export function cwdOfPrograms(): string {
  return currentDirectory() ?? '/'
}

function currentDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
