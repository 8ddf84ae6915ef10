/** A random stack, as data: hostile paths that neither repeat nor contain each other, and options that need nothing of the system. */

import fc from 'fast-check'
import { nameBytes } from '../../../src/names/bytes.ts'
import { pathPrefixes } from '../../../src/names/path.ts'
import { OPTION_TABLE } from '../../../src/overlay/options.ts'
import type { OptionName } from '../../../src/overlay/options.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { MountFlag, OverlaySpec } from '../../../src/overlay/spec.ts'
import { validate } from '../../../src/overlay/validate.ts'
import { hostileName } from '../../support/names.ts'

/** Paths are relative to the directory that the stack will be built in, and begin with a slash. */
export interface Stack {
  /** Topmost first. */
  readonly lower: readonly string[]
  readonly data: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly target: string
  readonly source: string
  readonly options: OverlaySpec['options']
  readonly flags: readonly MountFlag[]
}

/** Stacks with a number of lower layers out of `layers`; half of them have short names. */
export function randomStack(layers: fc.Arbitrary<number>, names: fc.Arbitrary<string> = hostileName()): fc.Arbitrary<Stack> {
  return fc.tuple(layers, fc.nat({ max: 3 }), fc.boolean()).chain(([count, dataCount, long]) => {
    const name = long ? names : names.filter((name) => nameBytes(name) <= 24)
    const path = fc.array(name, { minLength: 1, maxLength: long ? 4 : 2, size: 'max' })
    const paths = (length: number): fc.Arbitrary<string[][]> => fc.array(path, { minLength: length, maxLength: length, size: 'max' })
    return fc.record({
      paths: paths(count + 6),
      isWritable: fc.boolean(),
      // Three of four stacks have none.
      dataCount: fc.constantFrom(0, 0, 0, dataCount),
      source: name,
      options: fc.subarray(OPTIONS, { maxLength: 5 }),
      flags: fc.subarray([...FLAGS], { maxLength: 3 }),
      atime: fc.constantFrom<MountFlag | undefined>(undefined, undefined, 'noatime', 'relatime', 'strictatime'),
    }).map((drawn) => stackOf(drawn, count))
  })
}

interface Drawn {
  readonly paths: readonly string[][]
  readonly isWritable: boolean
  readonly dataCount: number
  readonly source: string
  readonly options: readonly (readonly [OptionName, string | true])[]
  readonly flags: readonly MountFlag[]
  readonly atime: MountFlag | undefined
}

const FLAGS: readonly MountFlag[] = ['ro', 'nosuid', 'nodev', 'noexec', 'nodiratime', 'nosymfollow', 'sync', 'dirsync', 'lazytime']

/** Those every kernel since 5.11 has, with all their values. */
const NAMES: readonly OptionName[] = ['default_permissions', 'redirect_dir', 'index', 'nfs_export', 'xino', 'metacopy', 'volatile', 'userxattr']
const OPTIONS = OPTION_TABLE.filter(({ name }) => NAMES.includes(name)).flatMap((row): (readonly [OptionName, string | true])[] => ('values' in row ? row.values.map((value) => [row.name, value]) : [[row.name, true]]))

function stackOf({ paths, isWritable, dataCount, source, options, flags, atime }: Drawn, count: number): Stack {
  const placed = separate(paths)
  const [target, upper, work] = placed as [string, string, string]
  const lower = placed.slice(6, 6 + count)
  const data = placed.slice(3, 3 + dataCount)
  const writable = isWritable || (count === 1 && data.length === 0) ? { upper, work } : {}
  const said: OverlaySpec = { ...EMPTY_SPEC, lower: lower.map((path) => ({ path })), data: data.map((path) => ({ path })), ...writable }
  // Before Linux 6.16 data-only layers are to be had with metacopy alone.
  const wanted = data.length > 0 ? [['metacopy', 'on'] as const, ...options] : options
  return { lower, data, ...writable, target, source, options: agreeing(said, wanted), flags: atime === undefined ? flags : [...flags, atime] }
}

/** Leaves out what would repeat an option or conflict with one before it. */
function agreeing(said: OverlaySpec, wanted: Drawn['options']): OverlaySpec['options'] {
  let options: OverlaySpec['options'] = {}
  for (const [name, value] of wanted) {
    const more = { ...options, [name]: value }
    if (name in options || validate({ ...said, options: more }).some(({ severity }) => severity === 'error')) continue
    options = more
  }
  return options
}

/** Joins the names of each path; one that is, holds or lies in another is put into a directory of its own. */
function separate(paths: readonly string[][]): string[] {
  const ends = new Set<string>()
  const ways = new Set<string>()
  const isFree = (path: string): boolean => !ends.has(path) && !ways.has(path) && !pathPrefixes(path).some((prefix) => ends.has(prefix))
  return paths.map((names, index) => {
    let path = `/${names.join('/')}`
    while (!isFree(path)) path = `/${index}${path}`
    ends.add(path)
    for (const prefix of pathPrefixes(path)) ways.add(prefix)
    return path
  })
}
