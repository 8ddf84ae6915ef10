/**
 * What one path of a spec is on this system: whether it can be reached, what it is, and where it lies
 * in its file system. A path that cannot be reached is walked to find out where it breaks off (walk.ts).
 */

import { statfsSync } from 'node:fs'
import type { Known, PathFact, PathRole, Place } from '../../diagnose/facts.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { isWithin, parentPath, relativeTo, tidyPath } from '../../names/path.ts'
import type { Mount } from '../../mounts/mountinfo.ts'
import { submounts } from '../../mounts/tree.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { realName, statName } from '../files.ts'
import { readImageState, readImageType } from '../image.ts'
import { nameBuffer } from '../syscalls/check.ts'
import { mountIdOf } from '../syscalls/files.ts'
import { getXattr } from '../syscalls/xattr.ts'
import { known, look } from './look.ts'
import { mountOf } from './mounts.ts'
import type { MountView } from './mounts.ts'
import { stackDepth } from './stack.ts'
import { findCulprit } from './walk.ts'

export interface SaidPath {
  readonly role: PathRole
  readonly index: number
  readonly path: string
  /** Made when missing. */
  readonly made?: true
}

/** The paths of a spec by role, in the order in which the kernel meets them. */
export function pathsOf({ lower, data, upper, work, target, mkdir, workDerived = false }: OverlaySpec): SaidPath[] {
  const one = (role: PathRole, path: string | undefined): SaidPath[] =>
    path === undefined ? [] : [{ role, index: 0, path, ...(mkdir || (role === 'work' && workDerived) ? { made: true } : {}) }]
  return [
    ...lower.map(({ path }, index): SaidPath => ({ role: 'lower', index, path })),
    ...data.map(({ path }, index): SaidPath => ({ role: 'data', index, path })),
    ...one('upper', upper),
    ...one('work', work),
    ...one('target', target),
  ]
}

/** Looks at one path. `mountsBelow` costs a walk of the mount table for each layer, and matters in user namespaces only. */
export function collectPath(said: SaidPath & { readonly absolute: string }, mounts: Known<MountView>, want: { readonly mountsBelow: boolean }): PathFact {
  const found = statName(said.absolute)
  if (typeof found === 'string') return { ...said, errno: found, ...findCulprit(said.absolute, mounts), ...(said.made === true && found === 'ENOENT' ? wouldBe(said.absolute, mounts) : {}) }
  const { kind, dev, ino, uid, mode } = found
  const fact: PathFact = { ...said, kind, device: String(dev), inode: String(ino), uid, mode, ...(kind === 'file' && (said.role === 'lower' || said.role === 'data') ? imageFacts(said.absolute) : {}) }
  const real = look(() => realName(said.absolute))
  if (!mounts.known || !real.known) return fact
  const id = mountIdOf(said.absolute)
  const mount = mountOf(real.value, id, mounts.value)
  if (mount === undefined) return fact
  return {
    ...fact,
    ...mountFacts(mount),
    ancestry: ancestryOf(real.value, mount),
    place: placeIn(real.value, mount),
    stackDepth: look(() => stackDepth(mount, mounts.value)),
    ...(want.mountsBelow && said.role !== 'target' ? { mountsBelow: known(submounts(mounts.value.tree(), real.value).map(({ target }) => target)) } : {}),
    ...(said.role === 'upper' || said.role === 'work' ? { free: freeOf(said.absolute) } : {}),
    ...(said.role === 'upper' ? { userXattrs: hasUserXattrs(real.value) } : {}),
  }
}

function imageFacts(path: string): Pick<PathFact, 'image' | 'imageState'> {
  const image = look(() => readImageType(path))
  if (!image.known || image.value === undefined) return {}
  const { value } = image
  const state = look(() => readImageState(path, value))
  return { image: value, imageState: state.known ? state.value : state }
}

/** What the mount table alone tells of a path: nothing is asked of the file system. */
export function mountFactsOf(said: SaidPath & { readonly absolute: string }, mounts: Known<MountView>): PathFact {
  const mount = mounts.known ? mountOf(said.absolute, undefined, mounts.value) : undefined
  return { ...said, ...(mount === undefined ? {} : mountFacts(mount)) }
}

/** The mount facts of a directory that is about to be made, by those of its nearest parent. */
function wouldBe(absolute: string, mounts: Known<MountView>): Partial<PathFact> {
  let parent = parentPath(absolute)
  while (parent !== '/' && typeof statName(parent) === 'string') parent = parentPath(parent)
  const real = look(() => realName(parent))
  if (!mounts.known || !real.known) return {}
  const mount = mountOf(real.value, mountIdOf(parent), mounts.value)
  return mount === undefined ? {} : { ...mountFacts(mount), place: placeIn(tidyPath(`${real.value}/${relativeTo(absolute, parent)}`), mount) }
}

/** Where a path lies inside its file system. */
export function placeOf(path: string, id: number | undefined, view: MountView): Known<Place> {
  const real = look(() => realName(path))
  if (!real.known) return real
  const mount = mountOf(real.value, id, view)
  return mount === undefined ? { known: false, why: `no mount of the table holds '${path}'` } : placeIn(real.value, mount)
}

function placeIn(real: string, { root, target, device, deleted }: Mount): Known<Place> {
  if (deleted === true || !isWithin(real, target)) return { known: false, why: `'${target}' is hidden or removed` }
  return known({ superblock: device, path: tidyPath(`${root}/${relativeTo(real, target)}`) })
}

function mountFacts({ id, target, fsType, flags, superOptions, optional }: Mount): Partial<PathFact> {
  return {
    mountId: known(id),
    mountPoint: known(target),
    fsType: known(fsType),
    mountReadOnly: known(flags.includes('ro')),
    superReadOnly: known(/^ro(,|$)/.test(superOptions)),
    mountFlags: known(flags),
    unbindable: known(optional.includes('unbindable')),
  }
}

/** `dev:ino` from the directory up to the root of its mount: what the mount stands on is no ancestor to the kernel. */
function ancestryOf(real: string, { target }: Mount): string[] {
  const chain: string[] = []
  for (let path = real; ; path = parentPath(path)) {
    const found = statName(path)
    if (typeof found === 'string') break
    chain.push(`${found.dev}:${found.ino}`)
    if (path === target || path === '/') break
  }
  return chain
}

function freeOf(path: string): NonNullable<PathFact['free']> {
  return look(() => {
    const { bavail, bsize, ffree, files } = statfsSync(nameBuffer(path), { bigint: true })
    return { bytes: String(bavail * bsize), inodes: String(ffree), totalInodes: String(files) }
  })
}

/** Nothing is set: a file system without them says so when one is read, whether it is there or not. */
function hasUserXattrs(path: string): Known<boolean> {
  return look(() => {
    try {
      getXattr(path, 'user.overlay.opaque')
      return true
    } catch (error) {
      if (isOvlError(error) && error.errno === 'EOPNOTSUPP') return false
      throw error
    }
  })
}
