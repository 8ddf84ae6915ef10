/** Facts of a mount that succeeded → what it lacks. The kernel prints an option only where it differs from its default. */

import { describe, expect, test } from 'vitest'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { judgeMounted } from '../../../src/diagnose/judge.ts'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { directory, facts, known, overlay, paths, unknown } from './make-facts.ts'
import type { FactsChange } from './make-facts.ts'

const lowersOnly: FactsChange = { spec: { upper: undefined, work: undefined } as never, paths: paths().filter(({ role }) => role !== 'upper' && role !== 'work') }
const twoFilesystems = paths(directory('lower', '/l2', { index: 1, place: known({ superblock: '8:2', path: '/l2' }) }))

/** Name, the mount as the table shows it, the facts, the codes in order. */
const CASES: readonly (readonly [string, Partial<OverlayMount>, FactsChange, readonly FindingCode[]])[] = [
  ['all is well', {}, {}, []],
  ['read-only as asked', { readOnly: true }, { spec: { flags: ['ro'] } }, []],
  ['read-only without an upper', { readOnly: true }, lowersOnly, []],
  ['read-only otherwise', { readOnly: true }, {}, ['work-dir-unusable', 'mounted-read-only']],
  ['read-only, and why', { readOnly: true }, { trial: { step: 'verify', kernel: known(['overlayfs: failed to create directory /w/work (errno: 13); mounting read-only']) } }, ['work-dir-unusable', 'mounted-read-only']],
  ['read-only for want of space', { readOnly: true }, { paths: paths(directory('upper', '/u', { free: known({ bytes: '0', inodes: '9', totalInodes: '10' }) })) }, ['work-dir-unusable', 'no-space', 'mounted-read-only']],

  ['index dropped', {}, { spec: { options: { index: 'on' } } }, ['feature-dropped']],
  ['index on by default is not printed', {}, { spec: { options: { index: 'on' } }, system: { moduleParameters: known({ index: 'Y' }) } }, []],
  ['index printed', { options: { index: 'on' } }, { spec: { options: { index: 'on' } } }, []],
  ['index, and no default known', {}, { spec: { options: { index: 'on' } }, system: { moduleParameters: unknown } }, []],
  ['index, no default known, and the kernel’s words', {}, { spec: { options: { index: 'on' } }, system: { moduleParameters: unknown }, trial: { step: 'verify', kernel: known(['overlayfs: ...falling back to index=off.']) } }, ['feature-dropped']],
  ['index without an upper', {}, { ...lowersOnly, spec: { ...lowersOnly.spec, options: { index: 'on' } } }, ['feature-dropped']],
  ['off is never dropped', {}, { spec: { options: { index: 'off', metacopy: 'off', redirect_dir: 'off', nfs_export: 'off', xino: 'off', uuid: 'off' } } }, []],
  ['redirect_dir=off shown as follow', { options: { redirect_dir: 'follow' } }, { spec: { options: { redirect_dir: 'off' } } }, []],
  ['redirect_dir=on shown as nofollow', { options: { redirect_dir: 'nofollow' } }, { spec: { options: { redirect_dir: 'on' } } }, ['feature-dropped']],
  ['follow is on without an upper', { options: { redirect_dir: 'on' }, readOnly: true }, { ...lowersOnly, spec: { ...lowersOnly.spec, options: { redirect_dir: 'follow' } } }, []],
  ['follow is the default here', {}, { spec: { options: { redirect_dir: 'follow' } } }, []],
  ['xino over one file system is not printed', {}, { spec: { options: { xino: 'on' } } }, []],
  ['xino over two file systems', {}, { spec: { options: { xino: 'on' } }, paths: twoFilesystems }, ['feature-dropped']],
  ['xino=auto became on', { options: { xino: 'on' } }, { spec: { options: { xino: 'auto' } }, paths: twoFilesystems }, []],
  ['xino, and where the layers lie is not known', {}, { spec: { options: { xino: 'on' } }, paths: paths(directory('lower', '/l2', { index: 1, place: unknown })) }, []],
  ['uuid=on not printed', {}, { spec: { options: { uuid: 'on' } } }, []],
  ['uuid=on became null', { options: { uuid: 'null' } }, { spec: { options: { uuid: 'on' } } }, ['feature-dropped']],
  ['metacopy and nfs_export', { options: { metacopy: 'on' } }, { spec: { options: { metacopy: 'on' } } }, []],
  ['volatile, as either kernel prints it', { options: { volatile: true } }, { spec: { options: { fsync: 'volatile' } } }, []],

  ['in a user namespace without userxattr', {}, { system: { inUserNamespace: known(true) } }, ['userns-needs-userxattr']],
  ['with userxattr', { options: { userxattr: true } }, { system: { inUserNamespace: known(true) }, spec: { options: { userxattr: true } } }, []],
  ['with userxattr, and no user.* attributes', { options: { userxattr: true } }, { system: { inUserNamespace: known(true) }, spec: { options: { userxattr: true } }, paths: paths(directory('upper', '/u', { fsType: known('tmpfs'), userXattrs: known(false) })) }, ['upper-no-xattr']],
  ['lowers alone need none', { readOnly: true }, { ...lowersOnly, system: { inUserNamespace: known(true) } }, []],
  ['an upper without xattrs', { options: { uuid: 'null' } }, { trial: { step: 'verify', kernel: known(['overlayfs: failed to set xattr on upper', 'overlayfs: ...falling back to uuid=null.']) } }, ['upper-no-xattr']],
  ['somebody else’s upper without xattrs', {}, { trial: { step: 'verify', kernel: known(['overlayfs: failed to set xattr on upper', 'overlayfs: ...falling back to uuid=null.']) } }, []],
  ['an upper without xattrs on 6.1', {}, { system: { kernelRelease: '6.1.0' }, trial: { step: 'verify', kernel: known(['overlayfs: failed to set xattr on upper']) } }, ['upper-no-xattr']],
  ['somebody else’s upper without file types', {}, { paths: paths(directory('upper', '/u', { fsType: known('tmpfs') })), trial: { step: 'verify', kernel: known(['overlayfs: upper fs needs to support d_type.']) } }, []],
  ['an upper without file types', {}, { trial: { step: 'verify', kernel: known(['overlayfs: upper fs needs to support d_type.']) } }, ['upper-no-d-type']],
  ['harmless remarks', {}, { trial: { step: 'verify', kernel: known(['overlayfs: upper fs does not support RENAME_WHITEOUT.', 'overlayfs: failed to set uuid (/u, err=-13); falling back to uuid=null.']) } }, []],

  ['upper inside a lower', {}, { paths: paths(directory('upper', '/l1/u')) }, ['upper-inside-lower']],
  ['two subvolumes', {}, { paths: paths(directory('work', '/w', { device: '2' })) }, ['work-other-filesystem']],
  ['its own upper is not in use by another', {}, { holders: known([{ mountId: 99, target: '/m', role: 'upper', path: '/u', device: '1', inode: '1', place: known({ superblock: '8:1', path: '/u' }) }]) }, []],
  ['upper in use', {}, { holders: known([{ mountId: 7, target: '/n', role: 'upper', path: '/u', device: '1', inode: '1', place: known({ superblock: '8:1', path: '/u' }) }]) }, ['upper-in-use']],
]

test.each(CASES)('%s', (_, mounted, change, codes) => {
  const findings = judgeMounted(facts({ mounted: known(overlay(mounted)), ...change }))
  expect(findings.map(({ code }) => code), JSON.stringify(findings, null, 1)).toEqual(codes)
  for (const { severity, fix, evidence } of findings) {
    expect(['warning', 'note']).toContain(severity)
    expect(fix.length).toBeGreaterThan(0)
    expect(evidence.length).toBeGreaterThan(0)
  }
})

test('the errno of the kernel’s mkdir is in the title', () => {
  const trial = { step: 'verify', kernel: known(['overlayfs: failed to create directory /w/work (errno: 28); mounting read-only', 'overlayfs: failed to create directory /other/work (errno: 13); mounting read-only']) }
  const [first] = judgeMounted(facts({ mounted: known(overlay({ readOnly: true })), trial }))
  expect(first?.title).toBe("the kernel could not make or empty '/w/work': no space left on device")
})

describe('a line about a use, which names nobody and may be about another mount of the machine', () => {
  const SAID = ['upperdir', 'workdir', 'lowerdir'].map((what) => `overlayfs: ${what} is in-use as upperdir/workdir of another mount, accessing files from both mounts will result in undefined behavior.`)
  const heard = (change: Parameters<typeof facts>[0] = {}, said: readonly string[] = SAID): Parameters<typeof judgeMounted>[0] => facts({ mounted: known(overlay()), trial: { step: 'verify', kernel: known(said) }, ...change })

  test.each(SAID)('alone it tells nothing: %s', (line) => expect(judgeMounted(heard({}, [line]))).toEqual([]))
  test('for those who ask twice it is likely, and the first of its kind', () => expect(judgeMounted(heard(), { hearsay: true })).toMatchObject([{ code: 'upper-in-use', confidence: 'likely', evidence: [{ source: 'kernel-log' }] }]))
  test('with an index the kernel refuses, and warns of nothing', () => expect(judgeMounted(heard({ spec: { options: { index: 'on' } } }), { hearsay: true }).filter(({ code }) => code.endsWith('in-use'))).toEqual([]))
})
