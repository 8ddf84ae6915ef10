/**
 * Gathers the facts about one overlay, said or mounted, from this system: paths, mounts, live overlays,
 * kernel. It only looks; what the facts mean is for diagnose/ to say. Nothing here needs FFI.
 */

import type { Facts, HolderFact, Known, PathFact, TrialFact } from '../diagnose/facts.ts'
import { absolutePath } from '../names/path.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { collectJoined } from './facts/joined.ts'
import { known, look } from './facts/look.ts'
import { readMounts } from './facts/mounts.ts'
import type { MountView } from './facts/mounts.ts'
import { collectPath, pathsOf, placeOf } from './facts/path.ts'
import { collectSystem } from './facts/system.ts'
import { collectWork } from './facts/work.ts'
import { mountIdOf } from './syscalls/files.ts'
import { statName } from './files.ts'

/** What the caller knows already, and no look can tell. */
export interface GivenFacts {
  /** The attempt that failed, or that succeeded and may have been answered with less than was asked. */
  readonly trial?: TrialFact
  /** The overlay as the mount table shows it now. */
  readonly mounted?: Known<OverlayMount>
}

/** Everything that the rules may ask about `spec` on this system, now. */
export function collectFacts(spec: OverlaySpec, given: GivenFacts = {}): Facts {
  const mounts = readMounts()
  const cwd = workingDirectory()
  const system = collectSystem(mounts)
  const inUserNamespace = !system.inUserNamespace.known || system.inUserNamespace.value
  const paths = pathsOf(spec).map((said) => collectPath({ ...said, absolute: absolutePath(said.path, cwd) }, mounts, { mountsBelow: inUserNamespace }))
  return {
    version: 1,
    cwd,
    spec,
    paths,
    joined: paths.some(isSuspicious) || spec.unknown.length > 0 ? collectJoined(spec, cwd) : [],
    work: spec.work === undefined ? { known: false, why: 'there is no work directory' } : collectWork(absolutePath(spec.work, cwd)),
    overlays: mounts.known ? known(mounts.value.overlays) : mounts,
    holders: collectHolders(mounts),
    system,
    ...(given.trial === undefined ? {} : { trial: given.trial }),
    ...(given.mounted === undefined ? {} : { mounted: given.mounted }),
  }
}

/** A working directory that was removed has no name; relative paths then lead nowhere. */
function workingDirectory(): string {
  const cwd = look(() => process.cwd())
  return cwd.known ? cwd.value : '/proc/self/cwd'
}

/** A path that was cut short at a separator is mostly missing; the rest of it may be of any kind. */
const isSuspicious = ({ errno, role }: PathFact): boolean => errno !== undefined && role !== 'target'

/** Upper and work of each live overlay. A name that leads nowhere here (another root, a stranger’s directory) holds nothing we could meet. */
function collectHolders(mounts: Known<MountView>): Known<readonly HolderFact[]> {
  return look(() => {
    if (!mounts.known) throw new Error(mounts.why)
    return mounts.value.overlays.flatMap(({ id: mountId, target, upper, work, deleted = [] }) =>
      ([['upper', upper], ['work', work]] as const).flatMap(([role, path]): HolderFact[] => {
        if (path === undefined || !path.startsWith('/') || deleted.includes(path)) return []
        const found = statName(path)
        if (typeof found === 'string') return []
        return [{ mountId, target, role, path, device: String(found.dev), inode: String(found.ino), place: placeOf(path, mountIdOf(path), mounts.value) }]
      }),
    )
  })
}
