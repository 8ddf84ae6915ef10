/** Long texts about what the file system of a layer can and cannot do. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type FilesystemCode = Extract<
  FindingCode,
  | 'upper-on-overlay' | 'upper-remote' | 'upper-unsupported' | 'upper-read-only' | 'upper-no-d-type'
  | 'upper-no-xattr' | 'lower-unsupported' | 'casefold-mismatch' | 'not-responding'
>

const TYPE_OF_UPPER = 'findmnt -o TARGET,FSTYPE,OPTIONS -T UPPER'
const ELSEWHERE = 'Put upper and work on a local file system: ext4, xfs, btrfs.'
const IN_MEMORY = 'Or keep the changes in memory, if they may be lost.\novl mount -l LOWER --tmpfs TARGET'
const NOT_AS_UPPER_OLD = "kernel log until 6.4: overlayfs: filesystem on 'UPPER' not supported as upperdir"
const NOT_AS_UPPER = 'kernel log since 6.5: overlay: filesystem on UPPER not supported as upperdir'
const INVALID = 'Docker, containerd: failed to mount overlay: invalid argument'

export const FILESYSTEM_TEXTS: Readonly<Record<FilesystemCode, LongText>> = {
  'upper-on-overlay': {
    what: 'Upper or work lies on an overlay. That is so for every ordinary path inside a container or a live system.',
    why: 'Upper has to take the marks of overlay itself (deletions, opaque directories), and an overlay cannot hold those for another one. It can be a lower, never an upper (EINVAL).',
    see: ["stat -f -c '%T %n' UPPER WORK   # overlayfs", TYPE_OF_UPPER, KERNEL_LOG],
    fix: ['In a container, keep upper and work on a volume, which is not an overlay.', `${ELSEWHERE} A tmpfs will do as well.`, IN_MEMORY, 'Or use fuse-overlayfs.'],
    since: 'The words moved from the “overlayfs:” to the “overlay:” prefix with Linux 6.5, and lost their quotes.',
    reads: [SAYS_WRONG_FS, NOT_AS_UPPER, NOT_AS_UPPER_OLD, INVALID, 'podman: kernel does not support overlay fs as …'],
  },
  'upper-remote': {
    what: 'Upper or work lies on a network or FUSE file system: NFS, CIFS, sshfs, 9p and the like.',
    why: 'Upper must keep device nodes, extended attributes and atomic renames just as the kernel writes them. Of a file system whose truth lies elsewhere the kernel demands all of it, and refuses otherwise (EINVAL). As a lower such a file system is fine.',
    see: [TYPE_OF_UPPER, KERNEL_LOG],
    fix: [`${ELSEWHERE} What lies on the remote one can be a lower.`, IN_MEMORY, 'Or keep upper in an image file with ext4, attached through a loop device.'],
    since: 'Since Linux 5.7 one with all features (some virtiofs and FUSE) is taken as upper. Before, all were refused by their kind.',
    reads: [SAYS_WRONG_FS, 'kernel log since 5.7: overlayfs: upper fs missing required features.', "kernel log before: overlayfs: filesystem on 'UPPER' not supported as upperdir", INVALID],
  },
  'upper-unsupported': {
    what: 'The file system under upper lacks what overlay needs there, as vfat, eCryptfs, old ZFS or squashfs do. It may still serve as a lower.',
    why: 'Overlay writes deletions as device nodes, makes them by a rename of its own kind (RENAME_WHITEOUT) and keeps notes in extended attributes. Lines about tmpfile or RENAME_WHITEOUT alone are harmless: the refusal is “missing required features”.',
    see: [TYPE_OF_UPPER, 'ovl doctor UPPER', KERNEL_LOG],
    fix: [ELSEWHERE, IN_MEMORY, 'After the words “unseen error”: write out that file system, then mount again.\nsync -f UPPER', 'After “failed to clone upperpath” on an unbindable mount: take that mark away.\nmount --make-private MOUNTPOINT'],
    reads: [
      SAYS_WRONG_FS, 'kernel log: overlayfs: upper fs missing required features.', NOT_AS_UPPER, NOT_AS_UPPER_OLD, INVALID,
      'kernel log, with volatile: overlayfs: Cannot mount volatile when upperdir has an unseen error. Sync upperdir fs to clear state.',
    ],
  },
  'upper-read-only': {
    what: 'Upper and work lie on a read-only file system, or are reached through a mount that is ro.',
    why: 'All changes go to upper, so the kernel refuses one that takes none (EINVAL), even where the overlay was asked for with ro.',
    see: ['findmnt -o TARGET,FSTYPE,VFS-OPTIONS,FS-OPTIONS -T UPPER', 'dmesg | tail -n 30   # a disk error makes a file system read-only'],
    fix: ['Without changes: leave upper and work out, and name two lowers.', 'Find out why it is read-only, then make it writable.\nmount -o remount,rw MOUNTPOINT', 'If only the mount is ro, and not its file system, change that one alone.\nmount -o remount,rw,bind MOUNTPOINT', IN_MEMORY],
    since: 'The words changed with Linux 6.5.',
    reads: [SAYS_WRONG_FS, 'kernel log until 6.4: overlayfs: upper fs is r/o, try multi-lower layers mount', 'kernel log since 6.5: overlay: filesystem on UPPER is read-only'],
  },
  'upper-no-d-type': {
    what: 'The file system of upper does not tell the type of a file in directory listings (d_type): xfs made with ftype=0, ext4 without “filetype”.',
    why: 'Overlay knows a deletion by its type. Without types the marks of deleted files show up in the merged tree as device files.',
    see: ['xfs_info MOUNTPOINT | grep ftype   # xfs: ftype=0', 'dumpe2fs -h DEVICE | grep -w filetype   # ext4: nothing', KERNEL_LOG],
    fix: [ELSEWHERE, 'Or save the data and make the file system again: mkfs.xfs -n ftype=1, mkfs.ext4 -O filetype.'],
    since: 'Old kernels refuse it (EINVAL). Linux 6.18 mounts it, with a line in the kernel log.',
    reads: ['kernel log: overlayfs: upper fs needs to support d_type.', 'Docker, on old kernels: invalid argument'],
  },
  'upper-no-xattr': {
    what: 'The file system of upper, or this user, cannot write the extended attributes in which overlay keeps its notes: trusted.*, or user.* with userxattr.',
    why: 'Overlay notes there that a directory is opaque, was renamed, or where it came from. Without, index, metacopy, redirect_dir and uuid are dropped, and some renames fail. A remote file system is then refused altogether.',
    see: [
      KERNEL_LOG, 'd=$(mktemp -d -p PARENT); setfattr -n trusted.x -v 1 "$d"; rmdir "$d"',
      'd=$(mktemp -d -p PARENT); setfattr -n user.x -v 1 "$d"; rmdir "$d"',
    ],
    fix: [`${ELSEWHERE} A tmpfs will do as well.`, 'In a user namespace it is not the file system: add userxattr (see userns-needs-userxattr).'],
    since: 'tmpfs has user.* attributes since Linux 6.6.',
    reads: ['kernel log: overlayfs: failed to set xattr on upper', 'kernel log of 6.1: overlayfs: ...falling back to index=off,metacopy=off.', 'kernel log of 6.18: overlayfs: ...falling back to redirect_dir=nofollow. (a line for each option)'],
  },
  'lower-unsupported': {
    what: 'A layer lies on a file system which overlay cannot look names up in safely, such as an automount point, or on a mount marked “unbindable”.',
    why: 'Overlay compares names byte by byte and keeps what it found. Where looking mounts something, or where names follow rules of their own, that goes wrong (EINVAL). Of an unbindable mount it cannot take the private copy that it works on.',
    see: ['findmnt -o TARGET,FSTYPE,PROPAGATION -T LOWER', KERNEL_LOG],
    fix: ['An automount point: enter it once, and name the directory below it.\nls LOWER/', 'An unbindable mount: take that mark away.\nmount --make-private MOUNTPOINT', 'Or copy the tree to another file system.'],
    since: 'Until Linux 6.4 the path stands in quotes in the kernel log.',
    reads: [SAYS_WRONG_FS, 'kernel log since 6.5: overlay: filesystem on LOWER not supported', 'kernel log, unbindable: overlayfs: failed to clone lowerpath'],
  },
  'not-responding': {
    what: 'A file system (NFS, CIFS, FUSE) does not answer: its server cannot be reached, or its daemon is stopped or stuck.',
    why: 'Every path on it has to be asked of its server, and the kernel waits for the answer, mostly for ever. A mount waits with it, and can be ended by a signal at best.',
    see: ['grep DIR /proc/self/mountinfo   # who serves it; this does not touch it', 'timeout -s KILL 5 stat DIR', "journalctl -k -g 'not responding|timed out' -n 20"],
    fix: ['Bring the server back, or start its daemon again: what waits then goes on.', 'Or take the file system down without waiting for it.\numount -f -l MOUNTPOINT'],
    reads: ['kernel log: nfs: server NAME not responding, still trying'],
  },
  'casefold-mismatch': {
    what: 'Some directories among the layers ignore upper and lower case in names (casefold), and others do not.',
    why: 'One name would then be the same file in one layer and another file in the next, so all layers must agree (EINVAL).',
    see: ['lsattr -d LOWER UPPER WORK   # F: casefold', 'dumpe2fs -h DEVICE | grep -w casefold', KERNEL_LOG],
    fix: ['Use directories without casefold for all layers.', 'Or a file system made without that feature, as kernels before 6.18 need it.'],
    since: 'Since Linux 6.18 all layers casefolded with one encoding, or none, are taken. Before, a file system that can casefold at all is refused.',
    reads: [SAYS_WRONG_FS, 'kernel log since 6.18: overlay: case-insensitive directory on PATH is inconsistent (or: case-sensitive)', 'kernel log of 6.12 to 6.17: overlay: case-insensitive capable filesystem on PATH not supported'],
  },
}
