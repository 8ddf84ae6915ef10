/** Long texts about paths that lead nowhere, or not to a directory. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_READ_ONLY, SAYS_SPECIAL_DEVICE, SAYS_TOO_MANY_LINKS, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type PathCode = Extract<
  FindingCode,
  | 'lower-missing' | 'upper-missing' | 'work-missing' | 'target-missing' | 'path-not-expanded'
  | 'layer-not-directory' | 'target-not-directory' | 'path-unreadable' | 'symlink-loop' | 'lower-not-mounted-yet' | 'submounts-hidden'
>

export const PATH_TEXTS: Readonly<Record<PathCode, LongText>> = {
  'lower-missing': {
    what: 'A directory that was named as a lower layer does not exist. A relative path is looked up from the working directory of whoever mounts.',
    why: 'The kernel opens every layer while it mounts and makes none of them. One that is missing fails the whole mount (ENOENT).',
    see: ['namei -l LOWER   # the first part that is missing', KERNEL_LOG],
    fix: [
      'Correct the path. A colon in a name must be written “\\:”, or the kernel sees two paths.',
      'If something should be mounted there, mount that first.\nmount MOUNTPOINT',
      'Or leave that layer out.',
    ],
    reads: [SAYS_SPECIAL_DEVICE, "kernel log: overlayfs: failed to resolve 'LOWER': -2", 'podman: creating overlay mount to …: no such file or directory'],
  },
  'upper-missing': {
    what: 'The upper directory, to which changes are written, does not exist.',
    why: 'The kernel opens upper while it mounts and never makes it. A missing one fails the mount (ENOENT).',
    see: ['namei -l UPPER   # the first part that is missing', KERNEL_LOG],
    fix: ['Correct the path, or mount first what should be mounted there.', 'Make it, together with its work directory.\nmkdir -p UPPER WORK', 'Or let ovl make them.\novl mount -l LOWER -u UPPER --mkdir TARGET'],
    reads: [SAYS_SPECIAL_DEVICE, "kernel log: overlayfs: failed to resolve 'UPPER': -2", 'OpenWrt, mount_root: No such device'],
  },
  'work-missing': {
    what: 'The work directory, in which the kernel prepares changes, does not exist.',
    why: 'The kernel opens work while it mounts. It makes only a directory “work” inside of it, never the directory itself (ENOENT).',
    see: ['namei -l WORK   # the first part that is missing', KERNEL_LOG],
    fix: ['Make it beside upper, on the same mount.\nmkdir WORK', 'Or let ovl make it: UPPER.work, where -w does not say otherwise.\novl mount -l LOWER -u UPPER TARGET'],
    reads: [SAYS_SPECIAL_DEVICE, "kernel log: overlayfs: failed to resolve 'WORK': -2"],
  },
  'target-missing': {
    what: 'The directory on which the overlay is to be mounted does not exist.',
    why: 'A mount covers a directory that is there already. mount(2) looks at the target before all layers, the new mount API after them.',
    see: ['namei -l TARGET   # the first part that is missing'],
    fix: ['Make it.\nmkdir -p TARGET', 'Let ovl make it: --mkdir. In fstab the option X-mount.mkdir does so.'],
    reads: ['mount: TARGET: mount point does not exist.'],
  },
  'path-not-expanded': {
    what: 'A “~”, a “$NAME” or a quote reached the kernel as it was written. It was taken for a part of a directory name.',
    why: 'Only a shell expands these, and inside an option list it mostly does not. Fstab, unit files and programs without a shell never do.',
    see: ['grep -n overlay /etc/fstab', KERNEL_LOG],
    fix: ['Write absolute paths.', 'In a shell, put the whole option list into double quotes and use $HOME.\nmount -t overlay overlay TARGET -o "lowerdir=$HOME/LOWER1:$HOME/LOWER2"'],
    reads: [SAYS_SPECIAL_DEVICE, "kernel log: overlayfs: failed to resolve '~/UPPER': -2"],
  },
  'layer-not-directory': {
    what: 'A layer is a file, a disk image or a device, or a part of its path is one.',
    why: 'Every layer is a directory. An image or a block device has to be mounted first, and the directory it is mounted on is the layer.',
    see: ["stat -c '%F %n' LOWER UPPER WORK", 'namei -l PATH   # only d (and l) may begin the lines', KERNEL_LOG],
    fix: ['Name the directory.', 'Let ovl attach the image, read-only.\novl mount -l IMAGE -u UPPER TARGET', 'Or mount it yourself and name that directory.\nmount -o ro,loop IMAGE DIR'],
    since: 'Until Linux 6.4 the kernel log puts the path into quotes; since 6.5 it does not.',
    reads: [
      SAYS_WRONG_FS, 'mount: TARGET: mount(2) system call failed: Not a directory.', "kernel log until 6.4: overlayfs: 'PATH' not a directory",
      'kernel log since 6.5: overlay: PATH is not a directory', "kernel log, for a part of the path: overlayfs: failed to resolve 'PATH': -20",
    ],
  },
  'target-not-directory': {
    what: 'The place on which the overlay is to be mounted is not a directory.',
    why: 'The merged tree is a directory, and a directory can only cover a directory. mount(2) answers ENOTDIR, the new mount API EINVAL.',
    see: ["stat -c '%F %n' TARGET"],
    fix: ['Name an existing directory as the target.', 'Or make a new one.\nmkdir -p TARGET'],
    reads: ['mount: TARGET: mount point is not a directory.'],
  },
  'path-unreadable': {
    what: 'Whoever mounts may not search one of the directories on the way to a layer or to the target.',
    why: 'Each directory of a path needs the x permission for the mounting user. That the last one is readable does not help (EACCES).',
    see: ['namei -l PATH   # run it as the user who mounts', KERNEL_LOG],
    fix: ['Move the layers to a place which that user may reach.', 'Let that user pass, without letting others list it.\nsetfacl -m u:USER:x DIR', 'Or let everybody pass.\nchmod o+x DIR'],
    reads: [SAYS_READ_ONLY, "kernel log: overlayfs: failed to resolve 'PATH': -13"],
  },
  'symlink-loop': {
    what: 'A path really leads in a circle of symbolic links. The same error with other words in the kernel log means layers that overlap: see layers-overlap.',
    why: 'Such a path never arrives at a directory (ELOOP).',
    see: ['namei -l PATH', KERNEL_LOG],
    fix: ['Find the link that leads back, and point it to the directory that was meant.\nls -l PATH', 'Or name the directory itself, without links.'],
    reads: [SAYS_TOO_MANY_LINKS, "kernel log: overlayfs: failed to resolve 'PATH': -40"],
  },
  'lower-not-mounted-yet': {
    what: 'A layer lies on another mount that was not there yet, mostly while booting. The overlay line itself is right.',
    why: 'Nothing derives the order from lowerdir, upperdir or workdir: systemd orders a mount only after the mounts above its target. In an initrd the paths are not prefixed with /sysroot either.',
    see: ['findmnt -T LOWER   # the mount that it needs', 'systemctl list-units --type=mount --failed', 'journalctl -b -k -g overlay'],
    fix: [
      'In fstab, name each directory in an option of its own: x-systemd.requires-mounts-for=LOWER (and so for UPPER).',
      'Or let the first use mount it: noauto,x-systemd.automount. A boot then never waits for it.',
    ],
    reads: [SAYS_SPECIAL_DEVICE, "kernel log, early in the boot: overlayfs: failed to resolve 'LOWER': -2"],
  },
  'submounts-hidden': {
    what: 'Something is mounted below a layer, and is not part of the overlay: below that mount point the merged tree shows the directory beneath it, mostly an empty one.',
    why: 'A layer is one mount. The kernel takes the directory as it is on that mount, and does not cross into others.',
    see: ['findmnt -R LOWER   # what is mounted below it'],
    fix: [
      'Bind what is needed into the merged tree.\nmount --bind LOWER/SUB TARGET/SUB',
      'Or put an overlay of its own over it, at the same place in the merged tree.',
    ],
    reads: ['nothing: the mount succeeds, and directories that should be full are empty'],
  },
}
