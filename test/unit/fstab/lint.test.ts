/** The rules of the lint over literal facts: one row for each mistake, and lines that are right. */

import { describe, expect, test } from 'vitest'
import { parseFindmnt } from '../../../src/fstab/lint/findmnt.ts'
import { codesOf, lint } from './lint-facts.ts'
import type { Scene } from './lint-facts.ts'

const DISKS = 'UUID=1 / ext4 defaults 0 1\nUUID=2 /data ext4 defaults 0 2\nUUID=3 /usb ext4 nofail 0 2\nsrv:/x /net nfs _netdev 0 0\nnone /mem tmpfs defaults 0 0\n'
const LONG = Array.from({ length: 30 }, (_, at) => `/srv/layers/number/${at}`).join(':')

const ROWS: readonly (readonly [name: string, line: string, codes: readonly string[], scene?: Scene])[] = [
  ['no layers at all', 'overlay /m overlay defaults 0 0', ['error lowerdir-required', 'warning read-only-overlay', 'warning lower-not-mounted-yet']],
  ['over the root', 'overlay / overlay lowerdir=/a,upperdir=/u,workdir=/w 0 0', ['error way-cannot-say']],
  ['what a live system writes about its root', 'overlay / overlay rw 0 0', ['note remount-change-ignored'], { rootType: { known: true, value: 'overlay' } }],
  ['one lower alone', 'overlay /m overlay lowerdir=/a 0 0', ['error single-lower-without-upper']],
  ['no work', 'overlay /m overlay lowerdir=/a,upperdir=/u 0 0', ['error work-required']],
  ['the old type', 'overlay /m overlayfs lowerdir=/a:/b 0 0', ['error filesystem-type-renamed']],
  ['no type', 'overlay /m none lowerdir=/a:/b 0 0', ['error option-conflict']],
  ['a number for fsck', 'overlay /m overlay lowerdir=/a:/b 0 2', ['warning option-bad-value']],
  ['missing directories', 'overlay /m overlay lowerdir=/a:/x,upperdir=/y,workdir=/z 0 0', ['error lower-missing', 'error upper-missing', 'error work-missing', 'warning target-missing'], { missing: ['/x', '/y', '/z', '/m'] }],
  ['missing directories of a line for later', 'overlay /m overlay noauto,lowerdir=/a:/x 0 0', ['warning lower-missing'], { missing: ['/x'] }],
  ['missing directories of a line that may fail', 'overlay /m overlay nofail,lowerdir=/a:/x 0 0', ['warning lower-missing'], { missing: ['/x'] }],
  ['a target that is made', 'overlay /m overlay lowerdir=/a:/b,X-mount.mkdir 0 0', [], { missing: ['/m'] }],
  ['a missing target without systemd', 'overlay /m overlay lowerdir=/a:/b 0 0', ['error target-missing'], { missing: ['/m'], systemd: { known: true, value: false } }],
  ['no order', 'overlay /m overlay lowerdir=/data/a:/b 0 0', ['error lower-not-mounted-yet'], { missing: ['/data/a'] }],
  ['no order, mounted now, and missing there', 'overlay /m overlay lowerdir=/data/a:/b 0 0', ['error lower-missing', 'error lower-not-mounted-yet'], { missing: ['/data/a'], mounted: ['/data'] }],
  ['an order of its own', 'overlay /m overlay lowerdir=/data/a:/b,x-systemd.requires-mounts-for=/data/a 0 0', []],
  ['an order by the unit', 'overlay /m overlay lowerdir=/data/a:/b,x-systemd.after=data.mount 0 0', []],
  ['an order by the unit of a mount below', 'overlay /m overlay lowerdir=/data/a:/vol/a\\040b/c,x-systemd.requires=data-in.mount,x-systemd.requires=vol-a\\134x20b.mount 0 0', [], { mounted: ['/vol/a b', '/vol'] }],
  ['an order by a path', 'overlay /m overlay lowerdir=/data/a:/b,x-systemd.requires=/data 0 0', []],
  ['an order by the mount point', 'overlay /data/m overlay lowerdir=/data/a:/b 0 0', []],
  ['no order, on first use', 'overlay /m overlay noauto,x-systemd.automount,lowerdir=/data/a:/b 0 0', ['note lower-not-mounted-yet']],
  ['a mount that no line makes', 'overlay /m overlay lowerdir=/vol/a:/b 0 0', ['warning lower-not-mounted-yet'], { mounted: ['/vol'] }],
  ['a disk that may be absent', 'overlay /m overlay lowerdir=/usb/a:/b,x-systemd.requires-mounts-for=/usb 0 0', ['warning lower-not-mounted-yet']],
  ['a disk that may be absent, and so may this', 'overlay /m overlay lowerdir=/usb/a:/b,nofail,x-systemd.requires-mounts-for=/usb 0 0', []],
  ['over the network', 'overlay /m overlay lowerdir=/net/a:/b,x-systemd.requires-mounts-for=/net 0 0', ['warning lower-not-mounted-yet']],
  ['upper over the network', 'overlay /m overlay lowerdir=/a,upperdir=/net/u,workdir=/net/w,_netdev,x-systemd.requires-mounts-for=/net 0 0', ['error upper-remote']],
  ['work elsewhere', 'overlay /m overlay lowerdir=/a,upperdir=/data/u,workdir=/w,x-systemd.requires-mounts-for=/data 0 0', ['error work-other-filesystem']],
  ['upper on a fresh tmpfs', 'overlay /m overlay lowerdir=/a,upperdir=/mem/u,workdir=/mem/w,x-systemd.requires-mounts-for=/mem 0 0', ['error upper-missing', 'error work-missing', 'note upper-missing']],
  ['upper on a fresh tmpfs that a service fills', 'overlay /m overlay lowerdir=/a,upperdir=/mem/u,workdir=/mem/w,x-systemd.requires=mkdirs.service,x-systemd.requires-mounts-for=/mem 0 0', ['warning upper-missing', 'warning work-missing', 'note upper-missing']],
  ['upper inside lower', 'overlay /m overlay lowerdir=/a,upperdir=/a/u,workdir=/w 0 0', ['warning upper-inside-lower']],
  ['a layer twice', 'overlay /m overlay lowerdir=/a:/a/,upperdir=/u,workdir=/w 0 0', ['error layers-overlap']],
  ['one directory for upper and work', 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/u/w 0 0', ['error work-upper-nested']],
  ['a home', 'overlay /m overlay lowerdir=~/a:$HOME/b 0 0', ['error path-not-expanded', 'error path-not-expanded']],
  ['a relative path', 'overlay /m overlay lowerdir=a:/b 0 0', ['warning option-bad-value']],
  ['quotes', 'overlay /m overlay lowerdir="/a:/b" 0 0', ['error path-not-expanded', 'error path-not-expanded'], { missing: ['/b"'] }],
  ['a misspelt option', 'overlay /m overlay lowerdir=/a,uperdir=/u,workdir=/w 0 0', ['error single-lower-without-upper', 'error option-unknown']],
  ['a word of upstart', 'overlay /m overlay lowerdir=/a:/b,nobootwait 0 0', ['error option-unknown']],
  ['an option of ext4', 'overlay /m overlay lowerdir=/a:/b,errors=remount-ro 0 0', ['error option-unknown']],
  ['an option nobody knows', 'overlay /m overlay lowerdir=/a:/b,brandnew=on 0 0', ['warning option-unknown']],
  ['a misspelt word for systemd', 'overlay /m overlay lowerdir=/a:/b,x-systemd.require-mounts-for=/data 0 0', ['warning option-unknown']],
  ['a value there is not', 'overlay /m overlay lowerdir=/a:/b,xino=yes 0 0', ['error option-bad-value']],
  ['remount', 'overlay /m overlay remount,lowerdir=/a:/b 0 0', ['error remount-change-ignored']],
  ['volatile', 'overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/w,volatile 0 0', ['note volatile-leftover']],
  ['a colon that nobody escaped', 'overlay /m overlay lowerdir=/a:b:/c 0 0', ['error unescaped-colon', 'warning option-bad-value'], { missing: ['/a'], joined: [{ line: 6, joined: { path: '/a:b', parts: ['/a', 'b'], separator: ':' } }] }],
  ['a comma that nobody escaped', 'overlay /m overlay lowerdir=/a,b:/c 0 0', ['error single-lower-without-upper', 'error unescaped-comma']],
  ['a comma that systemd does not undo', 'overlay /m overlay lowerdir=/a:/b\\054c 0 0', ['error unescaped-comma']],
  ['a comma for all', 'overlay /m overlay lowerdir=/a:/b\\134,c 0 0', []],
  ['a part of a name that mount(8) takes for its own', 'overlay /m overlay lowerdir=/a,upperdir=/u\\134,ro,workdir=/w 0 0', ['error unescaped-comma'], { version: '2.38.1' }],
  ['a backslash', 'overlay /m overlay lowerdir=/a:/b\\134\\134c 0 0', ['error way-cannot-say']],
  ['long layers, new mount(8)', `overlay /m overlay lowerdir=${LONG} 0 0`, ['error value-too-long']],
  ['long layers, old mount(8)', `overlay /m overlay lowerdir=${LONG} 0 0`, ['warning value-too-long'], { version: '2.38.1' }],
  ['a read-only disk', 'overlay /m overlay lowerdir=/a,upperdir=/ro/u,workdir=/ro/w,x-systemd.requires-mounts-for=/ro 0 0\nUUID=9 /ro ext4 ro 0 2', ['error upper-read-only']],
  ['two mounts of one disk', 'overlay /m overlay lowerdir=/a,upperdir=/s/u,workdir=/t/w,x-systemd.requires=/s,x-systemd.requires=/t 0 0\nUUID=9 /s btrfs subvol=s 0 0\nUUID=9 /t btrfs subvol=t 0 0', ['error work-other-mount']],
  ['a second line for the target', 'overlay /data overlay lowerdir=/a:/b 0 0', ['error option-conflict']],
  ['no helper', 'overlay /m ovl lower=/a,tmpfs 0 0', ['error tool-missing', 'error tool-missing'], { programs: { 'mount.ovl': { known: true, value: false }, node: { known: true, value: false }, 'fuse-overlayfs': { known: false, why: '' } } }],
  ['a helper that makes directories', 'overlay /m ovl lower=/a,upper=/u,mkdir 0 0', [], { missing: ['/u', '/u.work', '/m'] }],
  ['a helper without a lower', 'overlay /m ovl tmpfs 0 0', ['error lowerdir-required', 'warning lower-not-mounted-yet']],
  ['no fuse-overlayfs', 'overlay /m fuse.fuse-overlayfs lowerdir=/a,upperdir=/u,workdir=/w,allow_other 0 0', ['error tool-missing'], { programs: { 'mount.ovl': { known: false, why: '' }, node: { known: false, why: '' }, 'fuse-overlayfs': { known: true, value: false } } }],
  ['a blank in the options', 'overlay /m overlay lowerdir=/a, upperdir=/u,workdir=/w 0 0', ['error option-syntax']],
  ['too few fields', 'overlay /m', ['error option-syntax']],
]

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
