/** Hostile names for random trees: every byte that is special to overlayfs, libmount, mountinfo, a shell or a terminal. */

import fc from 'fast-check'
import { decodeName, nameBytes } from '../../src/names/bytes.ts'

const PIECES = [':', ',', '\\', '"', '#', ' ', '\t', '\n', '%', '$', '-', '=', "'", '`', '*', '..a', '~', '\u001b[31m', 'ä', '語', '🦀', '\\:', '\\,', '::', '\\054', '(deleted)', 'a', 'b', 'lowerdir=', 'upperdir+']

/** One component of a path, 1 to 255 bytes. */
export function hostileName(): fc.Arbitrary<string> {
  const pieces = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((raw) => decodeName(raw.map((byte) => (byte === 0 || byte === 0x2f ? 0xff : byte))))
  const long = fc.tuple(pieces, fc.constantFrom('x', 'ä', ':', '\\')).map(([start, fill]) => fillTo(start, fill, 255))
  const dash = pieces.map((name) => `-${name}`)
  const deleted = pieces.map((name) => `${name} (deleted)`)
  return fc.oneof({ weight: 6, arbitrary: pieces }, { weight: 2, arbitrary: bytes }, { weight: 1, arbitrary: long }, { weight: 1, arbitrary: dash }, { weight: 1, arbitrary: deleted })
    .filter((name) => name !== '.' && name !== '..' && nameBytes(name) <= 255 && nameBytes(name) > 0)
}

function fillTo(start: string, fill: string, length: number): string {
  let name = start
  while (nameBytes(name + fill) <= length) name += fill
  return name
}
