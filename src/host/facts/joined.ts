/**
 * Longer paths that exist, and that the option text was cut out of at a `:` or `,` which nobody
 * escaped: `lowerdir=/srv/a:b` names `/srv/a` and `b`, and means the directory `a:b`.
 */

import type { JoinedFact } from '../../diagnose/facts.ts'
import { absolutePath } from '../../names/path.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { statName } from '../files.ts'

/** A name with more separators than that was hardly typed by hand. */
const LONGEST = 4

/** Every joining of neighbours that exists. */
export function collectJoined(spec: OverlaySpec, cwd: string): JoinedFact[] {
  return [...colons(spec), ...commas(spec)].filter(({ path }) => typeof statName(absolutePath(path, cwd)) === 'object')
}

function colons({ lower, data }: OverlaySpec): JoinedFact[] {
  const layers = [...lower, ...data].map(({ path }) => path)
  const firstData = lower.length
  return runs(layers).map(({ from, parts }) => ({
    // Between two data-only layers, and before the first of them, there stood two colons.
    path: parts.map((part, at) => (at === 0 ? part : `${from + at >= firstData ? '::' : ':'}${part}`)).join(''),
    parts,
    separator: ':',
  }))
}

function commas({ lower, data, upper, work, unknown }: OverlaySpec): JoinedFact[] {
  const words = unknown.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`))
  const tails = [...words.map((word) => [word]), ...runs(words).map(({ parts }) => parts)]
  const heads = [lower.at(-1)?.path, data.at(-1)?.path, upper, work].filter((path) => path !== undefined)
  return heads.flatMap((head) => tails.map((tail): JoinedFact => ({ path: [head, ...tail].join(','), parts: [head, ...tail], separator: ',' })))
}

/** Every run of two and more neighbours. */
function runs(words: readonly string[]): { from: number; parts: string[] }[] {
  return words.flatMap((_, from) =>
    Array.from({ length: Math.max(0, Math.min(LONGEST, words.length - from) - 1) }, (__, more) => ({ from, parts: words.slice(from, from + more + 2) })),
  )
}
