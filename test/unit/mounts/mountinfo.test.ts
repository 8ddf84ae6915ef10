import { expect, test } from 'vitest'
import { decodeOverlay } from '../../../src/mounts/decode.ts'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import { unescapeOctal } from '../../../src/mounts/octal.ts'
import { overlayLine, parseLine } from './lines.ts'

const ROOT = '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue'

test('every field of proc(5)', () => {
  expect(parseLine(ROOT)).toEqual({
    id: 36, parentId: 35, device: '98:0', root: '/mnt1', target: '/mnt2', flags: ['rw', 'noatime'], optional: ['master:1'],
    fsType: 'ext3', source: '/dev/root', superOptions: 'rw,errors=continue',
  })
})

test.each([
  ['no optional field', '36 35 98:0 / /a rw - ext4 /dev/sda rw', { optional: [], source: '/dev/sda' }],
  ['several optional fields', '36 35 98:0 / /a rw shared:7 master:1 propagate_from:3 - ext4 /dev/sda rw', { optional: ['shared:7', 'master:1', 'propagate_from:3'] }],
  ['more words at the end', '36 35 98:0 / /a rw - ext4 /dev/sda rw and more words', { superOptions: 'rw' }],
  ['an empty source, before Linux 5.1', '36 35 0:3 / /a rw shared:2 - tmpfs  rw', { source: '', superOptions: 'rw' }],
  ['an octal source', '36 35 0:3 / /a rw - cifs //server/my\\040share rw', { source: '//server/my share' }],
  ['a target with blanks and more', '36 35 0:3 / /a\\040-\\040b\\011c\\012d\\134e rw - tmpfs none rw', { target: '/a - b\tc\nd\\e' }],
  ['a hyphen as target', '36 35 0:3 / /- rw - tmpfs - rw', { target: '/-', source: '-' }],
  ['no-break space is no separator', '36 35 0:3 / /a\u00a0b rw - tmpfs none rw', { target: '/a\u00a0b' }],
  ['a root that is no path', '36 35 0:4 net:[4026532008] /run/netns/x rw - nsfs nsfs rw', { root: 'net:[4026532008]' }],
  ['a bind mount of a removed directory', '36 35 98:0 /gone//deleted /a rw - ext4 /dev/sda rw', { root: '/gone', deleted: true }],
  ['a removed mount point', '36 35 98:0 / /a//deleted rw - ext4 /dev/sda rw', { target: '/a', deleted: true }],
  ['a name that only says so', '36 35 98:0 / /a\\040(deleted) rw - ext4 /dev/sda rw', { target: '/a (deleted)' }],
])('%s', (_, line, expected) => {
  const mount = parseLine(line)
  expect(mount).toMatchObject(expected)
  expect(mount.deleted).toBe((expected as { deleted?: boolean }).deleted)
})

test.each(['', 'x', '36 35 98:0 / /a rw', '36 35 98:0 / /a - ext4 /dev/sda rw', '36 35 98:0 / /a rw - ext4 /dev/sda', '36 35 98:0 / /a rw ext4 /dev/sda rw', 'a 35 98:0 / /a rw - ext4 /dev/sda rw'])('%j is reported, and costs no other line', (line) => {
  const { mounts, unreadable } = parseMountinfo(`${ROOT}\n${line}\n${ROOT}\n`)
  expect(mounts).toHaveLength(2)
  expect(unreadable).toEqual(line === '' ? [] : [line])
})

test('bytes that are no UTF-8 survive beside those that are', () => {
  const line = Buffer.concat([Buffer.from('36 35 0:3 / /ü'), Buffer.of(0xe4, 0xff), Buffer.from('\\134'), Buffer.of(0xc3), Buffer.from('\\040ß🦀 rw - tmpfs none rw\n')])
  expect(parseMountinfo(line).mounts[0]?.target).toBe('/ü\udce4\udcff\\\udcc3 ß🦀')
})

test('a line of 85 kB', () => {
  const lowers = Array.from({ length: 400 }, (_, i) => `/layers/${String(i).padStart(4, '0')}/${'x'.repeat(195)}`)
  const line = overlayLine(`ro,${lowers.map((path) => `lowerdir+=${path}`).join(',')},redirect_dir=on`)
  expect(line.length).toBeGreaterThan(85_000)
  expect(decodeOverlay(parseLine(Buffer.from(line))).lower).toEqual(lowers)
})

test.each([
  ['\\040', ' '], ['\\011', '\t'], ['\\012', '\n'], ['\\134', '\\'], ['\\043', '#'], ['\\1345', '\\5'], ['\\000', '\0'], ['\\177', '\x7f'],
  ['\\134040', '\\040'], ['\\222', '\\222'], ['\\12', '\\12'], ['\\0', '\\0'], ['\\x', '\\x'], ['\\\\', '\\\\'], ['ä\\040語', 'ä 語'],
])('octal %j is %j', (text, plain) => {
  expect(unescapeOctal(text)).toBe(plain)
})
