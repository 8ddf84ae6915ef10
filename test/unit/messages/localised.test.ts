/** mount(8) in other languages leads where English does. The texts are those of the catalogues of util-linux and glibc. */

import { expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'
import { readMessage } from '../../../src/diagnose/messages/read.ts'
import { ERRNO_PHRASES } from '../../../src/diagnose/messages/localised/errno-phrases.ts'
import { MOUNT_PHRASES } from '../../../src/diagnose/messages/localised/mount-phrases.ts'

const LARGE = ['de', 'fr', 'es', 'it', 'pt_BR', 'ru', 'ja', 'zh_CN', 'pl', 'uk', 'cs', 'tr', 'ko', 'nl', 'sv']

/** Each row of the catalogue as mount(8) prints it, and the finding it leads to. */
const LEADS: Readonly<Record<string, string>> = {
  'special device %s does not exist': 'lower-missing',
  'wrong fs type, bad option, bad superblock on %s': 'unknown',
  'cannot mount %s read-only': 'path-unreadable',
  '%s already mounted on %s': 'upper-in-use',
  'mount point does not exist': 'target-missing',
  'mount point is not a directory': 'target-not-directory',
  "unknown filesystem type '%s'": 'module-missing',
  'must be superuser to use mount': 'not-permitted',
  'mount point not mounted or bad option': 'remount-change-ignored',
  'mount table full': 'mount-limit',
  'target is busy': 'umount-busy',
}

const ROWS = Object.entries(LEADS).flatMap(([english, code]) =>
  Object.entries(MOUNT_PHRASES[english] ?? {}).flatMap(([language, phrases]) => phrases.map((phrase) => ({ language, phrase, code }))))

test.each(ROWS)('$language: $phrase', ({ phrase, code }) => {
  const tool = code === 'umount-busy' ? 'umount' : 'mount'
  const names = phrase.includes('/') ? phrase : phrase.replace(/%(?:\d\$)?s/, 'overlay').replace(/%(?:\d\$)?s/, '/other')
  const codes = judgeMessage(`${tool}: /srv/merged: ${names}.`).map((finding) => finding.code)
  expect(codes[0], readMessage(`${tool}: /srv/merged: ${names}.`).lines.map(({ text }) => text).join('\n')).toBe(code)
})

const ELOOP = Object.entries(ERRNO_PHRASES['ELOOP'] ?? {}).flatMap(([language, [words = '']]) => (MOUNT_PHRASES['mount(2) system call failed: %m']?.[language] ?? []).map((phrase) => ({ language, text: `mount: /m: ${phrase.replace('%m', words)}.` })))

test.each(ELOOP)('$language: $text', ({ text }) => {
  expect(judgeMessage(text)[0]?.code).toBe('layers-overlap')
})

test('the large languages have the central texts', () => {
  const missing = LARGE.filter((language) => MOUNT_PHRASES['special device %s does not exist']?.[language] === undefined || ERRNO_PHRASES['EINVAL']?.[language] === undefined)
  expect(missing).toEqual([])
})
