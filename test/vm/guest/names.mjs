// Hostile names from a seed, as test/support/names.ts has them: fast-check is not in the guest.

import { decodeName, encodeName } from 'ovl'

const PIECES = [':', ',', '\\', '"', '#', ' ', '\t', '\n', '%', '$', '-', '=', "'", '`', '*', '..a', '~', '\u001b[31m', 'ä', '語', '🦀', '\\:', '\\,', '::', '\\054', '(deleted)', 'a', 'b', 'lowerdir=', 'upperdir+']

/** A source of numbers that a seed repeats (mulberry32): `below(n)`, `pick(list)`. */
export function random(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = n => Math.floor(next() * n)
  return { below, pick: list => list[below(list.length)] }
}

/** One component of a path, 1 to 255 bytes, in ovl's form of a name. */
export function hostileName(dice) {
  for (;;) {
    const name = KINDS[dice.below(KINDS.length)](dice)
    const bytes = nameBytes(name)
    if (bytes > 0 && bytes <= 255 && name !== '.' && name !== '..') return name
  }
}

export const nameBytes = name => encodeName(name).length

const list = (length, make) => Array.from({ length }, make)
const pieces = dice => list(1 + dice.below(6), () => dice.pick(PIECES)).join('')
const bytes = dice => decodeName(Buffer.from(list(1 + dice.below(20), () => dice.below(256)).map(byte => (byte === 0 || byte === 0x2f ? 0xff : byte))))
const long = dice => {
  const fill = dice.pick(['x', 'ä', ':', '\\'])
  const start = pieces(dice)
  return start + fill.repeat(Math.max(0, Math.floor((255 - nameBytes(start)) / nameBytes(fill))))
}
const dash = dice => `-${pieces(dice)}`
const deleted = dice => `${pieces(dice)} (deleted)`

/** By weight. */
const KINDS = [pieces, pieces, pieces, pieces, pieces, pieces, bytes, bytes, long, dash, deleted]
