/** Long texts about which options were given. How they were written stands in spelling.ts. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type OptionCode = Extract<
  FindingCode,
  | 'lowerdir-required' | 'work-required' | 'single-lower-without-upper' | 'option-unknown' | 'option-needs-newer-kernel'
  | 'option-bad-value' | 'option-conflict' | 'too-many-layers' | 'filesystem-type-renamed' | 'remount-change-ignored'
>

const UNRECOGNISED = 'kernel log until 6.4: overlayfs: unrecognized mount option "NAME" or missing value'

export const OPTION_TEXTS: Readonly<Record<OptionCode, LongText>> = {
  'lowerdir-required': {
    what: 'No lower directory was given, or only data-only ones.',
    why: 'An overlay lies over something. At least one lower that is not data-only has to be there (EINVAL).',
    see: [KERNEL_LOG, 'grep -n overlay /etc/fstab   # a typo in lowerdir=?'],
    fix: ['Name a lower directory: lowerdir=LOWER, or ovl mount -l LOWER.', 'An empty directory will do, if upper is all you have.'],
    reads: [SAYS_WRONG_FS, "kernel log: overlayfs: missing 'lowerdir'", 'kernel log: overlayfs: missing upperdir or lowerdir or workdir', 'kernel log: overlayfs: at least one non-data lowerdir is required'],
  },
  'work-required': {
    what: 'An upper was given, and no work directory.',
    why: 'The kernel makes each change in work and moves it into upper when it is whole. So a writable overlay has a work directory beside upper, on the same mount (EINVAL).',
    see: [KERNEL_LOG, 'grep -n overlay /etc/fstab   # a typo in workdir=?'],
    fix: ['Make a directory beside upper and name it: workdir=WORK.\nmkdir UPPER.work', 'Or leave that to ovl.\novl mount -l LOWER -u UPPER TARGET'],
    reads: [SAYS_WRONG_FS, "kernel log: overlayfs: missing 'workdir'"],
  },
  'single-lower-without-upper': {
    what: 'One lower directory was given, and no upper.',
    why: 'Such an overlay would show just that directory, so the kernel refuses (EINVAL). A workdir without upperdir does not count: it is ignored.',
    see: [KERNEL_LOG],
    fix: ['To write: add an upper and a work directory.', 'To look only: use a bind mount.\nmount --bind -o ro LOWER TARGET', 'To merge: add a second lower.'],
    since: 'Several lowers, and none but lowers, since Linux 4.0.',
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: at least 2 lowerdir are needed while upperdir nonexistent'],
  },
  'option-unknown': {
    what: 'A word among the options is no option of overlayfs: a typo, an option of another file system, or a piece of a path that was cut at a comma.',
    why: 'The kernel refuses the whole mount for one word that it does not know (EINVAL). Words such as nosuid or noatime are flags, which mount(8) takes out of the string; the kernel itself does not know them there.',
    see: [KERNEL_LOG, 'ovl mount --help   # the options there are'],
    fix: ['Correct it or leave it out.', 'A comma in a path is written “\\,” (see unescaped-comma).', 'On a root file system: options of the real disk (rootflags=subvol=…) do not belong to the overlay.'],
    since: 'The words changed with Linux 6.5. context= is unknown where no SELinux is.',
    reads: [SAYS_WRONG_FS, "kernel log since 6.5: overlay: Unknown parameter 'NAME'", UNRECOGNISED, "mount(8) with the new mount API: fsconfig() failed: overlay: Unknown parameter 'NAME'."],
  },
  'option-needs-newer-kernel': {
    what: 'The option is a true one, and this kernel does not have it.',
    why: 'An older kernel cannot tell it from a typo, so it refuses the whole mount (EINVAL). Distributions bring features to older kernels, so the version alone proves nothing: ovl doctor tries them out.',
    see: ['uname -r', 'ovl doctor', KERNEL_LOG],
    fix: ['Leave the option out.', 'Or boot a newer kernel.'],
    since:
      'redirect_dir 4.10, index 4.13, nfs_export 4.16, xino 4.17, metacopy 4.19, volatile 5.10, userxattr 5.11, data-only layers 6.5, verity 6.6, lowerdir+ and datadir+ 6.7, override_creds 6.15, fsync= 7.0 and later releases of 6.12 and 6.18.',
    reads: [SAYS_WRONG_FS, "kernel log since 6.5: overlay: Unknown parameter 'NAME'", UNRECOGNISED, 'podman: volatile on an old kernel: invalid argument'],
  },
  'option-bad-value': {
    what: 'The option is known, and its value is not; or a value is missing, or a flag was given one.',
    why: 'The kernel takes exactly the words it lists: on and off, and neither 1 nor yes (EINVAL).',
    see: [KERNEL_LOG, 'ovl mount --help   # the values there are'],
    fix: ['Use one of the values that the option has.', 'Write a flag (volatile, userxattr, default_permissions) without “=”.'],
    since: 'uuid= takes on and off until Linux 6.5, null, off, auto and on since 6.6. The words changed with 6.5.',
    reads: [SAYS_WRONG_FS, "kernel log since 6.5: overlay: Bad value for 'NAME'", "kernel log since 6.5: overlay: Unexpected value for 'NAME'", UNRECOGNISED, 'kernel log until 6.4: overlayfs: bad mount option "redirect_dir=VALUE"'],
  },
  'option-conflict': {
    what: 'Two options exclude each other: metacopy=on with a redirect_dir other than on, nfs_export=on with index=off or metacopy=on, userxattr with any of metacopy=on, redirect_dir=on, redirect_dir=follow.',
    why: 'What one promises the other takes away, so the kernel refuses when both were asked for (EINVAL). It prints the value it understood: redirect_dir=off may read follow.',
    see: [KERNEL_LOG],
    fix: ['Drop the one of the two that you need less.', 'Ask for metacopy=on or nfs_export=on alone: what they need is then turned on with them.'],
    since: 'Until Linux 6.15 also: verity with userxattr, metacopy=off or redirect_dir=off; and data-only layers without metacopy=on. Since 6.16 these are fine. Without an upper, metacopy=on with redirect_dir=off or follow is fine as well.',
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: conflicting options: metacopy=on,redirect_dir=follow', 'kernel log until 6.15: overlayfs: lower data-only dirs require metacopy support.'],
  },
  'too-many-layers': {
    what: 'There are more lower layers than the kernel stacks (500, data-only ones included), or than a container runtime allows (128 for Docker).',
    why: 'Every look-up of a name may have to ask each layer. The kernel has a fixed limit (EINVAL).',
    see: [KERNEL_LOG, 'ovl options -l LOWER1 -l LOWER2 -u UPPER --explain'],
    fix: ['Merge some of the layers into one directory.', 'In a build: join steps, so that fewer layers are made.'],
    since: 'Some kernels from 6.8 to 6.12 stop at 499 in lowerdir=.',
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: too many lower directories, limit is 500', 'Docker, podman: max depth exceeded'],
  },
  'filesystem-type-renamed': {
    what: 'The mount was asked for with the type “overlayfs”. The type is “overlay”.',
    why: '“overlayfs” was the name in patched kernels of Ubuntu and OpenWrt before overlay became a part of Linux. The kernel knows no type of that name any more (ENODEV).',
    see: ['grep overlay /proc/filesystems', 'grep -n overlayfs /etc/fstab'],
    fix: ['Use the type overlay, and name a work directory: the old one had none.\novl mount -t overlay overlay TARGET -o lowerdir=L,upperdir=U,workdir=W'],
    since: 'overlay since Linux 3.18.',
    reads: ["mount: TARGET: unknown filesystem type 'overlayfs'."],
  },
  'remount-change-ignored': {
    what: 'A remount tried to change layers or overlay options, or repeated them as mount(8) does.',
    why: 'They are fixed when the overlay is mounted; only flags such as ro can change. mount(2) ignores the rest without a word, the new mount API refuses it (EINVAL).',
    see: ['findmnt -o TARGET,OPTIONS TARGET', 'mount --version   # 2.39 and newer use the new mount API', 'grep -n overlay /etc/fstab'],
    fix: ['For ro and rw alone: change the mount only.\nmount -o remount,bind,ro TARGET', 'Let ovl do it, which sends only what can change.\novl remount TARGET -o ro', 'For layers and overlay options: unmount, and mount again.'],
    since: 'mount(8) of util-linux 2.38 can remount an overlay with ro. That of 2.43 sends the layers again, and fails.',
    reads: ['mount: TARGET: fsconfig() failed: overlay: No changes allowed in reconfigure.', 'mount: TARGET: mount point not mounted or bad option.'],
  },
}
