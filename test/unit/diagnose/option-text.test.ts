/** Mount words found inside error texts; and never slowly. */

import { expect, test } from 'vitest'
import { readMessage } from '../../../src/diagnose/messages/read.ts'
import { mountWordsOf } from '../../../src/diagnose/option-text.ts'
import { readWords } from '../../../src/overlay/words.ts'

const found = (text: string): unknown => {
  const words = mountWordsOf(readMessage(text))
  if (words === undefined) return undefined
  const { lower, upper, work, target } = readWords(words).spec
  return { lower: lower.map(({ path }) => path), upper, work, target }
}

test.each([
  ['mount -t overlay overlay -o lowerdir=/a:/b,upperdir=/u,workdir=/w /m\nmount: /m: special device overlay does not exist.', { lower: ['/a', '/b'], upper: '/u', work: '/w', target: '/m' }],
  ['error creating overlay mount to /var/lib/docker/overlay2/x/merged: invalid argument, data: "lowerdir=/a:/b,upperdir=/u,workdir=/w"', { lower: ['/a', '/b'], upper: '/u', work: '/w', target: '/var/lib/docker/overlay2/x/merged' }],
  ['fatal: mount_data="nodev,lowerdir=/a,upperdir=/u,workdir=/w": stale', { lower: ['/a'], upper: '/u', work: '/w', target: undefined }],
  ['mount: /merged: wrong fs type', undefined],
  ['$ sudo mount -t overlay overlay -o ro,lowerdir=/srv/a:/srv/b /m\nmount: /m: special device overlay does not exist.', { lower: ['/srv/a', '/srv/b'], upper: undefined, work: undefined, target: '/m' }],
  ['mount_data="lowerdir=/a:...": invalid argument', undefined],
  ['', undefined],
])('%s', (text, words) => expect(found(text)).toEqual(words))

test.each(['lowerdir=', 'lowerdir=a:', ' lowerdir', '/', 'mount: /', 'on /a ', ',', '\u0000', '\u001b[31m', '"', '\\'])('a megabyte of %j is read at once', (piece) => {
  const before = process.cpuUsage()
  const words = mountWordsOf(readMessage(piece.repeat((1 << 20) / piece.length)))
  if (words !== undefined) readWords(words)
  // Of the processor, not by the clock: others may be at work.
  expect(process.cpuUsage(before).user).toBeLessThan(500_000)
})
