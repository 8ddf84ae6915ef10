/** Findings about what earlier mounts left behind, about the mount as it is, and about its use. The type is checked in ../catalogue.ts. */

export const STATE_ENTRIES = {
  'volatile-leftover': {
    severity: 'error',
    explanation: 'This upper was last mounted with volatile and not unmounted cleanly, so some of its files may never have reached the disk. The kernel refuses it until somebody has looked and removed the mark it left in work.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#volatile-mount',
  },
  'index-mismatch': {
    severity: 'error',
    explanation: 'With index=on (or nfs_export=on) upper and work remember the very layers they were first used with, and these are now other ones. The kernel answers ESTALE, “stale file handle”, which has nothing to do with NFS here.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#sharing-and-copying-layers',
  },
  'metacopy-mismatch': {
    severity: 'error',
    explanation: 'Some files in upper hold only metadata, or a pointer to where their data lies, and the present options forbid following it. With the wrong xattr prefix such files even read as zeros, without an error.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#metadata-only-copy-up',
  },
  'work-dir-unusable': {
    severity: 'error',
    explanation: 'The kernel makes a directory “work” inside the work directory, and could not make or empty it. It does not fail then: it mounts read-only and says so in the kernel log only.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'mounted-read-only': {
    severity: 'warning',
    explanation: 'The mount succeeded, but the file system itself is read-only although writing was asked for. The mount flags still say rw, so this shows only when something is written.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'feature-dropped': {
    severity: 'warning',
    explanation: 'An option that was asked for is not in force: the kernel turned it off because a layer or this user lacks what it needs, and mentions that in the kernel log only.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'flags-not-inherited': {
    severity: 'note',
    explanation: 'An overlay is a mount of its own, with flags of its own. What noexec, nodev and nosuid forbid on the mount that a layer lies on can be done through the overlay.',
    docs: 'mount(8)',
  },
  'no-space': {
    severity: 'error',
    explanation: 'Changes are written to the file system of upper, and it is full. How much the lower layers or other disks have free does not matter.',
    docs: 'statfs(2)',
  },
  'no-inodes': {
    severity: 'error',
    explanation: 'The file system of upper has bytes left but no inodes, the records of which each file takes one. The error is the same “no space left on device”.',
    docs: 'statfs(2)',
  },
  'mount-limit': {
    severity: 'error',
    explanation: 'A mount namespace holds at most fs.mount-max mounts, and that many are there. The kernel answers “no space left on device”, though no disk is full.',
    docs: 'proc_sys_fs(5)',
  },
  'lower-modified': {
    severity: 'warning',
    explanation: 'A layer was changed behind the back of a mounted overlay, or upper was made over another lower. Overlay does not notice such changes and may show old, mixed or missing files.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#changes-to-underlying-filesystems',
  },
  'copy-up-bloat': {
    severity: 'note',
    explanation: 'A file of a lower is copied into upper whole as soon as anything of it changes: one byte, its owner or its mode. Upper then holds data that the lower has as well.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#metadata-only-copy-up',
  },
  'umount-busy': {
    severity: 'error',
    explanation: 'Something still uses the mount: an open file, a working directory, a running program or another mount inside it. The kernel unmounts only what nobody uses.',
    docs: 'umount(2)',
  },
  'not-mounted': {
    severity: 'error',
    explanation: 'Nothing is mounted at this very directory in this mount namespace. Another process or container may see a mount here that we do not.',
    docs: 'umount(2)',
  },
  'owned-elsewhere': {
    severity: 'error',
    explanation: 'A container engine or a service made this overlay and goes on using it. Taken down behind its back, the container breaks, and the engine does not learn of it.',
    docs: 'ovl(1)',
  },
  'rename-exdev': {
    severity: 'warning',
    explanation: 'A directory that comes from a lower layer can be renamed only with redirect_dir=on. Otherwise rename fails with “invalid cross-device link”; mv copies instead, other programs give up.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#renaming-directories',
  },
  'whiteout-copied': {
    severity: 'warning',
    explanation: 'A character device 0:0 in an upper directory is how overlay remembers a deletion. Copied or read as a file it fails with “no such device or address”.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories',
  },
  'read-only-overlay': {
    severity: 'note',
    explanation: 'Without an upper directory an overlay has nowhere to write, so every change fails with “read-only file system”.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'kernel-bug': {
    severity: 'warning',
    explanation: 'Named kernel versions have a known fault that shows in just this way. Nothing in the mount is wrong; another kernel is the cure.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
} as const
