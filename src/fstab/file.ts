/**
 * A whole fstab, line by line, as libmount parses it (mount(8), findmnt(8)): entries, comments, blank
 * lines and the lines it drops with "parse error". Nothing is lost: {@link formatFile} gives back the
 * very bytes. The text is a name in the form of names/bytes.ts, so that any bytes survive.
 * What the options of an entry mean, and to whom, is for readers.ts.
 */

import { decodeName, encodeName } from '../names/bytes.ts'

interface Line {
  /** Counted from 1. */
  readonly line: number
  /** The line as it stands, without its end. */
  readonly raw: string
  /** What ends it: `''` where the last line has no newline. */
  readonly end: '\n' | '\r\n' | ''
}

export interface FstabEntry extends Line {
  readonly kind: 'entry'
  /** The first four fields as they stand in the file; no options at all are `''`. */
  readonly fields: { readonly source: string; readonly target: string; readonly type: string; readonly options: string }
  /** The same fields with every octal escape undone, as libmount has them. */
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: string
  /** The fifth and sixth field; 0 when absent. */
  readonly dump: number
  readonly passno: number
}

export interface FstabRemark extends Line {
  readonly kind: 'comment' | 'blank'
}

/** A line that libmount reports as a parse error and ignores. */
export interface FstabMalformed extends Line {
  readonly kind: 'malformed'
  readonly why: string
}

export type FstabLine = FstabEntry | FstabRemark | FstabMalformed

export interface FstabFile {
  readonly lines: readonly FstabLine[]
}

/** Text of an fstab → its lines. Never throws: what makes no sense is a malformed line. */
export function parseFstab(text: string): FstabFile {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  return { lines: lines.map((line, at) => parseLine(line, at + 1)) }
}

/** The inverse of {@link parseFstab}, byte for byte. */
export function formatFile({ lines }: FstabFile): string {
  return lines.map(({ raw, end }) => raw + end).join('')
}

/** The entries alone, in their order. */
export function entriesOf({ lines }: FstabFile): FstabEntry[] {
  return lines.filter((line) => line.kind === 'entry')
}

/** Undoes octal escapes as libmount does: all of them, bytes above ASCII too; a NUL ends the field. */
export function unmangle(field: string): string {
  if (!field.includes('\\')) return field
  const bytes = encodeName(field).toString('latin1').replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8) & 0xff))
  return decodeName(Buffer.from(bytes.split('\0', 1)[0] ?? '', 'latin1'))
}

/** 500 lowers may be said one by one, and some options besides. */
const MOST_OPTIONS = 1200

function withoutBlanks(text: string): string {
  let end = text.length
  while (end > 0 && ' \t'.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

function parseLine(whole: string, line: number): FstabLine {
  const end = /\r?\n$/.exec(whole)?.[0] as '\n' | '\r\n' | undefined
  const raw = end === undefined ? whole : whole.slice(0, -end.length)
  const at: Line = { line, raw, end: end ?? '' }
  // What follows a NUL is not seen by a program in C.
  const seen = (raw.split('\0', 1)[0] as string).replace(/^[ \t]+/, '')
  if (seen === '') return { ...at, kind: 'blank' }
  if (seen.startsWith('#')) return { ...at, kind: 'comment' }
  const [source = '', target = '', type = '', options = '', ...numbers] = withoutBlanks(seen).split(/[ \t]+/)
  const missing = target === '' ? 'mount point' : type === '' ? 'type' : undefined
  if (missing !== undefined) return { ...at, kind: 'malformed', why: `the ${missing} is missing` }
  const { length } = options.split(',')
  if (length > MOST_OPTIONS) return { ...at, kind: 'malformed', why: `it has ${length} options, and no mount takes more than ${MOST_OPTIONS}` }
  const bad = numbers.slice(0, 2).findIndex((number) => !/^[+-]?\d+$/.test(number))
  if (bad >= 0) return { ...at, kind: 'malformed', why: `the ${['fifth', 'sixth'][bad]} field is no number: '${numbers[bad]}'` }
  const [dump, passno] = numbers.map(Number)
  return {
    ...at, kind: 'entry', fields: { source, target, type, options },
    source: unmangle(source), target: unmangle(target), type: unmangle(type), options: unmangle(options), dump: dump ?? 0, passno: passno ?? 0,
  }
}
