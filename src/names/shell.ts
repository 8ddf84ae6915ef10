/** Names as words of a POSIX shell, so that a printed command can be pasted. */

import { encodeName, isUtf8Name } from './bytes.ts'

/** Quotes a name when it needs it; what would be obeyed or not be seen by a terminal and bytes that are no UTF-8 become `$'\ooo'`. */
export function quoteShell(name: string): string {
  if (/^[\w@%+=:,./-]+$/.test(name) && !name.startsWith('-')) return name
  if (isUtf8Name(name) && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) return `'${name.replaceAll("'", String.raw`'\''`)}'`
  const octal = [...encodeName(name)].map((byte) => (byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte)))
  return `$'${octal.join('')}'`
}
