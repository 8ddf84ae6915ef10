/** parseFstab against what findmnt 2.38 was seen to make of the same lines. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entriesOf, formatFile, parseFstab } from '../../../src/fstab/file.ts'
import type { FstabLine } from '../../../src/fstab/file.ts'
import { decodeName } from '../../../src/names/bytes.ts'
import { runs } from '../../support/seed.ts'

const one = (text: string): FstabLine => parseFstab(text).lines[0] as FstabLine

describe('entries', () => {
  const rows: readonly (readonly [string, object])[] = [
    ['a /m overlay', { source: 'a', target: '/m', type: 'overlay', options: '', dump: 0, passno: 0 }],
    ['\ta\t/m  overlay\tro -1 2  ', { options: 'ro', dump: -1, passno: 2 }],
    ['a /m overlay ro 0 0 #c', { options: 'ro', passno: 0 }],
    ['a /m overlay ro\r\n', { options: 'ro', end: '\r\n', raw: 'a /m overlay ro' }],
    ['a /m overlay =x 0 0', { options: '=x' }],
    [String.raw`a /m\040b\303\244 overlay lowerdir=/x\054y 0 0`, { target: '/m bä', options: 'lowerdir=/x,y', fields: { source: 'a', target: String.raw`/m\040b\303\244`, type: 'overlay', options: String.raw`lowerdir=/x\054y` } }],
    [String.raw`a /m\777 overlay`, { target: '/m\udcff' }],
    [String.raw`a /m\04 overlay \\,x`, { target: String.raw`/m\04`, options: String.raw`\\,x` }],
    [String.raw`a /m overlay r\000w`, { options: 'r' }],
  ]
  test.each(rows)('%j', (text, fields) => expect(one(text)).toMatchObject({ kind: 'entry', line: 1, ...fields }))
})

test.each([
  ['a', 'malformed'], ['a /m', 'malformed'], ['a /m overlay ro abc 0', 'malformed'], ['a /m overlay ro 1x 0', 'malformed'], ['a /m overlay ro 0 x', 'malformed'], ['a /m overlay ro #c', 'malformed'],
  ['# c', 'comment'], ['  # c', 'comment'], ['', undefined], ['\n', 'blank'], [' \t\n', 'blank'], ['\r\n', 'blank'],
])('%j is %s', (text, kind) => expect(parseFstab(text).lines[0]?.kind).toBe(kind))

test('lines are counted, and the last needs no newline', () => {
  const file = parseFstab('# a\n\nx /x overlay\ny /y overlay ro 0 0')
  expect(entriesOf(file).map(({ line, target, end }) => [line, target, end])).toEqual([[3, '/x', '\n'], [4, '/y', '']])
})

test('any bytes come back', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => formatFile(parseFstab(decodeName(bytes))) === decodeName(bytes)), runs(300))
  fc.assert(fc.property(fc.array(fc.constantFrom('a', ' ', '\t', '\n', '\r', '\0', '#', '\\040', '0', '"', ',')), (parts) => formatFile(parseFstab(parts.join(''))) === parts.join('')), runs(500))
})
