/** Long texts about the use of a mounted overlay, and about images and live media. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG } from './long-text.ts'
import type { LongText } from './long-text.ts'

type RuntimeCode = Extract<FindingCode, 'rename-exdev' | 'whiteout-copied' | 'read-only-overlay' | 'kernel-bug' | 'image-unreadable' | 'image-not-clean' | 'live-not-found' | 'live-layer-missing'>

const LIST_IMAGES = 'find MEDIUM/casper MEDIUM/live -maxdepth 2 -name "*.squashfs"'

export const RUNTIME_TEXTS: Readonly<Record<RuntimeCode, LongText>> = {
  'rename-exdev': {
    what: 'A directory that comes from a lower layer was to be renamed, and redirect_dir is not on.',
    why: 'To rename it, overlay would have to copy the whole tree, or note the old name in upper; the note is what redirect_dir=on allows. Otherwise rename fails (EXDEV): mv then copies, other programs give up.',
    see: ['findmnt -o TARGET,OPTIONS TARGET   # redirect_dir=on?', 'cat /sys/module/overlay/parameters/redirect_dir   # the default'],
    fix: ['Copy the directory and delete the old one, as mv does.\nmv OLD NEW', 'Unmount, and mount again with redirect_dir=on. It needs root, and cannot be had with userxattr.\novl mount -l LOWER -u UPPER -o redirect_dir=on TARGET'],
    since: 'redirect_dir since Linux 4.10. Even with it, a note of more than 256 bytes fails so.',
    reads: ['Invalid cross-device link', 'EXDEV: cross-device link not permitted, rename'],
  },
  'whiteout-copied': {
    what: 'A character device with the numbers 0:0 in upper means that the file of that name is deleted. Something reads or copies it as if it were a file.',
    why: 'Upper taken by itself is no tree of files but a list of changes, and this is how overlay writes a deletion. No driver belongs to 0:0, so opening it fails (ENXIO); in the merged tree it is not seen at all.',
    see: ["find UPPER -type c -exec stat -c '%t:%T %n' {} +   # 0:0"],
    fix: ['Copy from the merged tree.\ncp -a TARGET/. COPY/', 'To keep an upper as it is, copy it as root with devices and attributes.\ncp -a UPPER COPY', 'Do not delete these devices: the deleted files would come back.'],
    since: 'Since Linux 6.8 a lower may also have a deletion as an empty file with an attribute. The kernel itself does not make those.',
    reads: ['No such device or address', 'a device file in place of a deleted one, where upper has no d_type'],
  },
  'read-only-overlay': {
    what: 'The overlay has no upper, or was mounted with ro. So nothing can be written.',
    why: 'Lower layers are never written to. Without an upper no change has a place to go (EROFS), and a remount with rw cannot help.',
    see: ['findmnt -o TARGET,OPTIONS TARGET   # upperdir=?', 'ovl inspect TARGET'],
    fix: ['If it was meant so, all is well.', 'If it has an upper: make it writable.\novl remount TARGET -o rw', 'Else unmount, and mount again with an upper, or with changes in memory.\novl mount -l LOWER --tmpfs TARGET'],
    since: 'Overlays without an upper since Linux 4.0.',
    reads: ['Read-only file system', 'mount: TARGET: cannot remount overlay read-write, is write-protected.'],
  },
  'kernel-bug': {
    what: 'The running kernel has a known fault that shows in just this way.',
    why: 'Nothing in the mount is wrong. Another kernel is the cure, and until then a way round.',
    see: ['uname -r', KERNEL_LOG],
    fix: ['Boot a kernel without the fault.', 'A comma in a path: mount through the new mount API, as ovl does, or use a path without.', 'Layer number 500: use 499.'],
    since: 'Linux 6.5 and 6.6 lose “\\,” in the string of mount(2). Some kernels from 6.8 to 6.12 take 499 layers in lowerdir=, not 500. Some from 5.1.15 on refuse an upper inside a lower. Before 4.8 the mark of an opaque directory was copied up with it.',
  },
  'image-unreadable': {
    what: 'The file is not an image of a file system that can be a layer, or it is damaged or cut short.',
    why: 'An image becomes a layer by being mounted, and for that the kernel has to know its file system and to find it whole.',
    see: ['file IMAGE; blkid IMAGE; ls -l IMAGE', 'cat /proc/filesystems   # those this kernel has'],
    fix: ['Compare its size and checksum with where it came from, and fetch it again.', 'A disk image with partitions: attach it, and mount the partition.\nlosetup --find --show --partscan --read-only IMAGE', 'Name a squashfs, erofs, ext4, xfs, btrfs or ISO image.'],
    reads: ['mount: DIR: wrong fs type, bad option, bad superblock on /dev/loop0, missing codepage or helper program, or other error.'],
  },
  'image-not-clean': {
    what: 'The file system in this image was not cleanly unmounted: its superblock says that the journal has to be replayed.',
    why: 'Replaying writes, and a layer is attached read-only. So the kernel is told to leave the journal alone (noload, norecovery, nologreplay), and what was only in the journal is not seen. Files may be old, missing or damaged.',
    see: ['dumpe2fs -h IMAGE   # needs_recovery', 'btrfs inspect-internal dump-super IMAGE   # log_root', 'xfs_logprint -t IMAGE | tail -n 3'],
    fix: ['Unmount it where it is mounted, and copy it again.', 'Or let its journal be replayed once, in a copy.\nmount -o loop IMAGE DIR && umount DIR', 'Or have it checked.\ne2fsck -f IMAGE'],
    reads: ['kernel log: EXT4-fs (loop0): write access unavailable, skipping orphan cleanup', 'mount: DIR: cannot mount /dev/loop0 read-only.'],
  },
  'live-not-found': {
    what: 'No live system was found on this medium.',
    why: 'casper keeps its images in /casper, live-boot in /live. Names are matched by their ending: “.squashfs-generic”, for one, is not taken.',
    see: [LIST_IMAGES, 'xorriso -osirrox on -indev ISO -find / -name "*.squashfs"'],
    fix: ['Name the top directory of the medium, or the ISO image itself.', 'Name the squashfs image as an ordinary layer.\novl mount -l IMAGE --tmpfs TARGET'],
  },
  'live-layer-missing': {
    what: 'The images of a live system build on each other, and one of the chain is not there.',
    why: 'For minimal.standard.live.squashfs casper also needs minimal.standard.squashfs and minimal.squashfs, in the same directory. A layer holds only what it changes, so what lies above a gap cannot stand alone.',
    see: [LIST_IMAGES, 'cat /proc/cmdline   # layerfs-path='],
    fix: ['Put the missing image beside the others, from the same release.', 'Or name a layer whose whole chain is there: layerfs-path=NAME.'],
    since: 'Without layerfs-path casper stacks every image of the directory, languages too, in the order of their names.',
    reads: ["casper: File system layers are missing: 'PATH' doesn't exist."],
  },
}
