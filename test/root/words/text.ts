/** Random texts for `-o`: mostly well said, often said without the escapes they need, sometimes broken. */

import fc from 'fast-check'
import { escapeLowerForData, escapeUpperForData } from '../../../src/overlay/escape.ts'
import { LOWERS, UPPERS, WORKS } from './directories.ts'

/** `base`: the directory that names may be given in as absolute paths; otherwise they are relative to it. */
export function randomText(base: string): fc.Arbitrary<string> {
  const named = (names: readonly string[], escape: (name: string) => string): fc.Arbitrary<string> =>
    fc.tuple(fc.constantFrom('', '', './', `${base}/`, `${base}//`), fc.constantFrom(...names), fc.constantFrom<(name: string) => string>(escape, escape, escape, escape, escape, escape, plain, odd)).map(([prefix, name, say]) => prefix + say(name))
  const lowers = fc.tuple(fc.array(named(LOWERS, escapeLowerForData), { minLength: 1, maxLength: 4 }), fc.constantFrom(':', ':', ':', ':', ':', ':', ':', ':', '::', ':::')).map(([names, by]) => names.join(by))
  const withData = fc.tuple(lowers, named(LOWERS, escapeLowerForData)).map((pair) => pair.join('::'))
  const lowerdir = fc.oneof({ weight: 4, arbitrary: lowers }, { weight: 1, arbitrary: withData }).map((value) => `lowerdir=${value}`)
  const appended = fc.array(fc.tuple(fc.constantFrom('lowerdir+', 'lowerdir+', 'lowerdir+', 'datadir+'), named(LOWERS, plain)).map((pair) => pair.join('=')), { minLength: 2, maxLength: 4 }).map((words) => words.join(','))
  const upper = fc.tuple(named(UPPERS, escapeUpperForData), named(WORKS, escapeUpperForData)).map(([upper, work]) => [`upperdir=${upper}`, `workdir=${work}`])
  const words = fc.record({
    lower: fc.oneof({ weight: 5, arbitrary: lowerdir }, { weight: 2, arbitrary: appended }),
    upper: fc.option(upper, { nil: [] }),
    more: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.subarray(GOOD, { maxLength: 2 }) }, { weight: 1, arbitrary: fc.subarray(MORE, { maxLength: 2 }) }),
    again: fc.oneof({ weight: 12, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.oneof(lowerdir, appended).map((word) => [word]) }, { weight: 1, arbitrary: upper.map((pair) => pair.slice(0, 1)) }),
  }).chain(({ lower, upper, more, again }) => fc.shuffledSubarray([lower, ...upper, ...more, ...again], { minLength: 1 + upper.length + more.length + again.length }))
  const change = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom('', '', '\\', ':', ',', '=', ' ', '/', '\\\\', ',,'))
  return fc.oneof({ weight: 2, arbitrary: words.map((all) => all.join(',')) }, { weight: 1, arbitrary: fc.tuple(words, change).map(([all, at]) => edit(all.join(','), at)) })
}

const GOOD = ['index=on', 'redirect_dir=on', 'metacopy=off', 'volatile', 'xino=auto', 'userxattr', 'ro', 'rw', 'default_permissions', 'dirsync', 'nfs_export=off', '', 'lowerdir=']
const MORE = [...GOOD, 'redirect_dir=nofollow', 'metacopy=on', 'bogus', 'index', 'index=yes', 'volatile=1', 'nfs_export=on', '=', 'lowerdir', 'upperdir=', 'workdir', 'source=a']

const plain = (name: string): string => name
/** Backslashes where none are needed. */
const odd = (name: string): string => name.replace(/./gs, '\\$&')

/** One place of a text changed. */
function edit(text: string, [place, drop, insert]: readonly [number, number, string]): string {
  const at = place % (text.length + 1)
  return text.slice(0, at) + insert + text.slice(at + drop)
}
