/**
 * What stands in for upper, work and target in a trial mount. Mounting writes into upper and work
 * (work/work, an index, a uuid), so the real ones are never handed to the kernel while it could mount
 * them. In their place stand
 *
 *   fresh      directories in a scratch directory beside the real ones, on the same mount of the same file
 *              system: what the file system, the mount and the rights allow is tried for real. What an index
 *              remembers of upper is carried over (state.ts), other state is judged from facts.
 *   themselves where the kernel is sure to refuse before it writes: missing, no directory, read-only, on an overlay
 *   a tmpfs    where nothing can be made beside them (upper is a mount point, its parent is not ours to write):
 *              lowers, options and rights are tried, and the answer says what was left out
 *
 * The target is the real one, in a mount namespace that nobody else sees; where it would have to be made first,
 * a directory of the trial stands for it.
 */

import type { Facts, PathFact, PathRole } from '../../diagnose/facts.ts'
import { valueOf } from '../../diagnose/suspect.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { parentPath } from '../../names/path.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { holdDirectory, makeDirectoryBelow } from '../beneath.ts'
import { realName, statName } from '../files.ts'
import { makeScratch } from '../scratch.ts'
import type { Scratch } from '../scratch.ts'
import { mountIdOf } from '../syscalls/files.ts'

export interface StandIns {
  readonly spec: OverlaySpec & { readonly target: string }
  /** [stand-in, the name that was said]: to put the kernel’s words and the mount table right. */
  readonly names: readonly (readonly [string, string])[]
  /** Absolute paths of the real upper and work, where others stand in for them. */
  readonly real?: { readonly upper: string; readonly work: string }
  /** A name in a scratch directory beside upper, where its file system can be tried. */
  readonly probe?: string
  /** Scratch directories in which the paths above lie, to be removed afterwards. */
  readonly scratch: readonly Scratch[]
  readonly tried: readonly string[]
  readonly leftOut: readonly string[]
  /** There was no room for so much as a directory. */
  readonly full?: string
}

/** Makes what is needed. `ground` is the trial’s own directory: the child mounts a tmpfs on it. */
export function makeStandIns(spec: OverlaySpec, facts: Facts, ground: string, mark: string): StandIns {
  const target = standForTarget(spec, facts, ground)
  const writable = standForUpper(spec, facts, ground, mark)
  return {
    ...writable,
    // What is to be made has been made, or is not to be made by a trial.
    spec: { ...spec, ...writable.spec, target: target.path, mkdir: false, workDerived: false },
    names: [...writable.names, ...(target.path === spec.target || spec.target === undefined ? [] : [[target.path, spec.target] as const])],
    tried: [...writable.tried, ...target.tried],
  }
}

function standForTarget({ target }: OverlaySpec, facts: Facts, ground: string): { readonly path: string; readonly tried: readonly string[] } {
  const fact = factOf(facts, 'target')
  if (target === undefined || fact === undefined) return { path: `${ground}/m`, tried: ['no target was said: a directory of the trial stood for it'] }
  if (fact.errno !== undefined) return fact.made === true ? { path: `${ground}/m`, tried: [`a directory of the trial stood for the target '${target}', which is yet to be made`] } : { path: fact.absolute, tried: [] }
  try {
    return { path: realName(fact.absolute), tried: [] }
  } catch {
    return { path: fact.absolute, tried: [] }
  }
}

type Writable = Omit<StandIns, 'spec'> & { readonly spec: Pick<OverlaySpec, 'upper' | 'work'> }

const ASIS: Writable = { spec: {}, names: [], scratch: [], tried: [], leftOut: [] }

function standForUpper(spec: OverlaySpec, facts: Facts, ground: string, mark: string): Writable {
  const [upper, work] = [factOf(facts, 'upper'), factOf(facts, 'work')]
  if (spec.upper === undefined || upper === undefined) return ASIS
  if (spec.work === undefined || work === undefined || [upper, work].some(isSureToBeRefused)) return ASIS
  const real = { upper: upper.absolute, work: work.absolute }
  const together = valueOf(upper.mountId) === valueOf(work.mountId) && (upper.device === work.device || upper.device === undefined || work.device === undefined)
  const scratch: Scratch[] = []
  try {
    const first = makeBeside(upper, mark, scratch)
    const second = together ? first : makeBeside(work, `${mark}w`, scratch)
    if ('why' in first || 'why' in second) return onTmpfs(spec, real, ground, scratch, 'why' in first ? first.why : 'why' in second ? second.why : '')
    makeDirectoryBelow(first.directory, 'upper')
    makeDirectoryBelow(second.directory, 'work')
    const paths = { upper: `${first.directory.path}/upper`, work: `${second.directory.path}/work` }
    return {
      spec: paths, real, scratch, leftOut: [], probe: `${first.directory.path}/probe`,
      names: [...namesOf(paths.upper, spec.upper), ...namesOf(paths.work, spec.work)],
      tried: [`fresh directories beside upper stood for '${spec.upper}' and '${spec.work}', so that nothing was written there`],
    }
  } catch (error) {
    const errno = isOvlError(error) ? error.errno : undefined
    if (errno === 'ENOSPC' || errno === 'EDQUOT') return { ...ASIS, scratch, full: errno }
    return onTmpfs(spec, real, ground, scratch, errno === undefined ? String(error) : `nothing can be made beside it (${errno})`)
  }
}

/** Some of the kernel’s words give the last two components only. */
function namesOf(stand: string, said: string): [string, string][] {
  return [[stand, said], [stand.split('/').slice(-2).join('/'), said]]
}

function onTmpfs({ upper = '', work = '' }: OverlaySpec, real: NonNullable<StandIns['real']>, ground: string, scratch: readonly Scratch[], why: string): Writable {
  const paths = { upper: `${ground}/upper`, work: `${ground}/work` }
  return {
    spec: paths, real, scratch,
    names: [[paths.upper, upper], [paths.work, work]],
    tried: ['a private tmpfs stood for upper and work'],
    leftOut: [`the file system of upper '${upper}' was not tried: ${why}`],
  }
}

/** The kernel looks at these before it writes. */
function isSureToBeRefused({ errno, made, kind, fsType, mountReadOnly, superReadOnly }: PathFact): boolean {
  if (errno !== undefined) return made !== true
  return kind !== 'directory' || valueOf(fsType) === 'overlay' || valueOf(mountReadOnly) === true || valueOf(superReadOnly) === true
}

const UNIONS = /overlay|unionfs|aufs/

/** A scratch directory on the very mount that the path lies on; or why there is none. */
function makeBeside(fact: PathFact, mark: string, scratch: Scratch[]): Scratch | { readonly why: string } {
  // What is made there and removed again leaves a whiteout in that overlay’s upper.
  if (UNIONS.test(valueOf(fact.fsType) ?? '')) return { why: 'it lies on an overlay itself' }
  let parent = parentPath(fact.errno === undefined ? realName(fact.absolute) : fact.absolute)
  while (parent !== '/' && statName(parent) === 'ENOENT') parent = parentPath(parent)
  const there = holdDirectory(parent)
  const why = notBeside(fact, `/proc/self/fd/${there.fd}`)
  if (why !== undefined) {
    there.close()
    return { why }
  }
  const own = makeScratch(there, `.ovl-trial-${mark}`)
  scratch.push(own)
  return own
}

/** Why what is made in the directory would not lie where `fact` does. */
function notBeside(fact: PathFact, directory: string): string | undefined {
  const there = statName(directory)
  const mount = valueOf(fact.mountId)
  if (mount !== undefined && mountIdOf(directory) !== mount) return 'it is a mount point, so nothing beside it lies on the same mount'
  return fact.device !== undefined && typeof there === 'object' && String(there.dev) !== fact.device ? 'it is the root of a subvolume' : undefined
}

const factOf = ({ paths }: Facts, role: PathRole): PathFact | undefined => paths.find((fact) => fact.role === role)
