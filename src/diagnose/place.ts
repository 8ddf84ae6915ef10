/**
 * Where directories are, compared as the kernel compares them: by their place in the file system, not
 * by path. A place is known by the mount table (superblock and path inside it) or by inode; either will
 * do, but on an overlay inodes of different directories may be equal, so there only the place counts.
 */

import { pathPrefixes } from '../names/path.ts'
import type { PathFact, Place } from './facts.ts'
import { valueOf } from './suspect.ts'

/** What can be placed: a path of the spec, or a directory that another overlay holds. */
export type Placed = Pick<PathFact, 'device' | 'inode' | 'ancestry' | 'place' | 'fsType'>

/** Keys of the directory itself. Two with a key in common are the same directory. */
export function selfKeys({ device, inode, place, fsType }: Placed): string[] {
  const placed = valueOf(place)
  const byInode = device === undefined || inode === undefined || hasLooseInodes(fsType, placed) ? [] : [`${device}:${inode}`]
  return [...byInode, ...(placed === undefined ? [] : [placeKey(placed.superblock, placed.path)])]
}

/** Keys of every directory above it in the same file system. */
export function ancestorKeys({ ancestry = [], place, fsType }: Placed): string[] {
  const placed = valueOf(place)
  const byInode = hasLooseInodes(fsType, placed) ? [] : ancestry.slice(1)
  const byPlace = placed === undefined ? [] : pathPrefixes(placed.path).slice(0, -1).map((path) => placeKey(placed.superblock, path))
  return [...byInode, ...byPlace.reverse()]
}

export function isSame(a: Placed, b: Placed): boolean {
  const keys = new Set(selfKeys(a))
  return selfKeys(b).some((key) => keys.has(key))
}

/** `inner` lies strictly inside `outer`. */
export function isInside(inner: Placed, outer: Placed): boolean {
  const above = new Set(ancestorKeys(inner))
  return !isSame(inner, outer) && selfKeys(outer).some((key) => above.has(key))
}

/** Facts by each of their own keys. */
export function placeIndex<T extends Placed>(facts: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const index = new Map<string, T[]>()
  for (const fact of facts) for (const key of selfKeys(fact)) index.set(key, [...(index.get(key) ?? []), fact])
  return index
}

const placeKey = (superblock: string, path: string): string => `${superblock} ${path}`

function hasLooseInodes(fsType: Placed['fsType'], place: Place | undefined): boolean {
  return place !== undefined && (valueOf(fsType) ?? '').includes('overlay')
}
