/** Long texts about what earlier mounts left behind, and about the mount as it came to be. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type StateCode = Extract<
  FindingCode,
  'volatile-leftover' | 'index-mismatch' | 'metacopy-mismatch' | 'work-dir-unusable' | 'mounted-read-only' | 'feature-dropped' | 'flags-not-inherited' | 'lower-modified' | 'copy-up-bloat' | 'owned-elsewhere'
>

const BOTH_OPTIONS = 'findmnt -o TARGET,VFS-OPTIONS,FS-OPTIONS TARGET'
const STALE = 'mount: TARGET: mount(2) system call failed: Stale file handle.'

export const STATE_TEXTS: Readonly<Record<StateCode, LongText>> = {
  'volatile-leftover': {
    what: 'This upper was last mounted with volatile and not unmounted cleanly. The mark of that is still in work.',
    why: 'With volatile nothing is waited for to reach the disk. Some files of upper may never have got there, so the kernel refuses it (EINVAL) until somebody has looked.',
    see: ['ls -d WORK/work/incompat/*   # as root', KERNEL_LOG],
    fix: [
      'Start with a fresh upper and work.', 'Or look at upper, and when you trust it take the mark away.\nrm -r WORK/work/incompat/volatile',
    ],
    since: 'volatile since Linux 5.10. Newer kernels show it as fsync=volatile.',
    reads: [SAYS_WRONG_FS, "kernel log: overlayfs: overlay with incompat feature 'volatile' cannot be mounted", 'containerd, podman: invalid argument, when the layer is mounted again'],
  },
  'index-mismatch': {
    what: 'With index=on, upper and work remember the layers they were first used with, and these are now others. It has nothing to do with NFS.',
    why: 'The index holds references to files of the first lower and upper. With other layers they would lead to wrong files, so the kernel refuses (ESTALE).',
    see: ['cat /sys/module/overlay/parameters/index   # the default of index=', 'getfattr -d -m trusted.overlay -e hex UPPER   # as root', 'ls WORK/index', KERNEL_LOG],
    fix: [
      'Mount with the very lower, upper and work of the first time.', 'If another upper used this work directory before: give this upper a work of its own.\nmkdir UPPER.work2',
      'Or say index=off (and no nfs_export). Hard links are then broken when one of their names is changed.',
    ],
    since: 'index since Linux 4.13. Some distributions turn it on by default: programs that reuse an upper should say index=off.',
    reads: [STALE, 'Docker: stale NFS file handle', 'kernel log: overlayfs: failed to verify upper root origin', "kernel log: overlayfs: try deleting index dir or mounting with '-o index=off' to disable inodes index."],
  },
  'metacopy-mismatch': {
    what: 'Files of upper hold only their metadata, or directories a pointer to their old name, and the present options do not follow that.',
    why: 'They were made with metacopy=on or redirect_dir=on under one attribute prefix. Following is refused without these options (EPERM). With userxattr the kernel looks for the other prefix: such files then read as zeros, without an error.',
    see: ["getfattr -R -h -d -m 'overlay.(metacopy|redirect)' UPPER   # as root", KERNEL_LOG],
    fix: ['Mount as before: metacopy=on or redirect_dir=on, as root, without userxattr, and with the same lowers.', 'Then copy the merged tree, to have files that stand alone.\ncp -a TARGET/. COPY/'],
    since: 'redirect_dir since Linux 4.10, metacopy since 4.19.',
    reads: [
      'kernel log: overlayfs: refusing to follow metacopy origin for (/FILE)', 'kernel log: overlayfs: refusing to follow redirect for (/DIR)',
      'kernel log: overlayfs: metacopy with no lower data found - abort lookup (/FILE)', 'Operation not permitted, on reading; Input/output error, where the lower is gone',
    ],
  },
  'work-dir-unusable': {
    what: 'The kernel could not make or empty its directory “work” inside the work directory, or something there is not as it left it.',
    why: 'It needs that directory for every change. Without it the kernel does not fail: it mounts read-only, returns success, and says so in its log only. A broken index or a mark of a newer kernel does fail the mount.',
    see: ['ls -la WORK WORK/work', 'lsattr -d WORK WORK/work   # i: immutable', 'df -h WORK; df -i WORK', KERNEL_LOG],
    fix: [
      'Unmount, and use a fresh work directory beside upper.\nmkdir UPPER.work2', 'Errno 28: make room. Errno 13: give WORK to the user who mounts. Errno 1: see lsattr.',
      'Errno 16 or 17: unmount or move away what lies in WORK/work.',
    ],
    reads: [
      'kernel log: overlayfs: failed to create directory WORK/work (errno: N); mounting read-only', "kernel log: overlayfs: cleanup of 'WORK/work' failed (-39)", 'Read-only file system, on the first write',
    ],
  },
  'mounted-read-only': {
    what: 'The mount succeeded, but the overlay is read-only although an upper was given.',
    why: 'When the kernel cannot use the work directory it makes the file system itself read-only, and leaves the flags of the mount at rw. So it shows only when something is written, or in the second list of options in the mount table.',
    see: [`${BOTH_OPTIONS}   # rw beside ro`, KERNEL_LOG],
    fix: ['Find the cause first: mostly work-dir-unusable.\novl diagnose --target TARGET', 'Put it right, unmount, and mount again: a remount with rw is refused.\novl umount TARGET', 'Let ovl fail in such a case, and undo the mount.\novl mount --strict -l LOWER -u UPPER TARGET'],
    reads: ['Read-only file system, on the first write', 'mount: TARGET: cannot remount overlay read-write, is write-protected.', 'kernel log: overlayfs: failed to create directory WORK/work (errno: N); mounting read-only'],
  },
  'feature-dropped': {
    what: 'An option that was asked for is not in force: index, nfs_export, metacopy, redirect_dir, uuid or xino.',
    why: 'A layer lacks what it needs (extended attributes on upper, file handles, an upper at all). The kernel then turns the option off, mounts without it, and says so in its log only.',
    see: [BOTH_OPTIONS, 'grep . /sys/module/overlay/parameters/*   # the defaults: not shown above', 'ovl inspect TARGET', KERNEL_LOG],
    fix: ['Leave the option out, if nobody relies on it.', 'Put upper and work on ext4, xfs or btrfs, and mount as root.', 'Let ovl fail in such a case.\novl mount --strict -l LOWER -u UPPER -o OPTIONS TARGET'],
    since: 'Linux 6.1 names several options in one line (falling back to index=off,metacopy=off), newer kernels write a line for each.',
    reads: [
      "kernel log: overlayfs: fs on 'PATH' does not support file handles, falling back to index=off,nfs_export=off.", 'kernel log: overlayfs: upper fs does not support file handles, falling back to index=off.',
      'kernel log: overlayfs: ...falling back to redirect_dir=nofollow.', 'kernel log: overlayfs: option "index=on" is useless in a non-upper mount, ignore',
    ],
  },
  'flags-not-inherited': {
    what: 'A layer lies on a mount with noexec, nodev or nosuid, and the overlay is mounted without that flag.',
    why: 'Such flags belong to a mount, not to a file system, and an overlay is a mount of its own. Through it programs of that layer run, its devices open and its set-user-id bits count.',
    see: ['findmnt -o TARGET,VFS-OPTIONS -T UPPER', 'findmnt -o TARGET,VFS-OPTIONS TARGET'],
    fix: ['Say the flags for the overlay too.\novl mount -l LOWER -u UPPER -o noexec,nodev,nosuid TARGET', 'Or add them to the live mount.\nmount -o remount,bind,noexec TARGET'],
  },
  'lower-modified': {
    what: 'A layer was changed behind the back of a mounted overlay, or upper was written over another lower than this one.',
    why: 'Overlay keeps what it looked up and is not told of changes in its layers, so the result is undefined. A file changed in place shows at once, a replaced one not while it is known, and a removed directory may list as empty.',
    see: ['findmnt -o TARGET,OPTIONS TARGET   # the layers', 'find LOWER -newer WORK -print | head   # newer than WORK'],
    fix: ['Unmount, change the layer, and mount again.', 'Change files through the merged tree only.', 'If upper belongs to another lower: mount it with that one, or start with a fresh upper and work.'],
    since: 'With index=on another lower is refused (see index-mismatch). Without, it mounts in silence.',
    reads: ['Stale file handle, on deleting or renaming', 'No such file or directory, on making a file in a directory that is there'],
  },
  'copy-up-bloat': {
    what: 'Upper holds much data that it need not hold: files of a lower that were copied up and are the same still, or hardly anything else but such copies.',
    why: 'Overlay works on whole files. A chmod, a chown, a touch or a change of one byte copies the whole file from the lower into upper.',
    see: ['du -sh UPPER', 'find UPPER -type f -size +1M -exec ls -l {} +'],
    fix: ['With metacopy=on a chmod or chown copies no data.\novl mount -l LOWER -u UPPER -o metacopy=on TARGET', 'Copies that did not change can be removed from upper while nothing is mounted: the file of the lower is seen again, with its own owner and mode.'],
    since: 'Linux 4.19 has metacopy.',
  },
  'owned-elsewhere': {
    what: 'The overlay, or the upper directory, belongs to a container or a service that somebody else runs.',
    why: 'The kernel would let it go. But the container engine keeps a record of its own: a container whose root is taken down fails in strange ways, and an upper that two overlays write to loses data.',
    see: ['ovl list   # who made it', 'ovl inspect TARGET'],
    fix: [
      'Tell the engine to end it.\ndocker stop NAME; podman stop NAME; machinectl poweroff NAME', 'If you know that nobody uses it any more, say so.\novl umount --force TARGET',
      'Of what ovl mounted in a namespace that it cannot see any more, the record is kept. If the mount is gone, clear it away.\novl umount --stale --force',
    ],
  },
}
