/**
 * An overlay line in the light of boot: on which mount of the same file each of its paths will lie, and
 * what is known of it there. A path on a mount that is not up now is judged by the line that mounts it,
 * in the form of facts, so that the rules of diagnose can judge the rest.
 */

import type { Facts, PathFact, SystemFact } from '../../diagnose/facts.ts'
import { isWithin, pathPrefixes, relativeTo, tidyPath } from '../../names/path.ts'
import { entriesOf } from '../file.ts'
import type { FstabEntry } from '../file.ts'
import { meantBy, overlayKind, wordsOf } from '../overlay-line.ts'
import type { Meant } from '../overlay-line.ts'
import type { Complaint, LintFacts, LintPath } from './facts.ts'

/** One path of an overlay line at boot. */
export interface BootPath extends Pick<LintPath, 'places' | 'unlisted'> {
  readonly fact: PathFact
  /** Lines whose mount points it lies on, the outermost first. */
  readonly mounts: readonly FstabEntry[]
  /** The last of them is not mounted now: what lies there cannot be seen. */
  readonly pending: boolean
}

/** An overlay line with all that its rules ask for. */
export interface Judged extends Meant {
  readonly facts: LintFacts
  readonly index: FileIndex
  readonly entry: FstabEntry
  readonly paths: readonly BootPath[]
  readonly words: readonly string[]
  /** Mounted at boot without being asked for: neither `noauto` nor an automount. */
  readonly auto: boolean
}

/** What is asked of a file again and again, looked up once. */
export interface FileIndex {
  /** Lines by their mount point, in their order. */
  readonly points: ReadonlyMap<string, readonly FstabEntry[]>
  readonly paths: ReadonlyMap<number, readonly LintPath[]>
  /** Complaints of findmnt, by mount point or `line N`. */
  readonly findmnt: ReadonlyMap<string, readonly Complaint[]>
}

export function indexOf({ parsed, paths, findmnt }: Pick<LintFacts, 'parsed' | 'paths' | 'findmnt'>): FileIndex {
  const group = <K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> => {
    const groups = new Map<K, V[]>()
    for (const value of values) {
      const key = keyOf(value)
      const some = groups.get(key)
      if (some === undefined) groups.set(key, [value])
      else some.push(value)
    }
    return groups
  }
  const mounts = entriesOf(parsed).filter(({ type, target }) => type !== 'swap' && target.startsWith('/'))
  return { points: group(mounts, ({ target }) => tidyPath(target)), paths: group(paths, ({ line }) => line), findmnt: group(findmnt, ({ target }) => (target.startsWith('/') ? tidyPath(target) : target)) }
}

/** The line, or undefined when it is no overlay. */
export function judgedLine(facts: LintFacts, entry: FstabEntry, index: FileIndex): Judged | undefined {
  const kind = overlayKind(entry)
  if (kind === undefined) return undefined
  const words = wordsOf(entry)
  const paths = (index.paths.get(entry.line) ?? []).map((path) => bootPath(path, facts, entry, index))
  return { ...meantBy(entry, kind), facts, entry, index, paths, words, auto: !words.includes('noauto') && !words.includes('x-systemd.automount') }
}

/** Nobody is known to boot it otherwise. */
export const bySystemd = ({ systemd }: LintFacts): boolean => !systemd.known || systemd.value

function bootPath({ fact, places, unlisted, mounted }: LintPath, facts: LintFacts, own: FstabEntry, { points }: FileIndex): BootPath {
  const above = [...new Set(places.flatMap((place) => pathPrefixes(place)))].filter((point) => point !== '/' && point !== tidyPath(own.target)).sort((a, b) => a.length - b.length)
  const mounts = above.flatMap((point) => points.get(point) ?? [])
  const last = mounts.at(-1)
  const base = { places, mounts, ...(unlisted === undefined ? {} : { unlisted }) }
  if (last !== undefined && !mounted.includes(tidyPath(last.target))) return { ...base, pending: true, fact: planned(fact, places, last) }
  return { ...base, pending: false, fact: facts.root !== undefined && last === undefined ? onRoot(fact, places, points) : fact }
}

/** By the line that mounts it: what is there now is hidden then. */
function planned({ role, index, path, absolute }: PathFact, places: readonly string[], mount: FstabEntry): PathFact {
  return { role, index, path, absolute, ...mountedBy(mount, places) }
}

/** In an image, what lies on no other mount lies on that of `/`, whatever is mounted there on the machine that looks at it. */
function onRoot({ role, index, path, absolute, errno, culprit, via, kind, image }: PathFact, places: readonly string[], points: FileIndex['points']): PathFact {
  const root = points.get('/')?.find((entry) => overlayKind(entry) === undefined)
  const seen = { role, index, path, absolute, ...given({ errno, culprit, via, kind, image }) }
  return { ...seen, ...(root === undefined ? { place: { known: true, value: { superblock: 'root', path: places.at(-1) ?? absolute } } } : mountedBy(root, places)) }
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function mountedBy(mount: FstabEntry, places: readonly string[]): Partial<PathFact> {
  const { type, line, target, source } = mount
  const words = wordsOf(mount)
  const point = tidyPath(target)
  const place = places.filter((one) => isWithin(one, point)).at(-1)
  const where = { mountId: { known: true, value: -line }, mountPoint: { known: true, value: point } } as const
  // A bind mount, or one whose type is found out later.
  if (type === 'none' || type === 'auto' || words.includes('bind') || words.includes('rbind')) return where
  const subvolume = words.find((word) => /^subvol(id)?=/.test(word))
  return {
    ...where, fsType: { known: true, value: type }, mountReadOnly: { known: true, value: words.includes('ro') }, superReadOnly: { known: true, value: false },
    ...(place === undefined ? {} : { place: { known: true, value: { superblock: type === 'tmpfs' ? `line ${line}` : source, path: tidyPath(`/${subvolume ?? ''}/${relativeTo(place, point)}`) } } }),
  }
}

const UNSEEN = { known: false, why: 'boot is not now' } as const

/** What the rules of diagnose judge: the line, and its paths as far as they are known. */
export function factsOf({ spec, paths, facts, entry }: Judged): Facts {
  return {
    version: 1, cwd: facts.root ?? '/', spec, paths: paths.map(({ fact }) => fact), joined: facts.joined.filter(({ line }) => line === entry.line).map(({ joined }) => joined),
    work: UNSEEN, overlays: UNSEEN, holders: UNSEEN, system: SYSTEM,
  }
}

const SYSTEM: SystemFact = {
  kernelRelease: '', pageSize: 4096, overlayRegistered: UNSEEN, moduleParameters: UNSEEN, inUserNamespace: UNSEEN, capSysAdmin: UNSEEN, mayMount: UNSEEN, uid: 0,
  mountMax: UNSEEN, mountCount: UNSEEN, securityModules: UNSEEN, userNamespaceLimits: UNSEEN, modulesInstalled: UNSEEN,
}
