/**
 * Texts of mount(8) and of the C library in other languages, put back into English where they stand, so
 * that every later step knows one language. The phrases are facts of the catalogues, see localised/.
 */

import { errnoWords } from '../../errors/errno.ts'
import { ERRNO_PHRASES } from './localised/errno-phrases.ts'
import { MOUNT_PHRASES } from './localised/mount-phrases.ts'
import { STEMS } from './localised/stems.ts'

interface Phrase {
  readonly english: string
  /** The fixed parts between the names; the longest of them is looked for first. */
  readonly parts: readonly string[]
  readonly anchor: string
}

/** The lines, with each known phrase in English. Whatever comes before or after it stays. */
export function inEnglish(lines: readonly string[]): string[] {
  const whole = lines.join('\n').toLowerCase()
  const present = PHRASES.filter(({ anchor }) => whole.includes(anchor))
  return lines.map((line) => byStems(line, present.reduce(replace, line)))
}

/** What a foreign line of mount(8) means where the catalogues had no sentence for it, added to it. */
function byStems(line: string, english: string): string {
  const head = line.slice(0, 1000)
  if (!/\bu?mount ?:/.test(head) || ENGLISH.test(head) || STEMS.some((row) => english.includes(row.english.slice(0, 16)))) return english
  const found = STEMS.find(({ words }) => words.test(head))
  return found === undefined ? english : `${english} (${found.english})`
}

/** Little words that mount(8) has in every line, and that other languages lack. */
const ENGLISH = /\b(?:the|does|not|failed|wrong|already|unknown|must|only|cannot|is)\b/i

const PLACE = /%(?:\d\$)?[sm]/
/** A name inside a phrase: longer ones are not names but the rest of a hostile line. */
const LONGEST_NAME = 400

function replace(line: string, { english, parts, anchor }: Phrase): string {
  const low = line.toLowerCase()
  if (!low.includes(anchor)) return line
  const [first = '', ...rest] = parts
  const start = first === '' ? nameBefore(line, low.indexOf(rest[0] ?? '')) : low.indexOf(first)
  if (start < 0) return line
  const names: string[] = []
  let at = start + first.length
  for (const part of rest) {
    const next = part === '' ? nameAfter(line, at) : low.indexOf(part, at)
    if (next < 0 || next - at > LONGEST_NAME) return line
    names.push(line.slice(at, next))
    at = next + part.length
  }
  let place = 0
  return line.slice(0, start) + english.replace(/%s/g, () => names[place++] ?? '') + line.slice(at)
}

/** Where a name ends that nothing follows: `overlay` in “dispositivo especial overlay.” */
function nameAfter(line: string, at: number): number {
  const rest = line.slice(at).search(/[\s,;。、]|\.(?:\s|$)/)
  return rest < 0 ? line.length : at + rest
}

/** Where a name begins that stands first: after the last blank or colon before the phrase. */
function nameBefore(line: string, end: number): number {
  const from = line.slice(0, Math.max(end, 0)).trimEnd()
  return from === '' ? end : Math.max(from.lastIndexOf(' '), from.lastIndexOf(':')) + 1
}

function phrase(local: string, english: string): Phrase {
  const parts = local.toLowerCase().replace(/: %m$/, ': ').split(PLACE)
  return { english, parts, anchor: [...parts].sort((a, b) => b.length - a.length)[0]?.trim() ?? '' }
}

const rowsOf = (table: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>): [string, string][] =>
  Object.entries(table).flatMap(([english, languages]) => Object.values(languages).flat().map((local): [string, string] => [local, english]))

/** Short anchors would be found in any text; of those left, longer ones come first, being less likely another’s part. */
const PHRASES: readonly Phrase[] = [
  ...rowsOf(MOUNT_PHRASES).map(([local, english]) => phrase(local, english.replace(/: %m$/, ': '))),
  ...rowsOf(ERRNO_PHRASES).map(([local, errno]) => phrase(local, errnoWords(errno))),
].filter(({ anchor }) => [...anchor].length >= (/[\u0250-\uffff]/.test(anchor) ? 3 : 9)).sort((a, b) => b.anchor.length - a.anchor.length)
