/**
 * Where the steps of a plan find what lies in directories that somebody else may change: below a directory that is held
 * until the plan is done, or, of trees that stand in a directory of ours, below one that is held for the step. Directories
 * are made there, and given to the kernel by descriptor.
 */

import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { baseName, isWithin, parentPath, pathPrefixes, relativeTo } from '../names/path.ts'
import type { Step } from '../plan/step.ts'
import { holdBelow, holdDirectory, holdReal, makeDirectoryBelow, removeBelow, removeDirectoryBelow, statBelow } from './beneath.ts'
import { descriptorPath } from './held-directory.ts'
import type { Owner } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { identityOf } from './files.ts'

/** Directories that are held, by their path. */
export type Places = Map<string, HeldDirectory>

/** Holds a directory until {@link leavePlaces}. @throws OvlError unsafe-path, when it is not the one that was looked at */
export function holdPlace(places: Places, path: string, identity: string | undefined): void {
  const directory = holdReal(path)
  places.set(path, directory)
  if (identity !== undefined && identityOf(statBelow(directory, '')) !== identity) throw replaced(path)
}

export function leavePlaces(places: Places): void {
  for (const directory of places.values()) directory.close()
  places.clear()
}

/** The directory that a step names as the root of others. */
export function rootAt(places: Places, path: string): HeldDirectory {
  const held = places.get(path)
  return held === undefined ? holdDirectory(path) : holdBelow(held, '')
}

/** Calls `use` with a path by which the kernel comes to the directory that is at `path` now, if that lies in one of `below`; else with `path` itself. */
export function reach<T>(places: Places, below: readonly string[], path: string, use: (path: string) => T): T {
  using directory = holdWithin(places, below, path)
  return use(directory === undefined ? path : descriptorPath(directory))
}

/** The directory at `path`, if that lies in one of `below`. @throws OvlError unsafe-path */
export function holdWithin(places: Places, below: readonly string[], path: string): HeldDirectory | undefined {
  const root = below.filter((one) => isWithin(path, one)).toSorted((a, b) => b.length - a.length)[0]
  if (root === undefined) return undefined
  using top = rootAt(places, root)
  return holdBelow(top, relativeTo(path, root))
}

/** Makes a directory in a tree of somebody else. What undoes it, if there was none. @throws OvlError persistence-unusable, unsafe-path */
export function makePlace(places: Places, { path, mode, within, like, owner, holds = [] }: Extract<Step, { do: 'make-dir' }> & { readonly within: string }): (() => void) | undefined {
  using root = rootAt(places, within)
  refuseInTheWay(root, path, within)
  const at = relativeTo(path, within)
  if (!makeDirectoryBelow(root, at, mode, like === undefined ? owner === undefined ? undefined : { uid: owner, gid: owner, mode } : ownerOf(places, like))) return undefined
  const identity = identityOf(statBelow(root, ''))
  return () => unlessGone(() => {
    using again = rootAt(places, within)
    if (identityOf(statBelow(again, '')) === identity) for (const one of [...holds.map((name) => `${at}/${name}`), at]) unlessGone(() => removeDirectoryBelow(again, one))
  })
}

/** Takes away a file that was made, if it is still there. */
export function removeMade(path: string, identity: string): void {
  unlessGone(() => {
    using directory = holdReal(parentPath(path))
    const name = baseName(path)
    if (identityOf(statBelow(directory, name)) === identity) removeBelow(directory, name)
  })
}

/** Refuses what is no directory where one is to be, and a symlink on the way: live-boot deletes it. */
export function refuseInTheWay(root: HeldDirectory, path: string, within: string): void {
  for (const prefix of pathPrefixes(path)) {
    const found = prefix.length > within.length && isWithin(prefix, within) ? statBelow(root, relativeTo(prefix, within)) : undefined
    if (typeof found !== 'object' || found.kind === 'directory') continue
    if (found.kind === 'symlink') throw new OvlError('persistence-unusable', `'${prefix}' is a symlink, and could lead out of '${within}'`, { hint: 'Name the directory that it leads to.' })
    if (prefix === path) throw new OvlError('persistence-unusable', `'${path.slice(within.length)}' is a ${found.kind}, and persistence.conf asks for a directory there`, { hint: 'Keep the directory that it lies in, or remove it: live-boot would delete it.' })
  }
}

function ownerOf(places: Places, { path, within }: { readonly path: string; readonly within: string }): Owner {
  using directory = holdWithin(places, [within], path)
  const found = directory === undefined ? 'ENOENT' : statBelow(directory, '')
  if (typeof found === 'string') throw new OvlError('internal', `'${path}' does not lie in '${within}'`)
  return found
}

/** What is gone, or what somebody uses by now or has put something else in the place of, is not to be undone. */
function unlessGone(undo: () => void): void {
  try {
    undo()
  } catch (error) {
    if (!isOvlError(error) || (error.code !== 'unsafe-path' && !['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EBUSY'].includes(error.errno ?? ''))) throw error
  }
}

function replaced(path: string): OvlError {
  return new OvlError('unsafe-path', `something else was put in place of '${path}' while ovl was at work`, { hint: `Somebody else can write '${parentPath(path)}' and is at work there.` })
}
