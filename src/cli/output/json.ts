/** The JSON envelope: the same six keys for every command, in the same order, on success and on failure. */

import type { Finding } from '../../errors/finding.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import type { OvlError } from '../../errors/ovl-error.ts'
import { formatJsonName } from '../../names/bytes.ts'
import { escapeText } from './escape.ts'

export interface Envelope {
  readonly kind: string
  readonly ok: boolean
  readonly data?: unknown
  readonly warnings?: readonly Finding[]
  readonly error?: unknown
}

/** One line, or indented for reading. */
export function renderEnvelope({ kind, ok, data, warnings = [], error }: Envelope, indent = 0): string {
  const envelope = { schema: 'ovl/1', kind, ok, data: exact(data ?? null), warnings: exact(warnings), error: error === undefined ? null : errorData(error) }
  return `${JSON.stringify(envelope, undefined, indent).replaceAll(UNSEEN, escapeUnits)}\n`
}

/** What JSON lets pass and a terminal would obey: DEL, C1 controls, formats (bidi, zero width), line and paragraph separators. */
const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

/** The same text to whoever reads the JSON. */
function escapeUnits(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
}

/**
 * A value as JSON can carry it: a name that is no UTF-8 as `{ base64 }`, a BigInt as a number while
 * that is exact and else as text. Findings are prose, where such bytes are escaped instead.
 */
export function exact(value: unknown): unknown {
  if (typeof value === 'string') return formatJsonName(value)
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (Array.isArray(value)) return value.map(exact)
  if (typeof value !== 'object' || value === null) return value
  if (isFinding(value)) return prose(value)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [escapeText(key), exact(field)]))
}

/** `error` of the envelope. */
export function errorData(error: unknown): unknown {
  if (!isOvlError(error)) return { code: 'internal', message: error instanceof Error ? escapeText(error.message) : String(error), findings: [] }
  const { errno, syscall, step, kernel, hint, undo } = (error as OvlError).details
  return prose({ code: error.code, message: error.message, errno, syscall, step, kernel, hint, undo, findings: error.findings })
}

function isFinding(value: object): value is Finding {
  return 'code' in value && 'severity' in value && 'title' in value
}

/** Text stays text: only what is no UTF-8 is escaped, the rest is for JSON.stringify. */
function prose(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(/[\udc80-\udcff]/gu, escapeText)
  if (Array.isArray(value)) return value.map(prose)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, prose(field)]))
}
