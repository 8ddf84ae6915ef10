/**
 * A case without names: what may stay is listed (redact-words.ts), everything else becomes a pseudonym, the same
 * everywhere in the case, of the same length where it can be. So equal stays equal, inside stays inside, too long stays
 * too long; and what a name holds of separators, quotes and tildes stays, because it may be the fault. Numbers stay.
 *
 * Which words may stay depends on where they stand:
 *   a path     names that every system has (`/var/lib/docker`)
 *   a field    those, and names and values of options, flags, types and the like
 *   a text     those, and the words of ovl and of the kernel; what is quoted in it is a field, or a path
 */

import { nameBytes } from '../names/bytes.ts'
import type { Case } from './case.ts'
import { COMMON, FIELD_WORDS, OWN_TEXTS, PROPERTIES, TEXT_WORDS } from './redact-words.ts'

export function redactCase(value: Case): Case {
  const taken = new Set<string>()
  visit(value, (text) => {
    for (const [word] of text.matchAll(WORD)) taken.add(word)
    return text
  })
  const names = new Map<string, string>()
  const rename = (name: string): string => {
    const known = names.get(name)
    if (known !== undefined) return known
    const made = pseudonym(names.size + 1, name, taken)
    names.set(name, made)
    return made
  }
  const said = saidNames(value)
  const path = (text: string): string => text.replace(WORD, (word) => (isPlace(word) ? word : rename(word)))
  const field = (text: string): string => (isPath(text) || said.has(text) ? path(text) : text.replace(WORD, (word) => (isKnown(word, FIELD_WORDS) ? word : rename(word))))
  const release = (text: string): string => text.replace(/[^.\-+~]+/g, (part) => (isKnown(part, FIELD_WORDS) ? part : rename(part)))
  const pieces = pieceOf(value)
  const text = (whole: string): string => (OWN_TEXTS.has(whole) ? whole : whole.replace(pieces, (piece, named: string | undefined, quoted: string | undefined) => {
    const inner = named ?? quoted
    if (inner !== undefined) return piece.charAt(0) + (named === undefined && inner.includes('/') ? path(inner) : field(inner)) + piece.charAt(piece.length - 1)
    if (piece.startsWith('/')) return path(piece)
    return isKnown(piece, TEXT_WORDS) ? piece : rename(piece)
  }))
  return visit(value, (said, key) => (isPath(said) || PATHS.has(key) ? path(said) : key === 'kernelRelease' ? release(said) : FIELDS.has(key) ? field(said) : text(said)), field) as Case
}

/** Runs of what is no separator, no quote, and nothing a shell would expand. */
const WORD = /[\p{L}\p{M}\p{N}_.\-+@%\udc80-\udcff]+/gu
/** Of a text: what is quoted, a path, or a word. */
const PIECE = String.raw`(?<![\p{L}\p{N}])['"“‘]([^'"“”‘’\n]*)['"”’](?![\p{L}\p{N}])|\/[^\s'"“”‘’:,;()]+|[\p{L}\p{M}\p{N}_.\-+@%\udc80-\udcff]+`

/** The same, and before all else the names that were said, in quotes, whatever they hold: of the kernel's words they are what is judged. */
function pieceOf({ facts: { paths, spec } }: Case): RegExp {
  const names = [
    ...paths.flatMap(({ path, absolute, culprit }) => [path, absolute, culprit]),
    ...(spec?.unknown ?? []).flatMap(({ key, value }) => [key, `${key}=${value ?? ''}`]),
  ].filter((name) => name !== undefined && name !== '').map((name) => String(name).replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`))
  const longest = [...new Set(names)].sort((a, b) => b.length - a.length)
  return new RegExp(longest.length === 0 ? `()(?!)|${PIECE}` : `['"](${longest.join('|')})['"]|${PIECE}`, 'gu')
}

const isPath = (text: string): boolean => text.startsWith('/')
const isPlace = (word: string): boolean => COMMON.has(word) || /^[.]+$/.test(word)

/** In the list as it is, or all of its parts are; a number, a size, a letter. */
function isKnown(word: string, known: ReadonlySet<string>): boolean {
  return known.has(word.toLowerCase()) || word.split(/[.\-+@%]/).every((part) => part === '' || known.has(part.toLowerCase()) || /^\d+[kmgt]?$/i.test(part) || /^[a-z]$/i.test(part))
}

/**
 * The pseudonym has the bytes of the name, unless that is too short for it to be one, and is no word of the case. What a
 * shell would look at stays as it was: how the name begins (`$1`, `~ä`), whether it could be a user's (`~a+b` is not), and
 * whether it is a variable of Windows (`%HOME%`).
 */
function pseudonym(count: number, name: string, taken: ReadonlySet<string>): string {
  const start = startOf(name)
  const isUser = (text: string): boolean => /^[\w.-]*$/.test(text)
  const mark = isUser(name) || !isUser(start) ? '' : '@'
  for (let letters = start; ; letters += 'n') {
    const made = letters + mark + count.toString(36)
    const filled = made + 'x'.repeat(Math.max(0, nameBytes(name) - nameBytes(made)))
    if (!taken.has(filled)) return filled
  }
}

function startOf(name: string): string {
  const [first = ''] = name
  if (/^%[A-Z_]+%/.test(name)) return '%N%'
  if (/[A-Za-z_]/.test(first)) return 'n'
  if (/\d/.test(first)) return '0n'
  return /[.\-+@%]/.test(first) ? `${first}n` : 'ñ'
}

/** Keys whose values are names of files though they need not begin with a slash. */
const PATHS: ReadonlySet<string> = new Set(['path', 'upper', 'work', 'lower', 'data', 'target', 'culprit', 'absolute', 'parts', 'cwd', 'program', 'link', 'to', 'mountPoint', 'mountsBelow', 'deleted', 'indexJunk'])
/** Keys whose values are names or words of few kinds, and no sentences. */
const FIELDS: ReadonlySet<string> = new Set([
  'source', 'id', 'name', 'type', 'label', 'idmap', 'options', 'flags', 'mountFlags', 'propagation', 'unknown', 'key', 'userspace', 'size', 'tmpfs', 'fsType', 'culpritFsType', 'image', 'kind', 'role', 'errno', 'incompat', 'namespace',
  'moduleParameters', 'securityModules', 'userNamespaceLimits', 'kernelConfig', 'kernelRelease', 'upperProbe', 'device', 'inode', 'superblock', 'ancestry', 'form', 'code', 'severity', 'confidence', 'maker',
])

function saidNames({ facts: { paths, joined, spec } }: Case): Set<string> {
  // What was cut off a path at a comma was taken for an option.
  const cut = (spec?.unknown ?? []).filter(({ key }) => joined.some(({ parts }) => parts.some((part) => part === key || part.startsWith(`${key}=`))))
  return new Set([...paths.map(({ path }) => path), ...joined.flatMap(({ path, parts }) => [path, ...parts]), ...cut.flatMap(({ key, value }) => [key, ...(value === undefined ? [] : [value])])])
}

/** The same value with its strings changed; `key` is the nearest property above. Names of properties are those of a case, or changed by `rekey`. */
function visit(value: unknown, change: (text: string, key: string) => string, rekey: (name: string) => string = (name) => name, key = ''): unknown {
  if (typeof value === 'string') return change(value, key)
  if (Array.isArray(value)) return value.map((item) => visit(item, change, rekey, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => {
    const isRecord = RECORDS.has(key)
    const inner = isRecord || (KNOWN.has(name) && key !== '') ? key : name
    return [!isRecord && PROPERTIES.has(name) ? name : rekey(name), visit(field, change, rekey, inner)]
  }))
}

/** The values are what their property is: of `Known<T>`, and of `unknown: { key, value }[]`. */
const KNOWN: ReadonlySet<string> = new Set(['known', 'value'])
/** Objects whose property names are said by somebody. */
const RECORDS: ReadonlySet<string> = new Set(['options'])
