/** Long texts about how layers lie to each other, and to the layers of other mounts. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_TOO_MANY_LINKS, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type LayerCode = Extract<
  FindingCode,
  | 'layers-overlap' | 'upper-inside-lower' | 'work-upper-nested' | 'work-other-filesystem' | 'work-other-mount'
  | 'stack-too-deep' | 'upper-in-use' | 'work-in-use' | 'lower-in-use' | 'submounts-hidden'
>

const SAME_MOUNT = 'kernel log: overlayfs: workdir and upperdir must reside under the same mount'
const ALREADY_MOUNTED = 'mount: TARGET: overlay already mounted on OTHER. (It compares names of sources: OTHER may have nothing to do with it.)'
const BUSY = 'Docker, podman: device or resource busy'
const INDEX = 'cat /sys/module/overlay/parameters/index   # the default of index='
const SINCE_IN_USE = 'Linux 4.13 began to refuse it. On 6.18 index=on decides: with it EBUSY, without it a warning in the kernel log.'

const inUse = (role: string, refused: boolean): string =>
  `kernel log: overlayfs: ${role}dir is in-use as upperdir/workdir of another mount, ${refused ? "mount with '-o index=off' to override exclusive upperdir protection." : 'accessing files from both mounts will result in undefined behavior.'}`

export const RELATION_TEXTS: Readonly<Record<LayerCode, LongText>> = {
  'layers-overlap': {
    what: 'The same directory is named twice, perhaps through a symbolic link, or a lower layer lies inside another layer (inside upper and work, too).',
    why: 'One file would then be two things at once, so the kernel refuses (ELOOP). No symbolic link is at fault.',
    see: ["stat -L -c '%d:%i %n' LOWER1 LOWER2 UPPER WORK   # the same twice?", 'realpath LOWER1 LOWER2 UPPER WORK   # one inside another?', KERNEL_LOG],
    fix: ['Name each layer once.', 'Put the layers into directories beside each other.', 'In a container store this is a damaged or doubled layer: remove the image and pull it again.'],
    reads: [SAYS_TOO_MANY_LINKS, 'kernel log: overlayfs: conflicting lowerdir path', 'kernel log: overlayfs: overlapping lowerdir path', 'Docker: too many levels of symbolic links', 'bwrap: Overlay directories may not overlap'],
  },
  'upper-inside-lower': {
    what: 'Upper or work lies inside a lower layer. It mounts, and fails later.',
    why: 'Through the merged tree one comes to upper as a part of the lower. There every access fails (ELOOP), so copies and searches of the whole tree stop at that directory.',
    see: ['realpath LOWER UPPER WORK', KERNEL_LOG],
    fix: ['Unmount, and move upper and work to a place outside of the lower.', 'Or name as lowers the directories that do not contain them.'],
    since: 'Some kernels from 5.1.15 on refused the mount itself. Linux 6.18 mounts it.',
    reads: ['Too many levels of symbolic links, for one directory of the merged tree', "kernel log: overlayfs: failed lookup in lower (/LOWER, name='NAME', err=-40): overlapping layers"],
  },
  'work-upper-nested': {
    what: 'Work lies inside upper, upper lies inside work, or both are the same directory.',
    why: 'The kernel makes each change in work and then moves it into upper. What it keeps in work must not be seen in the merged tree, so they have to be two separate trees (EINVAL).',
    see: ['realpath UPPER WORK', KERNEL_LOG],
    fix: ['Put work beside upper.\nmkdir UPPER.work'],
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: workdir and upperdir must be separate subtrees'],
  },
  'work-other-filesystem': {
    what: 'Upper and work lie on different file systems, or in different btrfs subvolumes.',
    why: 'A change is made in work and then renamed into upper, and no rename crosses from one file system to another (EINVAL). Two btrfs subvolumes of one mount do get mounted, but then even appending and deleting fail (EXDEV).',
    see: ['findmnt -o ID,TARGET,FSTYPE -T UPPER; findmnt -o ID,TARGET,FSTYPE -T WORK', "stat -c '%d %n' UPPER WORK   # two numbers: two file systems", KERNEL_LOG],
    fix: ['Put work beside upper.\nmkdir UPPER.work', 'On btrfs, use ordinary directories of one subvolume for both.'],
    reads: [SAYS_WRONG_FS, SAME_MOUNT, 'Invalid cross-device link, for every write to a file of a lower layer'],
  },
  'work-other-mount': {
    what: 'Upper and work lie on the same file system, but are reached through two mounts of it, such as a bind mount.',
    why: 'The kernel compares mounts, not file systems. A rename between two mounts is refused even if the disk is the same (EINVAL).',
    see: ['findmnt -o ID,TARGET -T UPPER; findmnt -o ID,TARGET -T WORK   # two ids', KERNEL_LOG],
    fix: ['Name both by paths that go through one mount.', 'In a container, mount their common parent as one volume, not each of them.'],
    reads: [SAYS_WRONG_FS, SAME_MOUNT],
  },
  'stack-too-deep': {
    what: 'The overlay would be the third level: an overlay over an overlay over something that is stacked itself. /proc and hugetlbfs count as full from the start.',
    why: 'Each level takes room on the small stack of the kernel. It allows two levels and no more (EINVAL).',
    see: ['findmnt -o TARGET,FSTYPE,OPTIONS -T LOWER', KERNEL_LOG],
    fix: ['Name the layers of the overlay below as your own layers, instead of that overlay.\novl inspect LOWER', 'Or copy the tree to a file system of its own, and use the copy.'],
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: maximum fs stacking depth exceeded', 'Docker in Docker: failed to mount overlay: invalid argument'],
  },
  'upper-in-use': {
    what: 'Another live overlay writes to this upper directory (or has it as its work). It may belong to another mount namespace, or be a mount that was detached lazily and still lives.',
    why: 'Two overlays over one upper do not know of each other’s changes, so the result is undefined. With index=on the kernel refuses (EBUSY); without, it mounts and only warns in its log.',
    see: ['ovl list --all-namespaces', 'grep -lF UPPER /proc/[0-9]*/mountinfo', INDEX],
    fix: ['Give each mount an upper and a work of its own.', 'Or unmount the other one first.\novl umount OTHER'],
    since: SINCE_IN_USE,
    reads: [ALREADY_MOUNTED, inUse('upper', true), inUse('upper', false), BUSY],
  },
  'work-in-use': {
    what: 'Another live overlay uses this work directory, as its work or its upper.',
    why: 'Each clears away what the other prepares in it, so the result is undefined. With index=on the kernel refuses (EBUSY); without, it mounts and only warns in its log.',
    see: ['ovl list --all-namespaces', 'grep -lF WORK /proc/[0-9]*/mountinfo', INDEX],
    fix: ['Give each mount a work directory of its own, beside its upper.\nmkdir UPPER.work', 'Or unmount the other one first.\novl umount OTHER'],
    since: SINCE_IN_USE,
    reads: [ALREADY_MOUNTED, inUse('work', true), inUse('work', false), BUSY],
  },
  'lower-in-use': {
    what: 'A lower layer is the upper or work of another live overlay, or lies inside it.',
    why: 'Then the lower changes while this overlay is mounted, and what it shows is undefined. With index=on the kernel refuses (EBUSY); without, it mounts and only warns in its log.',
    see: ['ovl list --all-namespaces', 'grep -lF LOWER /proc/[0-9]*/mountinfo', INDEX],
    fix: ['Unmount the other overlay first, and use its upper as a lower then.\novl umount OTHER', 'Or use a copy of it.'],
    reads: [ALREADY_MOUNTED, inUse('lower', true), inUse('lower', false), BUSY],
  },
  'submounts-hidden': {
    what: 'Something is mounted below a layer, and the overlay does not show it.',
    why: 'The kernel takes a private copy of the mount that a layer lies on, without the mounts below it. At their mount points the directories underneath are seen, mostly empty ones.',
    see: ['findmnt -R -o TARGET,FSTYPE -T LOWER'],
    fix: ['Name what is mounted there as a lower of its own overlay, or as a further layer.', 'Or bind it into the merged tree.\nmount --bind LOWER/SUB TARGET/SUB'],
  },
}
