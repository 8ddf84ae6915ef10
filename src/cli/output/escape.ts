/**
 * Names and foreign text for human eyes: nothing that moves the cursor, colours, reverses or hides
 * reaches a terminal. What stands in a table or a sentence can still be told apart and, being shell
 * quoting, be pasted.
 */

import { encodeName } from '../../names/bytes.ts'

/** Controls, formats (bidi, zero width), line and paragraph separators, bytes that are no UTF-8. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu
/** What could be taken for the end of a name, or for an escape. */
const AMBIGUOUS = /[\p{Zs}'"\\]/u

const SHORT: Readonly<Record<string, string>> = { '\n': String.raw`\n`, '\t': String.raw`\t`, '\r': String.raw`\r` }

/** Nearly every name: printing ASCII that is in nobody's way. */
const PLAIN = /^[\w/.:@%+=,~#-]+$/

/** A name as it stands where it can be seen for what it is, else quoted: `'a b'`, `$'a\nb\xff'`. */
export function showName(name: string): string {
  if (PLAIN.test(name)) return name
  if (name.search(UNSEEN) < 0) {
    if (name !== '' && !AMBIGUOUS.test(name)) return name
    if (!name.includes("'")) return `'${name}'`
  }
  return `$'${escapeText(name.replaceAll(/['\\]/g, String.raw`\$&`))}'`
}

/** Prose that may hold names: escaped, not quoted. One line stays one line. */
export function escapeText(text: string): string {
  return text.replaceAll(UNSEEN, escapeCharacter)
}

/** In the forms that bash's `$'…'` reads. */
function escapeCharacter(char: string): string {
  const short = SHORT[char]
  if (short !== undefined) return short
  const code = char.codePointAt(0) as number
  if (code >= 0xdc80 && code <= 0xdcff) return hex('x', (encodeName(char)[0] as number), 2)
  if (code < 0x80) return hex('x', code, 2)
  return code > 0xffff ? hex('U', code, 8) : hex('u', code, 4)
}

const hex = (letter: string, code: number, digits: number): string => `\\${letter}${code.toString(16).padStart(digits, '0')}`
