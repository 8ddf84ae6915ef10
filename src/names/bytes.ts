/**
 * File names are bytes; JavaScript strings are not. This file is the one lossless bridge.
 *
 * A name is a string in which every byte that is not part of valid UTF-8 stands as a lone
 * surrogate U+DC80–U+DCFF (the "surrogateescape" form of PEP 383). UTF-8 names therefore look
 * like themselves, every other name survives a round trip, and all separators that matter to
 * overlayfs (`/ : , \`) are ASCII and can be searched for as usual.
 *
 * It does not normalise or judge paths: that is path.ts.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const ESCAPED = /[\udc80-\udcff]/u
const SURROGATE = /[\ud800-\udfff]/u
/** Lone surrogates but those of {@link ESCAPED}. */
const BYTELESS = /[\ud800-\udc7f\udd00-\udfff]/u

/** Bytes of a file name → string. Never fails, never loses a byte. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeMixed(bytes)
  }
}

/**
 * String → bytes of the file name; the inverse of {@link decodeName}.
 * @throws RangeError when the string holds a surrogate that stands for no byte.
 */
export function encodeName(name: string): Buffer {
  if (!SURROGATE.test(name)) return Buffer.from(name)
  const parts: Buffer[] = []
  let plain = ''
  for (const char of name) {
    const code = char.codePointAt(0) as number
    if (code >= 0xdc80 && code <= 0xdcff) {
      parts.push(Buffer.from(plain, 'utf8'), Buffer.of(code - 0xdc00))
      plain = ''
    } else if (code >= 0xd800 && code <= 0xdfff) {
      throw new RangeError(`U+${code.toString(16)} stands for no byte of a file name`)
    } else {
      plain += char
    }
  }
  parts.push(Buffer.from(plain, 'utf8'))
  return Buffer.concat(parts)
}

/** False when {@link encodeName} would throw. */
export function isName(name: string): boolean {
  return !BYTELESS.test(name)
}

/** True when the name is valid UTF-8, so that it can be shown and put into JSON as it is. */
export function isUtf8Name(name: string): boolean {
  return !ESCAPED.test(name)
}

/** Order of names by their bytes, as the C locale has it: glob(7), sort(1), strcmp(3). */
export function compareNames(a: string, b: string): number {
  return SURROGATE.test(a) || SURROGATE.test(b) || /[^\0-\x7f]/.test(a + b) ? Buffer.compare(encodeName(a), encodeName(b)) : a < b ? -1 : a > b ? 1 : 0
}

/** Length in bytes, the unit of every kernel limit. */
export function nameBytes(name: string): number {
  return SURROGATE.test(name) ? encodeName(name).length : Buffer.byteLength(name, 'utf8')
}

/** A name as JSON carries it: exact, and as `{ base64 }` when it is no UTF-8. */
export type JsonName = string | { readonly base64: string }

/** Name → {@link JsonName}. */
export function formatJsonName(name: string): JsonName {
  return isUtf8Name(name) ? name : { base64: encodeName(name).toString('base64') }
}

/** Length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number
  const want = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0
  if (want === 0 || at + want > bytes.length) return 0
  try {
    strict.decode(bytes.subarray(at, at + want))
    return want
  } catch {
    return 0
  }
}

function decodeMixed(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at)
    out += length === 0 ? String.fromCharCode(0xdc00 + (bytes[at] as number)) : strict.decode(bytes.subarray(at, at + length))
    at += length || 1
  }
  return out
}
