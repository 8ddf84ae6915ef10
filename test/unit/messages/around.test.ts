/** What the machine around a text tells, handed in as data: heard where the text decides nothing, never certain, and never in place of what the text says itself. */

import { describe, expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'
import { FRESH } from '../../../src/diagnose/messages/surroundings.ts'
import type { Surroundings } from '../../../src/diagnose/messages/surroundings.ts'

const NOW = 3_600_000_000
/** The kernel said these lines, `ago` seconds ago and each a second after the other; the last may have been just now. */
const heard = (lines: readonly string[], ago = lines.length, more: Partial<Surroundings> = {}): Surroundings => ({
  log: { known: true, value: lines.map((text, at) => ({ text, time: NOW - (ago - at) * 1e6 })) }, now: NOW, missing: [], inUserNamespace: false, ...more,
})
const DEAF: Surroundings = { log: { known: false, why: 'kernel.dmesg_restrict' }, now: NOW, missing: [], inUserNamespace: false }

const EINVAL = 'mount: /srv/o/m: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.'
const ENOENT = 'mount: /srv/o/m: special device overlay does not exist.'
const ELOOP = 'mount: /srv/o/m: mount(2) system call failed: Too many levels of symbolic links.'
const EBUSY = 'mount: /srv/o/m: overlay already mounted on /var/lib/docker/overlay2/77/merged.'
const DEEP = 'overlayfs: maximum fs stacking depth exceeded'
const gone = (path: string): string => `overlayfs: failed to resolve '${path}': -2`
const codes = (text: string, around: Surroundings): string[] => judgeMessage(text, around).map(({ code }) => code)

describe('the log decides where the text does not', () => {
  test.each<[text: string, lines: string[], first: string]>([
    [EINVAL, [DEEP], 'stack-too-deep'],
    [EINVAL, ["overlay: Unknown parameter 'subvol'"], 'option-unknown'],
    [ELOOP, ['overlayfs: overlapping lowerdir path'], 'layers-overlap'],
    [ELOOP, ["overlayfs: failed to resolve '/a': -40"], 'symlink-loop'],
    [EBUSY, ["overlayfs: workdir is in-use as upperdir/workdir of another mount, mount with '-o index=off' to override exclusive upperdir protection."], 'work-in-use'],
    [ENOENT, [gone('/srv/o/$USER/u')], 'path-not-expanded'],
    [ENOENT, [gone('/srv/o/a,upperdir=/srv/o/u')], 'option-syntax'],
    ['mount: /srv/o/m: permission denied.', ['overlayfs: metacopy requires permission to access trusted xattrs'], 'userns-option-refused'],
    ['Error: creating overlay mount to /srv/o/m: invalid argument', [DEEP], 'stack-too-deep'],
    ['cat: /srv/o/m/f: Operation not permitted', ['overlayfs: refusing to follow metacopy origin for (/f)'], 'metacopy-mismatch'],
    ['touch: cannot touch /srv/o/m/f: Read-only file system', ['overlayfs: failed to create directory /srv/o/w/work (errno: 1); mounting read-only'], 'work-dir-unusable'],
  ])('%s + %j', (text, lines, code) => {
    const [first] = judgeMessage(text, heard(lines))
    expect(first).toMatchObject({ code, confidence: 'likely' })
    expect(first?.evidence.slice(0, 2)).toEqual([{ fact: lines[0], source: 'kernel-log' }, { fact: expect.stringContaining('1 second ago on this machine'), source: 'kernel-log' }])
  })
})

describe('which line', () => {
  test('the newest that can end in this errno', () => {
    expect(codes(EINVAL, heard(["overlayfs: missing 'workdir'", DEEP, gone('/x')]))[0]).toBe('stack-too-deep')
  })
  test('one about a place beside the mount point before a newer one', () => {
    const findings = judgeMessage(ENOENT, heard([gone('/srv/o/upper'), gone('/elsewhere/l')]))
    expect(findings[0]).toMatchObject({ code: 'upper-missing', title: "upper '/srv/o/upper' does not exist" })
  })
  test('none that is older than some minutes', () => {
    expect(codes(EINVAL, heard([DEEP], FRESH / 1e6 + 1))).toEqual(codes(EINVAL, DEAF))
  })
  test('none of what ovl doctor tried', () => {
    expect(codes(EINVAL, heard(['ovl doctor[7]: begin of probes', DEEP, 'ovl doctor[7]: end of probes']))).toEqual(codes(EINVAL, DEAF))
  })
  test('none about a path or an option that the words in the text do not have', () => {
    const command = '$ mount -t overlay overlay -o lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w,index=on /srv/o/m\n'
    expect(codes(command + ENOENT, heard([gone('/other')]))).toEqual(codes(command + ENOENT, DEAF))
    expect(codes(command + EINVAL, heard(["overlay: Unknown parameter 'subvol'"]))).toEqual(codes(command + EINVAL, DEAF))
    expect(codes(command + ENOENT, heard([gone('/srv/w')]))[0]).toBe('work-missing')
  })
  test('a relative or quoted name of others is not about the layers of the text', () => {
    const command = '$ mount -t overlay overlay -o lowerdir=/srv/l,upperdir=/srv/u,workdir=/srv/w /srv/m\n'
    for (const other of ['"/x/l"', 'x/l', '~/l']) expect(codes(command + ENOENT, heard([gone(other)])), other).toEqual(codes(command + ENOENT, DEAF))
    // A tool may have gone into a directory of its own, and a quote may have been part of the name.
    expect(judgeMessage(command + ENOENT, heard([gone('w')]))[0]?.evidence[0]?.source).toBe('kernel-log')
    expect(codes(command + ENOENT, heard([gone('"/srv/l"')]))[0]).toBe('path-not-expanded')
  })
  test('likely within a minute, or beside the mount point; else possible', () => {
    const confidence = (lines: readonly string[], ago: number): unknown => judgeMessage(ENOENT, heard(lines, ago))[0]?.confidence
    expect([confidence([gone('/x')], 50), confidence([gone('/x')], 90), confidence([gone('/srv/o/x')], 90)]).toEqual(['likely', 'possible', 'likely'])
  })
  test('every finding has a way on, and none that reads the log again', () => {
    for (const { fix, code } of [...judgeMessage(ENOENT, heard([gone('/srv/o/~/x')])), ...judgeMessage(EINVAL, heard([DEEP, "overlay: Unknown parameter 'x'"]))]) {
      expect(fix.length, code).toBeGreaterThan(0)
    }
    expect(judgeMessage(EINVAL, heard([DEEP]))[0]?.fix.filter(({ command }) => command?.startsWith('dmesg'))).toEqual([])
  })
  test('what others made the kernel say in the same seconds is named as well', () => {
    const around = heard([gone('/srv/o/upper'), "overlayfs: missing 'workdir'", 'overlayfs: workdir and upperdir must be separate subtrees', DEEP])
    expect(codes(EINVAL, around).slice(0, 3)).toEqual(['stack-too-deep', 'work-upper-nested', 'work-required'])
  })
  test('the newest before one beside the mount point that is of an earlier try', () => {
    const readOnly = { time: NOW - 90e6, text: 'overlay: filesystem on /srv/o/u is read-only' }
    expect(codes(EINVAL, { ...heard([]), log: { known: true, value: [readOnly, { time: NOW - 1e6, text: DEEP }] } })[0]).toBe('stack-too-deep')
  })
  test('older ones stay possible', () => {
    expect(codes(EINVAL, heard(["overlayfs: missing 'workdir'", DEEP])).slice(0, 2)).toEqual(['stack-too-deep', 'work-required'])
  })
})

describe('a path that the kernel did not find, and one beside it', () => {
  const with_ = (longer?: string): Surroundings => heard([gone('/srv/o/a')], 1, { missing: [{ path: '/srv/o/a', exists: false, ...(longer === undefined ? {} : { longer }) }] })
  test.each([['/srv/o/a:b', 'unescaped-colon'], ['/srv/o/a,b', 'unescaped-comma']])('%s', (longer, code) => {
    expect(judgeMessage(ENOENT, with_(longer))[0]).toMatchObject({ code, confidence: 'likely', title: expect.stringContaining(longer), evidence: expect.arrayContaining([{ fact: `'${longer}' is there`, source: 'stat' }]) })
  })
  test('that only begins alike may be what a page cut off', () => {
    expect(codes(ENOENT, with_('/srv/o/abc')).slice(0, 2)).toEqual(['lower-missing', 'options-too-long'])
    expect(codes(ENOENT, with_()).slice(0, 3)).toEqual(['lower-missing', 'upper-missing', 'work-missing'])
  })
})

describe('a text that decides by itself is not mixed with the log', () => {
  test.each([
    `${EINVAL}\n[ 12.3] overlayfs: missing 'workdir'`, 'mount: /srv/o/m: mount point does not exist.', 'mount: /srv/o/m: fsconfig() failed: overlay: Bad value for \'index\'.',
    'umount: /srv/o/m: target is busy.', 'umount: /srv/o/m: Invalid argument', "'overlay' is not supported over zfs", 'mount: /srv/o/m: cannot remount overlay read-write, is write-protected.', 'nothing', '',
  ])('%s', (text) => {
    const loud = heard([gone('/x'), DEEP, 'overlayfs: overlapping lowerdir path', 'overlayfs: refusing to follow redirect for (/e)'])
    expect(judgeMessage(text, loud)).toEqual(judgeMessage(text))
  })
})

describe('where the mount point lies', () => {
  test.each([
    [EINVAL, { target: { path: '/srv/o/m', kind: 'directory', fsType: 'overlay' } }, 'upper-on-overlay', 'mountinfo'],
    [EINVAL, { target: { path: '/srv/o/m', kind: 'directory', fsType: 'fuse.sshfs' } }, 'upper-remote', 'mountinfo'],
    [EINVAL, { target: { path: '/srv/o/m', kind: 'directory', fsType: 'zfs' } }, 'upper-unsupported', 'mountinfo'],
    ['mount: /srv/o/m: mount(2) system call failed: Not a directory.', { target: { path: '/srv/o/m', kind: 'file' } }, 'target-not-directory', 'stat'],
  ] as const)('%s %j', (text, more, code, source) => {
    const [first] = judgeMessage(text, heard([], 0, more))
    expect(first?.code).toBe(code)
    expect(first?.confidence).not.toBe('certain')
    expect(first?.evidence[0]?.source).toBe(source)
  })
  test('a user namespace is worth a thought', () => {
    expect(codes(EINVAL, heard([], 0, { inUserNamespace: true })).slice(0, 2)).toEqual(['unknown', 'userns-locked-mounts'])
  })
  test('a mount point that is a directory is no suspect', () => {
    const text = 'mount: /srv/o/m: mount(2) system call failed: Not a directory.'
    expect(codes(text, heard([], 0, { target: { path: '/srv/o/m', kind: 'directory' } }))).toEqual(['layer-not-directory', 'work-dir-unusable'])
  })
})
