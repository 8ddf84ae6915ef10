/**
 * Gathers the facts about one overlay, said or mounted, from this system: paths, mounts, live overlays,
 * kernel. It only looks; what the facts mean is for diagnose/ to say. Nothing here needs FFI.
 */

import type { Facts, Known, PathFact, TrialFact } from '../diagnose/facts.ts'
import { absolutePath } from '../names/path.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { collectHolders } from './facts/holders.ts'
import { collectJoined } from './facts/joined.ts'
import { known, look } from './facts/look.ts'
import { readMounts } from './facts/mounts.ts'
import { collectPath, pathsOf } from './facts/path.ts'
import { collectSystem } from './facts/system.ts'
import { collectWork } from './facts/work.ts'

/** What the caller knows already, and no look can tell. */
export interface GivenFacts {
  /** The attempt that failed, or that succeeded and may have been answered with less than was asked. */
  readonly trial?: TrialFact
  /** The overlay as the mount table shows it now. */
  readonly mounted?: Known<OverlayMount>
  /** Whether to look for users of the layers in other mount namespaces too, which takes a look at each process. */
  readonly everywhere?: boolean
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
    holders: collectHolders(mounts, given.everywhere === true),
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
