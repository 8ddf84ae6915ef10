/**
 * The octal escapes of the kernel's tables: `\040` for a space, `\134` for a backslash … Only ASCII is
 * ever written so; everything else stands in the table as the bytes it is. The backslash escapes of
 * overlayfs itself are another matter, see layer-names.ts.
 */

/** Undoes the escapes. What is no escape of a table (`\12`, `\x`, `\222`) stays as it stands. */
export function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\([01][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
