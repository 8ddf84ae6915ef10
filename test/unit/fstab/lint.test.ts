/** The rules of the lint over literal facts: one row for each mistake, and lines that are right. */

import { describe, expect, test } from 'vitest'
import { parseFindmnt } from '../../../src/fstab/lint/findmnt.ts'
import { codesOf, lint } from './lint-facts.ts'
import { DISKS, LONG, ROWS } from './lint-rows.ts'

describe('mistakes', () => {
  test.each(ROWS)('%s', (_, line, codes, scene) => expect(codesOf(lint(`${DISKS}${line}\n`, scene))).toEqual([codes]))
  test('wrong order of lines, where nothing but the order of lines counts', () => {
    const lines = ['UUID=2 /data ext4 defaults 0 2', 'overlay /m overlay lowerdir=/data/a:/b 0 0']
    const scene = { systemd: { known: true, value: false } } as const
    expect(codesOf(lint(lines.join('\n'), scene))).toEqual([[]])
    expect(codesOf(lint(lines.toReversed().join('\n'), scene))).toEqual([['error lower-not-mounted-yet']])
    expect(lint(lines.toReversed().join('\n'))[0]?.findings[0]?.evidence[0]?.fact).toContain('after this line')
  })
  test('of two lines for a target the second is at fault', () => expect(codesOf(lint('overlay /m overlay lowerdir=/a:/b 0 0\noverlay /m/ overlay lowerdir=/c:/d 0 0'))).toEqual([[], ['error option-conflict']]))
  test('every fix of a fault that a line mends holds the whole line', () => {
    const [line] = lint(`${DISKS}overlay /m overlayfs lowerdir=/data/a:/b\\054c,nobootwait 0 1\n`)
    expect(line?.corrected).toEqual({ line: 'overlay /m overlay lowerdir=/data/a:/b\\134,c,nofail,x-systemd.requires-mounts-for=/data 0 0', command: 'ovl fstab --write -o nofail -l /data/a -l /b,c /m' })
    for (const { fix } of line?.findings ?? []) expect(fix.at(-1)?.text).toContain('overlay /m overlay lowerdir=/data/a:/b\\134,c,')
    expect(codesOf(lint(`${DISKS}${line?.corrected?.line ?? ''}\n`))).toEqual([[]])
  })
  const CORRECTED: readonly (readonly [line: string, corrected: string | undefined])[] = [
    ['overlay /m overlay lowerdir=/a,upperdir=/u 0 0', 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/u.work 0 0'],
    ['overlay /m overlay lowerdir=/a,upperdir=/data/u,workdir=/w 0 0', 'overlay /m overlay lowerdir=/a,upperdir=/data/u,workdir=/data/u.work,x-systemd.requires-mounts-for=/data 0 0'],
    ['overlay /m overlay lowerdir="/a:/b" 0 0', 'overlay /m overlay lowerdir=/a:/b 0 0'],
    ['overlay /m overlay lowerdir=/a,uperdir=/u,workdir=/w 0 0', 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/w 0 0'],
    ['overlay /m overlay lowerdir=/a, upperdir=/u,workdir=/w 0 0', 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/w 0 0'],
    ['overlay /m overlay lowerdir=/usb/a:/net/b 0 0', 'overlay /m overlay lowerdir=/usb/a:/net/b,x-systemd.requires-mounts-for=/usb,x-systemd.requires-mounts-for=/net,nofail,_netdev 0 0'],
    ['overlay /m overlay lowerdir=/a,upperdir=/mem/u,workdir=/mem/w 0 0', 'overlay /m ovl lower=/a,tmpfs 0 0'],
    ['overlay /m overlay lowerdir=/a\\134\\134b:/c 0 0', 'overlay /m ovl lower=/a%5Cb,lower=/c 0 0'],
    [`overlay /m overlay lowerdir=${LONG} 0 0`, `overlay /m overlay ${LONG.split(':').map((path) => `lowerdir+=${path}`).join(',')} 0 0`],
    ['overlay /m overlay lowerdir=/a,b:/c,upperdir=/u,v/w,workdir=/w 0 0', 'overlay /m overlay lowerdir=/a\\134,b:/c,upperdir=/u\\134,v/w,workdir=/w 0 0'],
    ['overlay /m overlay lowerdir=/a:/b,errors=remount-ro 0 1', undefined],
    ['overlay /m overlay defaults 0 0', undefined],
    ['overlay / overlay lowerdir=/a:/b 0 1', undefined],
    ['overlay /m overlay lowerdir=~/a:/b 0 0', undefined],
  ]
  test.each(CORRECTED)('%s, corrected', (line, corrected) => {
    const [judged] = lint(`${DISKS}${line}\n`)
    expect(judged?.corrected?.line).toBe(corrected)
    if (corrected !== undefined) expect(codesOf(lint(`${DISKS}${corrected}\n`)).flat().filter((one) => !one.startsWith('note'))).toEqual([])
  })
  test('nothing is written into an image', () => expect(lint('overlay /m overlay lowerdir=/a,upperdir=/u 0 0', { root: '/mnt/image' })[0]?.corrected).toEqual({ line: 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/u.work 0 0' }))
})

describe('findmnt', () => {
  const OLD = '/m\n   [E] unreachable on boot required target: No such file or directory\n   [ ] do not check overlay source (pseudo/net)\n/n\n   [W] target specified more than once\n'
  test('its complaints, by target', () => expect(parseFindmnt(OLD, 'findmnt: f: parse error at line 4 -- ignored\n\n1 parse error, 1 error, 1 warning\n')).toEqual([
    { target: '/m', grade: 'error', text: 'unreachable on boot required target: No such file or directory' }, { target: '/n', grade: 'warning', text: 'target specified more than once' }, { target: 'line 4', grade: 'error', text: 'parse error at line 4 -- ignored' },
  ]))
  test('nothing of another text', () => expect(parseFindmnt('Success, no errors or warnings detected\n\u0000[E]\n[E] x\n', '')).toEqual([]))
  test('one joins the finding that says the same, the others are notes', () => {
    const findmnt = [...parseFindmnt(OLD, ''), { target: '/m', grade: 'warning', text: 'something new' }, { target: '/other', grade: 'error', text: 'x' }] as const
    const [line] = lint('overlay /m overlay lowerdir=/a:/b 0 0', { missing: ['/m'], findmnt })
    expect(line?.findings.map(({ code, severity, evidence }) => [severity, code, evidence.at(-1)?.fact])).toEqual([
      ['warning', 'target-missing', 'findmnt --verify: unreachable on boot required target: No such file or directory'], ['note', 'unknown', 'findmnt --verify: something new'],
    ])
  })
})

test('a lower twice and nothing else: no command is offered that would be refused', () => {
  const fixes = (line: string): (string | undefined)[] => lint(line).flatMap(({ findings }) => findings.filter(({ code }) => code === 'layers-overlap').flatMap(({ fix }) => fix.map(({ command }) => command)))
  expect(fixes('overlay /m overlay lowerdir=/a:/a 0 0').filter((command) => command !== undefined)).toEqual([])
})
