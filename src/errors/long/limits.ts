/** Long texts about what runs out, and about taking an overlay down. */

import type { FindingCode } from '../codes.ts'
import type { LongText } from './long-text.ts'

type LimitCode = Extract<FindingCode, 'no-space' | 'no-inodes' | 'mount-limit' | 'umount-busy' | 'not-mounted'>

const SAYS_NO_SPACE = 'No space left on device'

export const LIMIT_TEXTS: Readonly<Record<LimitCode, LongText>> = {
  'no-space': {
    what: 'The file system of upper has no bytes left, for everybody or for this user (quota).',
    why: 'All changes are written there. To change a file of a lower layer the kernel first copies the whole of it, so a small change of a large file needs the room of that file (ENOSPC). What the lowers or other disks have free does not matter.',
    see: ['df -h UPPER WORK', 'quota -s   # limits of this user'],
    fix: ['Make room on that file system.', 'A tmpfs can be made larger while it is in use.\nmount -o remount,size=SIZE MOUNTPOINT', 'Or unmount, and move upper and work, together, to a larger one.'],
    reads: [SAYS_NO_SPACE, 'kernel log, while mounting: overlayfs: failed to create directory WORK/work (errno: 28); mounting read-only'],
  },
  'no-inodes': {
    what: 'The file system of upper has bytes left but no inodes, the records of which each file takes one.',
    why: 'Each changed, new or deleted file needs a place in upper. A file system with a fixed number of inodes can run out of them long before it is full (ENOSPC).',
    see: ['df -i UPPER WORK   # IFree 0'],
    fix: ['Delete small files there that nobody needs.', 'A tmpfs can be given more.\nmount -o remount,nr_inodes=N MOUNTPOINT', 'Or move upper and work, together, to a file system with more inodes.'],
    reads: [SAYS_NO_SPACE, 'mount: TARGET: mount(2) system call failed: No space left on device.'],
  },
  'mount-limit': {
    what: 'This mount namespace holds as many mounts as it may (fs.mount-max, 100000 by default).',
    why: 'The limit keeps mounts that copy themselves from eating up the kernel’s memory. The error is that of a full disk (ENOSPC), though no disk is full.',
    see: ['wc -l < /proc/self/mountinfo; cat /proc/sys/fs/mount-max', 'findmnt -rno SOURCE | sort | uniq -c | sort -n | tail   # the most'],
    fix: ['Find what leaks mounts, and unmount what it left.', 'Raise the limit until that is found.\nsysctl fs.mount-max=200000'],
    reads: [SAYS_NO_SPACE, 'Docker: error creating overlay mount to …: no space left on device'],
  },
  'umount-busy': {
    what: 'Something still uses the mount: an open file, a working directory, a running program, or another mount inside of it.',
    why: 'Files that are in use must stay reachable, so the kernel unmounts only what nobody uses (EBUSY). This is so for every file system.',
    see: ['fuser -vm TARGET', 'findmnt -R TARGET   # mounts inside of it'],
    fix: [
      'Leave the directory and stop what uses it. ovl names it.\novl umount TARGET', 'Unmount first what is mounted inside.\novl umount -R TARGET',
      'Last, detach it lazily. Upper and work stay in use until the last user is gone, so do not mount them again before.\novl umount -l TARGET',
    ],
    reads: ['umount: TARGET: target is busy.', 'Docker: device or resource busy'],
  },
  'not-mounted': {
    what: 'Nothing is mounted at this very directory, in this mount namespace.',
    why: 'umount takes the place where a mount begins, not a directory inside of it (EINVAL). Each mount namespace has a table of its own, so another process or container may see a mount here.',
    see: ['findmnt TARGET', 'findmnt -T TARGET   # the mount that this directory lies in', "grep -l ' TARGET ' /proc/[0-9]*/mountinfo   # in other namespaces"],
    fix: ['Check the path, with findmnt.', 'If it is mounted in another namespace, unmount it there.\nnsenter -t PID -m umount TARGET', 'If it is gone already, nothing is left to do. ovl clears what belonged to it.\novl umount --stale'],
    reads: ['umount: TARGET: not mounted.', 'umount: TARGET: no mount point specified. (The path does not exist.)', 'podman, while cleaning up: Unmounting …/merged: invalid argument'],
  },
}
