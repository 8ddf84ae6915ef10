/** Facts → the findings of a failure. What can be brought about on a test machine is held by test/root/findings; here is the rest. */

import { assert, constantFrom, property, record, subarray, tuple } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { judgeFailure } from '../../../src/diagnose/judge.ts'
import { CREATE, SET, directory, facts, known, overlay, paths, refused, unknown } from './make-facts.ts'
import type { FactsChange } from './make-facts.ts'

const noRights = { capSysAdmin: known(false), mayMount: known(false), uid: 1000 } as const
const userns = { inUserNamespace: known(true) } as const
const old = { kernelRelease: '6.1.0-56-amd64' } as const

/** Name, facts, the codes in order, and how sure the first is (certain unless said). */
const CASES: readonly [name: string, change: FactsChange, codes: readonly FindingCode[], confidence?: string][] = [
  // the kernel’s order of checks, and its stage, tell one of several faults
  ['a missing lower before an overlap', { trial: { syscall: 'open', errno: 'ENOENT' }, paths: paths(refused('lower', '/l1', 'ENOENT'), directory('lower', '/u', { index: 1 })) }, ['lower-missing', 'layers-overlap']],
  ['an overlap before a missing lower', { trial: { syscall: CREATE, errno: 'ELOOP' }, paths: paths(refused('lower', '/l1', 'ENOENT'), directory('lower', '/u', { index: 1 })) }, ['layers-overlap', 'lower-missing']],
  ['a symlink loop at SET, an overlap at CREATE', { trial: { syscall: 'open', errno: 'ELOOP' }, paths: paths(refused('lower', '/l1', 'ELOOP'), directory('lower', '/u', { index: 1 })) }, ['symlink-loop', 'layers-overlap']],
  ['mount(2) looks at the target first', { trial: { syscall: 'mount', errno: 'ENOENT' }, paths: paths(refused('lower', '/l1', 'ENOENT'), refused('target', '/m', 'ENOENT')) }, ['target-missing', 'lower-missing']],
  ['fsconfig looks at the target last', { trial: { syscall: 'open', errno: 'ENOENT' }, paths: paths(refused('lower', '/l1', 'ENOENT'), refused('target', '/m', 'ENOENT')) }, ['lower-missing', 'target-missing']],
  ['rights before paths', { trial: { syscall: 'fsopen', errno: 'EPERM' }, system: noRights, paths: paths(refused('upper', '/u', 'ENOENT')) }, ['not-permitted', 'upper-missing']],
  ['a file at SET, nested trees at CREATE', { trial: { syscall: SET, errno: 'EINVAL' }, paths: paths(directory('lower', '/l1', { kind: 'file' }), directory('work', '/u')) }, ['layer-not-directory', 'work-upper-nested']],
  ['the same through mount(2)', { trial: { syscall: 'mount', errno: 'EINVAL' }, paths: paths(directory('lower', '/l1', { kind: 'file' }), directory('work', '/u')) }, ['layer-not-directory', 'work-upper-nested']],
  ['the kernel’s words before what is seen', { trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: maximum fs stacking depth exceeded']) }, paths: paths(directory('upper', '/u', { fsType: known('nfs4') }), directory('lower', '/l1', { stackDepth: unknown })) }, ['stack-too-deep', 'upper-remote']],

  // lines of other people’s mounts
  ['a stranger’s path in the kernel log', { trial: { syscall: 'mount', errno: 'ENOENT', kernel: known(["overlayfs: failed to resolve '/var/lib/docker/x': -2"]) }, paths: paths(refused('upper', '/u', 'ENOENT')) }, ['upper-missing']],
  ['a stranger’s words that end in another errno', { trial: { syscall: CREATE, errno: 'ELOOP', kernel: known(["overlayfs: missing 'workdir'", 'overlayfs: overlapping lowerdir path']) } }, ['layers-overlap']],
  ['a stranger’s option', { trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(["overlay: Unknown parameter 'bogus'", 'overlay: /l1 is not a directory']) }, paths: paths(directory('lower', '/l1', { kind: 'file' })) }, ['layer-not-directory']],
  ['a stranger’s mount(2) beside our fsconfig', { spec: { unknown: [{ key: 'x' }] }, trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(["overlay: Unknown parameter 'x'"]) }, paths: paths(directory('work', '/u')) }, ['work-upper-nested']],
  ['what cannot be true of our spec', { trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(["overlayfs: missing 'workdir'", "overlayfs: missing 'lowerdir'", 'overlayfs: maximum fs stacking depth exceeded', 'overlayfs: conflicting options: metacopy=on,redirect_dir=off']) } }, ['unknown'], 'possible'],
  ['seen and said before said alone', { trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: workdir and upperdir must reside under the same mount', 'overlayfs: workdir and upperdir must be separate subtrees']) }, paths: paths(directory('work', '/u')) }, ['work-upper-nested', 'work-other-mount']],
  ['names made relative are not strangers', { trial: { syscall: 'mount', errno: 'ENOENT', form: 'relative', kernel: known(["overlayfs: failed to resolve 'l1': -2"]) } }, ['lower-missing']],

  // words alone
  ['there again by the time of looking', { trial: { syscall: 'mount', errno: 'ENOENT', kernel: known(["overlayfs: failed to resolve '/w': -2"]) } }, ['work-missing']],
  ['a read-only upper on 6.1', { system: old, trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: upper fs is r/o, try multi-lower layers mount']) } }, ['upper-read-only']],
  ['an upper refused by an old kernel, on NFS', { system: old, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(["overlayfs: filesystem on '/u' not supported as upperdir"]) }, paths: paths(directory('upper', '/u', { fsType: known('nfs4') })) }, ['upper-remote']],
  ['missing features, on ZFS', { trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: upper fs missing required features.']) }, paths: paths(directory('upper', '/u', { fsType: known('zfs') })) }, ['upper-unsupported']],
  ['missing features, on what looks fine', { trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: upper fs missing required features.']) } }, ['upper-unsupported']],
  ['a layer with names of its own', { trial: { syscall: SET, errno: 'EINVAL', context: ['overlay: filesystem on /l2 not supported'] }, paths: paths(directory('lower', '/l2', { index: 1, fsType: known('vfat') })) }, ['lower-unsupported']],
  ['an upper with names of its own', { trial: { syscall: SET, errno: 'EINVAL', context: ['overlay: filesystem on /u not supported'] } }, ['upper-unsupported']],
  ['casefold', { trial: { syscall: SET, errno: 'EINVAL', context: ['overlay: case-insensitive directory on /l2 is inconsistent'] } }, ['casefold-mismatch']],
  ['an upper inside a lower, refused by 5.2', { system: { kernelRelease: '5.2.0' }, trial: { syscall: 'mount', errno: 'ELOOP', kernel: known(['overlayfs: overlapping upperdir path']) }, paths: paths(directory('upper', '/l1/u')) }, ['upper-inside-lower']],
  ['no d_type, refused by 4.9', { system: { kernelRelease: '4.9.0' }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlayfs: upper fs needs to support d_type.']) } }, ['upper-no-d-type']],
  ['a write error that nobody saw', { trial: { syscall: CREATE, errno: 'EIO', kernel: known(['overlayfs: Cannot mount volatile when upperdir has an unseen error. Sync upperdir fs to clear state.']) } }, ['upper-unsupported']],

  // options
  ['an option of a newer kernel', { system: old, spec: { options: { fsync: 'strict' } }, trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: unrecognized mount option "fsync=strict" or missing value']) } }, ['option-needs-newer-kernel']],
  ['the same, by version alone', { system: old, spec: { options: { fsync: 'strict' } }, trial: { syscall: CREATE, errno: 'EINVAL' } }, ['option-needs-newer-kernel'], 'likely'],
  ['a value of a newer kernel', { system: old, spec: { options: { uuid: 'auto' } }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlayfs: unrecognized mount option "uuid=auto" or missing value']) } }, ['option-needs-newer-kernel']],
  ['a value of no kernel', { spec: { options: { index: '1' } }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlayfs: unrecognized mount option "index=1" or missing value']) } }, ['option-bad-value']],
  ['one unknown word of two', { spec: { unknown: [{ key: 'subvol', value: 'x' }, { key: 'acl' }] }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(["overlay: Unknown parameter 'acl'"]) } }, ['option-unknown']],
  ['a key that came with layers', { system: old, spec: { unknown: [{ key: 'lowerdir+', value: '/l' }] }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlayfs: unrecognized mount option "lowerdir+=/l" or missing value']) } }, ['option-needs-newer-kernel']],
  ['data-only layers on 6.1', { system: old, spec: { data: [{ path: '/d' }] }, trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlayfs: empty lowerdir']) } }, ['option-needs-newer-kernel']],
  ['data-only layers on 6.12', { spec: { data: [{ path: '/d' }] }, trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: lower data-only dirs require metacopy support.']) } }, ['option-conflict']],
  ['a conflict that the validator does not know', { spec: { options: { verity: 'on', redirect_dir: 'off' } }, trial: { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: conflicting options: verity=on,redirect_dir=off']) } }, ['option-conflict']],
  ['the remount of an overlay', { trial: { step: 'remount', syscall: 'fsconfig(SET_STRING)', errno: 'EINVAL', context: ['overlay: No changes allowed in reconfigure'] } }, ['remount-change-ignored']],

  // limits
  ['a value too long for mount(8) of today', { spec: { lower: [{ path: `/${'a'.repeat(130)}` }, { path: `/${'b'.repeat(130)}` }] }, trial: { syscall: 'mount.util-linux', context: ['mount: /m: wrong fs type, bad option, bad superblock on overlay, missing codepage or helper program, or other error.'] } }, ['value-too-long']],
  ['not too long when the kernel says otherwise', { spec: { lower: [{ path: `/${'a'.repeat(300)}` }, { path: '/l2' }] }, trial: { syscall: SET, errno: 'EINVAL', form: 'lowerdir+', context: ['overlay: Unknown parameter \'x\''] } }, ['option-unknown']],
  ['shortened names were not cut', { spec: { lower: Array.from({ length: 60 }, (_, i) => ({ path: `/${'n'.repeat(90)}${i}` })) }, trial: { syscall: 'mount', errno: 'EINVAL', form: 'relative' } }, ['unknown'], 'possible'],
  ['500 and more', { spec: { lower: Array.from({ length: 501 }, (_, i) => ({ path: `/l/${i}` })) }, trial: { syscall: SET, errno: 'EINVAL' } }, ['too-many-layers']],
  ['as many mounts as may be', { system: { mountMax: known(30) }, trial: { syscall: 'move_mount', errno: 'ENOSPC' } }, ['mount-limit']],
  ['a full disk', { paths: paths(directory('upper', '/u', { free: known({ bytes: '4096', inodes: '9', totalInodes: '10' }) })), trial: { syscall: CREATE, errno: 'ENOSPC' } }, ['no-space']],
  ['a disk without inodes', { paths: paths(directory('upper', '/u', { free: known({ bytes: '99999999', inodes: '0', totalInodes: '10' }) })), trial: { syscall: 'mkdir', errno: 'ENOSPC', step: 'make-dir' } }, ['no-inodes']],
  ['btrfs counts no inodes', { paths: paths(directory('upper', '/u', { free: known({ bytes: '99999999', inodes: '0', totalInodes: '0' }) })), trial: { syscall: CREATE, errno: 'ENOSPC' } }, ['no-space'], 'possible'],
  ['a full disk that is not the cause', { paths: paths(directory('upper', '/u', { free: known({ bytes: '0', inodes: '9', totalInodes: '10' }) }), refused('work', '/w', 'ENOENT')), trial: { syscall: 'open', errno: 'ENOENT' } }, ['work-missing', 'no-space']],

  // rights
  ['no module', { system: { overlayRegistered: known(false) }, trial: { syscall: 'fsopen', errno: 'ENODEV' } }, ['module-missing']],
  ['a kernel update without a reboot', { system: { overlayRegistered: known(false), modulesInstalled: known(false) }, trial: { context: ["mount: /m: unknown filesystem type 'overlay'."], syscall: 'mount' } }, ['module-missing']],
  ['a user, and user namespaces closed', { system: { ...noRights, userNamespaceLimits: known({ 'user.max_user_namespaces': '0' }) }, trial: { syscall: 'fsopen', errno: 'EPERM' } }, ['not-permitted', 'userns-disabled']],
  ['a user namespace that AppArmor emptied', { system: { ...noRights, ...userns, userNamespaceLimits: known({ 'kernel.apparmor_restrict_unprivileged_userns': '1' }) }, trial: { syscall: 'mount', errno: 'EPERM' } }, ['userns-disabled', 'not-permitted']],
  ['mount(8) as a user', { system: noRights, trial: { syscall: 'mount', context: ['mount: /m: must be superuser to use mount.'] } }, ['not-permitted']],
  ['an option refused in a user namespace', { system: userns, spec: { options: { metacopy: 'on' } }, trial: { syscall: CREATE, errno: 'EPERM' } }, ['userns-option-refused']],
  ['redirect_dir=nofollow is not', { system: userns, spec: { options: { redirect_dir: 'nofollow' } }, trial: { syscall: 'mount', errno: 'EPERM' } }, ['lsm-denied'], 'possible'],
  ['mounts below a layer', { system: userns, paths: paths(directory('lower', '/l1', { mountsBelow: known(['/l1/proc', '/l1/sys']) })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['userns-locked-mounts']],
  ['mounts below a layer do not matter to root', { paths: paths(directory('lower', '/l1', { mountsBelow: known(['/l1/proc']) })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['unknown'], 'possible'],
  ['a directory that may not be searched', { paths: paths(refused('lower', '/root/l', 'EACCES', { culprit: '/root', culpritFsType: known('ext4') })), trial: { syscall: 'open', errno: 'EACCES' } }, ['path-unreadable']],
  ['FUSE that admits nobody', { paths: paths(refused('lower', '/f/l', 'EACCES', { culprit: '/f', culpritFsType: known('fuse.sshfs') })), trial: { syscall: 'open', errno: 'EACCES' } }, ['mounter-credentials']],
  ['mount(8) says read-only and means EACCES', { paths: paths(refused('lower', '/root/l', 'EACCES', { culprit: '/root' })), trial: { syscall: 'mount', context: ['mount: /m: cannot mount overlay read-only.'] } }, ['path-unreadable']],
  ['EACCES that no bit explains', { system: { securityModules: known(['lockdown', 'capability', 'selinux']) }, trial: { syscall: CREATE, errno: 'EACCES' } }, ['lsm-denied'], 'likely'],
  ['id mapping refused', { spec: { lower: [{ path: '/l1', idmap: 'b:0:1000:1' }] }, trial: { step: 'clone-idmapped', syscall: 'mount_setattr', errno: 'EINVAL' } }, ['idmap-unsupported']],

  // what is made, attached, hidden
  ['ovl makes what is missing, and another thing failed', { spec: { mkdir: true }, paths: paths(refused('target', '/m', 'ENOENT', { made: true }), refused('work', '/w', 'ENOENT', { made: true })), trial: { syscall: CREATE, errno: 'ELOOP', kernel: known(['overlayfs: overlapping lowerdir path']) } }, ['layers-overlap']],
  ['a derived work on another mount', { paths: paths(directory('upper', '/mnt/u', { mountId: known(30), mountPoint: known('/mnt/u'), place: known({ superblock: '8:2', path: '/' }) }), refused('work', '/mnt/u.work', 'ENOENT', { made: true, mountId: known(20), mountPoint: known('/'), place: known({ superblock: '8:1', path: '/mnt/u.work' }) })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['work-other-filesystem']],
  ['an image that ovl attaches', { paths: paths(directory('lower', '/l1.img', { kind: 'file', image: 'squashfs' })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['unknown'], 'possible'],
  ['an image named to mount(2)', { paths: paths(directory('lower', '/l1.img', { kind: 'file', image: 'squashfs' })), trial: { syscall: 'mount', errno: 'EINVAL', kernel: known(['overlay: /l1.img is not a directory']) } }, ['layer-not-directory']],
  ['two subvolumes are no reason', { paths: paths(directory('work', '/w', { device: '2' })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['unknown', 'work-other-filesystem'], 'possible'],
  ['a mount on a layer is not inside it', { paths: paths(directory('lower', '/l1'), directory('lower', '/l1/t', { index: 1, place: known({ superblock: '0:44', path: '/' }), device: '44', mountId: known(44) })), trial: { syscall: CREATE, errno: 'ELOOP' } }, ['unknown'], 'possible'],
  ['overlay inodes may be equal by chance', { paths: paths(directory('lower', '/l1', { fsType: known('overlay'), inode: '5' }), directory('lower', '/l2', { index: 1, fsType: known('overlay'), inode: '5' })), trial: { syscall: CREATE, errno: 'ELOOP' } }, ['unknown'], 'possible'],

  ['a directory that may not be made', { spec: { mkdir: true }, paths: paths(refused('target', '/x/m', 'ENOENT', { made: true, culprit: '/x/m' })), trial: { step: 'make-dir', syscall: 'mkdir', errno: 'EACCES' } }, ['path-unreadable'], 'likely'],
  ['a user may not make it, and may not mount either', { system: noRights, spec: { mkdir: true }, paths: paths(refused('target', '/x/m', 'ENOENT', { made: true, culprit: '/x/m' })), trial: { step: 'make-dir', syscall: 'mkdir', errno: 'EACCES' } }, ['not-permitted']],
  ['a target that cannot be made on a read-only file system', { spec: { mkdir: true }, paths: paths(refused('target', '/ro/m', 'ENOENT', { made: true, culprit: '/ro/m' })), trial: { step: 'make-dir', syscall: 'mkdir', errno: 'EROFS' } }, ['target-missing'], 'likely'],
  ['of several that ovl was to make, the one on the read-only file system', { spec: { mkdir: true }, paths: paths(refused('work', '/w/w', 'ENOENT', { made: true, mountReadOnly: known(false) }), refused('target', '/ro/m', 'ENOENT', { made: true, mountReadOnly: known(true) })), trial: { step: 'make-dir', syscall: 'mkdir', errno: 'EROFS' } }, ['target-missing'], 'likely'],
  ['an upper that cannot be made there', { spec: { mkdir: true }, paths: paths(refused('upper', '/ro/u', 'ENOENT', { made: true, fsType: known('ext4'), mountReadOnly: known(true), mountPoint: known('/ro') })), trial: { step: 'make-dir', syscall: 'mkdir', errno: 'EROFS' } }, ['upper-read-only']],
  ['an owner without a counterpart', { system: userns, trial: { syscall: CREATE, errno: 'EOVERFLOW' } }, ['owner-unmapped'], 'likely'],

  // guesses, and none
  ['in use by somebody unseen', { spec: { options: { index: 'on' } }, trial: { syscall: CREATE, errno: 'EBUSY' } }, ['upper-in-use'], 'likely'],
  ['in use by somebody seen', { spec: { options: { index: 'on' } }, holders: known([{ mountId: 7, target: '/n', role: 'upper', path: '/u', device: '9', inode: '9', place: known({ superblock: '8:1', path: '/u' }) }]), trial: { context: ['mount: /m: overlay already mounted on /elsewhere.'], syscall: 'mount' } }, ['upper-in-use']],
  ['an overlay that cannot be followed', { paths: paths(directory('lower', '/l1', { fsType: known('overlay'), stackDepth: unknown })), trial: { syscall: CREATE, errno: 'EINVAL' } }, ['stack-too-deep'], 'likely'],
  ['stale without an index', { spec: { options: { index: 'off' } }, trial: { syscall: CREATE, errno: 'ESTALE' } }, ['unknown'], 'possible'],
  ['stale with an index by default', { system: { moduleParameters: known({ index: 'Y' }) }, trial: { syscall: CREATE, errno: 'ESTALE' } }, ['index-mismatch']],
  ['stale and nobody knows', { system: { moduleParameters: unknown }, trial: { syscall: CREATE, errno: 'ESTALE' } }, ['index-mismatch'], 'likely'],
  ['a fault that cannot end so', { paths: paths(refused('upper', '/u', 'ENOENT')), trial: { syscall: CREATE, errno: 'EIO' } }, ['upper-missing'], 'possible'],
  ['nothing at all', { trial: { syscall: CREATE, errno: 'ENOMEM' } }, ['unknown'], 'possible'],
  ['no spec, no paths', { paths: [], trial: { syscall: 'mount', errno: 'EINVAL' } }, ['unknown'], 'possible'],
]

describe('the first finding, and the ones after it', () => {
  test.each(CASES.map(([name, change, codes, confidence = 'certain']) => ({ name, change, codes, confidence })))('$name', ({ change, codes, confidence }) => {
    const findings = judgeFailure(facts(change))
    expect(findings.map(({ code }) => code), JSON.stringify(findings, null, 1)).toEqual(codes)
    expect(findings[0]?.confidence).toBe(confidence)
    expect(findings[0]?.fix.length).toBeGreaterThan(0)
  })
})

test('without a trial it says what would fail, and nothing when nothing would', () => {
  expect(judgeFailure(facts())).toEqual([])
  const codes = judgeFailure(facts({ paths: paths(refused('lower', '/l1', 'ENOENT'), directory('work', '/u')) })).map(({ code }) => code)
  expect(codes).toEqual(['lower-missing', 'work-upper-nested'])
})

test('words and facts of one cause are one finding', () => {
  const [first, ...rest] = judgeFailure(facts({ paths: paths(refused('lower', '/l1', 'ENOENT')), trial: { syscall: 'mount', errno: 'ENOENT', kernel: known(["overlayfs: failed to resolve '/l1': -2"]) } }))
  expect(rest).toEqual([])
  expect(first?.evidence).toEqual([{ fact: "stat('/l1'): ENOENT", source: 'stat' }, { fact: "overlayfs: failed to resolve '/l1': -2", source: 'kernel-log' }])
})

test('commands are complete, quoted, and hold the user’s own paths', () => {
  const path = "/it's a -dir"
  const [missing] = judgeFailure(facts({ spec: { upper: path }, paths: paths(refused('upper', path, 'ENOENT')), trial: { syscall: 'open', errno: 'ENOENT' } }))
  expect(missing?.title).toBe(`upper '${path}' does not exist`)
  expect(missing?.fix[0]?.command).toBe(String.raw`mkdir -p -- '/it'\''s a -dir'`)
  const [nested] = judgeFailure(facts({ spec: { upper: path, work: path, options: { volatile: true }, flags: ['nosuid'] }, paths: paths(directory('upper', path), directory('work', path)), trial: { syscall: CREATE, errno: 'EINVAL' } }))
  expect(nested?.fix[0]?.command).toBe(String.raw`ovl mount -l /l1 -l /l2 -u '/it'\''s a -dir' -o nosuid,volatile /m`)
})

test('a relative path is named as it was said, with where it was looked for', () => {
  const [first] = judgeFailure(facts({ paths: paths(refused('lower', 'l1', 'ENOENT', { absolute: '/here/l1', culprit: '/here/l1' })), trial: { syscall: 'open', errno: 'ENOENT' } }))
  expect(first?.title).toBe("lower 'l1' (in '/here') does not exist")
})

test('the holder of a directory is named with its mount', () => {
  const holder = { mountId: 7, target: '/n', role: 'upper', path: '/u', device: '9', inode: '9', place: known({ superblock: '8:1', path: '/u' }) } as const
  const inside = judgeFailure(facts({ spec: { options: { index: 'on' } }, holders: known([holder]), overlays: known([overlay({ id: 7, target: '/n' })]), paths: paths(directory('lower', '/u/sub')), trial: { syscall: CREATE, errno: 'EBUSY' } }))
  expect(inside.find(({ code }) => code === 'upper-in-use')?.title).toBe("upper '/u' is in use: it is the upper of the overlay at '/n'")
})

test('a failure is never left without a finding, whatever was seen and said', () => {
  const lines = ["overlayfs: failed to resolve '/l1': -2", 'overlayfs: conflicting lowerdir path', "overlay: Unknown parameter 'x'", "overlay: Bad value for 'index'", 'overlayfs: upper fs missing required features.', 'nonsense', '']
  const system = record({ capSysAdmin: constantFrom(known(true), known(false), unknown), mayMount: constantFrom(known(true), known(false), unknown), inUserNamespace: constantFrom(known(true), known(false), unknown), moduleParameters: constantFrom(unknown, known({})), kernelRelease: constantFrom('6.18.1', '5.4.0', '') })
  const trial = record({
    syscall: constantFrom('mount', 'open', 'fsopen', SET, CREATE, 'move_mount', 'mkdir', 'something'),
    errno: constantFrom('EPERM', 'ENOENT', 'EIO', 'EACCES', 'EBUSY', 'ENODEV', 'ENOTDIR', 'EINVAL', 'ENOSPC', 'EROFS', 'ELOOP', 'ESTALE', 'ENOMEM', 'E999'),
    context: subarray(lines), kernel: tuple(subarray(lines)).map(([some]) => known(some)),
  })
  const odd = subarray([refused('lower', '/l1', 'ENOENT'), refused('upper', '/u', 'EACCES'), refused('work', '/w', 'ELOOP'), refused('target', '/m', 'EIO'), directory('lower', '/l2', { index: 1, kind: 'file' }), directory('work', '/u')])
  assert(property(system, trial, odd, (changed, tried, some) => {
    const findings = judgeFailure(facts({ system: changed, trial: tried, paths: paths(...some) }))
    expect(findings.length).toBeGreaterThan(0)
    const keys = findings.map(({ code, title }) => `${code} ${title}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const { title, explanation } of findings) expect(title.length > 0 && explanation.length > 0 && !/undefined|\[object/.test(title), title).toBe(true)
  }), { numRuns: 500 })
})
