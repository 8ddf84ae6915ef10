/** Long texts of what is odd about live systems. */

import type { FindingCode } from '../codes.ts'
import type { LongText } from './long-text.ts'

type LiveCode = Extract<FindingCode, 'live-stacks-everything' | 'live-order-reversed' | 'live-image-ignored' | 'persistence-line-skipped' | 'persistence-sources-nested' | 'pack-incomplete'>

export const LIVE_TEXTS: Readonly<Record<LiveCode, LongText>> = {
  'live-stacks-everything': {
    what: 'Nothing that can be seen tells casper which image is the topmost, so it stacks every image of its directory.',
    why: 'With layerfs-path=a.b.squashfs casper stacks a.b.squashfs on a.squashfs. Without it, it takes all *.ext2, then all *.squashfs, then all *.dir in the order of their names, the last on top, with the languages and their deletions among them.',
    see: ['grep layerfs-path /proc/cmdline   # on the running live system', 'lsinitramfs casper/initrd | grep default-layer   # in a mounted medium'],
    fix: ['Say the topmost image, as the live system is told.\novl live plan --cmdline layerfs-path=minimal.standard.live.squashfs SOURCE'],
    since: 'Ubuntu’s installer media have images with dotted names since 20.10, its desktop media since 23.04. Both name the topmost one in conf/conf.d/default-layer.conf of the initrd, not on the boot line.',
  },
  'live-order-reversed': {
    what: 'With persistence of / by union, live-boot stacks the images of the medium in another order than without it.',
    why: 'The root is made of the images sorted by name, or listed in a .module file, the last on top. The union of persistence appends them in the order of their names instead, so that the first is on top. A file that two images have then comes from the other one.',
    see: ['ls /run/live/rootfs   # on the running live system, topmost first', 'findmnt -no OPTIONS /'],
    fix: ['Join the images into one.', 'Keep single directories by bind, not / by union.'],
    since: 'live-boot 20230131, and all earlier ones that use overlay.',
  },
  'live-image-ignored': {
    what: 'An image lies beside those of the live system, and is not part of its root.',
    why: 'casper takes *.squashfs, *.ext2 and *.dir but for ltsp.squashfs and server.squashfs, or the chain that layerfs-path= names. live-boot takes what a .module list names, or else *.squashfs, *.ext2, *.ext3, *.ext4, *.xfs, *.jffs2 and *.dir. An ending such as .squashfs-generic is none of these.',
    see: ['ls -l casper live   # in a mounted medium', 'cat live/filesystem.module'],
    fix: ['Nothing is wrong when it belongs to the installer.', 'Rename it, or name it in the .module list, if it should be part of the root.'],
  },
  'persistence-line-skipped': {
    what: 'A line of persistence.conf has no effect.',
    why: 'What live-boot skips: a directory that is not absolute, holds . or .., begins with /lib or lies in /run/live; a line with an option it does not know, also when that is a carriage return; and a last line that does not end in a newline. Of two lines for one directory the second is skipped.',
    see: ['cat -A persistence.conf', 'grep -i "custom mount" /var/log/live/boot.log   # on the running live system'],
    fix: ['Write “DIR OPTION,OPTION”, with bind, link, union or source=PATH, and end the line.'],
    reads: ['Skipping unsafe custom mount /lib: must be an absolute path containing neither the "." nor ".." special dirs, and cannot be "/lib", or "/run/live" or any of its sub-directories.', 'Skipping custom mount with unknown option: OPTION'],
  },
  'persistence-sources-nested': {
    what: 'Two lines of persistence.conf keep their files in the same place of the volume, or one inside the other.',
    why: 'The place of a line is its directory, unless source= says another. The place of “/ union” is the top of the volume, and every other line lies inside it. live-boot stops the boot rather than mix them.',
    see: ['cat persistence.conf'],
    fix: ['Give / a place of its own: “/ union,source=rootfs”.', 'Leave out the lines below /, which / keeps anyway.'],
    reads: ['Two persistence mounts have the same or nested sources: SOURCE on DIR, and SOURCE on DIR'],
  },
  'pack-incomplete': {
    what: 'Something that is seen in the tree is not in what was packed.',
    why: 'What others mounted inside the tree is no part of the live system: only what lies below it is packed. And a squashfs keeps attributes of user, trusted and security alone, so that access control lists are lost. A medium boots its own kernel, which needs its modules in the tree: one that was upgraded in the tree is renewed on the medium from /boot of the tree, where its initrd is too.',
    see: ['findmnt --submounts --target TARGET', 'getfacl --recursive --skip-base TARGET', 'ls TARGET/lib/modules TARGET/boot; file MEDIUM/live/vmlinuz'],
    fix: ['Unmount what stands in the tree, and copy into it what belongs there.', 'Pack a tar, which keeps access control lists.\novl live pack TARGET OUT.tar'],
  },
}
