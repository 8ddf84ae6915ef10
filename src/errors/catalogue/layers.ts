/** Findings about paths, about how layers lie to each other, and about what their file systems can do. The type is checked in ../catalogue.ts. */

export const LAYER_ENTRIES = {
  // paths
  'lower-missing': {
    severity: 'error',
    explanation: 'The kernel opens each lower directory while mounting, and this one does not exist. mount(8) reports it as “special device overlay does not exist”, which names the dummy source and not the path.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'upper-missing': {
    severity: 'error',
    explanation: 'The kernel opens the upper directory while mounting and never makes it. mount(8) reports a missing one as “special device overlay does not exist”.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'work-missing': {
    severity: 'error',
    explanation: 'The kernel needs an existing, empty work directory beside upper and never makes it. mount(8) reports a missing one as “special device overlay does not exist”.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'target-missing': {
    severity: 'error',
    explanation: 'A mount needs an existing directory to be mounted on, and this one is not there. Nothing makes it by itself.',
    docs: 'mount(8)',
  },
  'path-not-expanded': {
    severity: 'error',
    explanation: 'Only a shell turns “~”, “$NAME” and quotes into something else, and inside an option list it mostly does not. They reached the kernel as they are written, as part of a directory name.',
    docs: 'bash(1)',
  },
  'layer-not-directory': {
    severity: 'error',
    explanation: 'Every layer of an overlay is a directory. A disk image or a block device has to be mounted first, and the directory it is mounted on is the layer.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'target-not-directory': {
    severity: 'error',
    explanation: 'The merged tree is a directory, and a directory can only be mounted on a directory.',
    docs: 'mount(2)',
  },
  'path-unreadable': {
    severity: 'error',
    explanation: 'To open a path, the caller must have search (x) permission on each directory along it; here it is missing on one of them. mount(8) may report this as “cannot mount overlay read-only”, though nothing is read-only.',
    docs: 'path_resolution(7)',
  },
  'symlink-loop': {
    severity: 'error',
    explanation: 'Following this path goes round in a circle of symbolic links, so it never arrives at a directory.',
    docs: 'path_resolution(7)',
  },
  'lower-not-mounted-yet': {
    severity: 'error',
    explanation: 'The directory belongs to another mount which was not there yet at that moment. The overlay line is right; what is wrong is the order in which things are mounted.',
    docs: 'systemd.mount(5)',
  },
  // layer relations
  'layers-overlap': {
    severity: 'error',
    explanation: 'No layer may be the same directory as another layer, and no lower may lie inside another layer: one file would then be two things at once. The kernel answers ELOOP, “too many levels of symbolic links”, which has nothing to do with symbolic links here.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#multiple-lower-layers',
  },
  'upper-inside-lower': {
    severity: 'warning',
    explanation: 'Upper or work lies inside a lower layer. The kernel mounts this, but whoever reaches that directory through the merged tree gets “too many levels of symbolic links”, so copies and searches of the whole tree fail there.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#sharing-and-copying-layers',
  },
  'submounts-hidden': {
    severity: 'note',
    explanation: 'An overlay shows the directories of its layers, never what is mounted on them: at such a mount point the directory underneath is seen, mostly an empty one.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html',
  },
  'work-upper-nested': {
    severity: 'error',
    explanation: 'Upper and work must be two separate trees side by side: the kernel moves files from work into upper, and what it keeps in work must not show up in the merged tree.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'work-other-filesystem': {
    severity: 'error',
    explanation: 'The kernel prepares each changed file in work and then renames it into upper, and a rename cannot cross from one file system (or btrfs subvolume) to another. So both must lie on the same one.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'work-other-mount': {
    severity: 'error',
    explanation: 'Upper and work lie on the same file system, but are reached through two different mounts of it, for example a bind mount. The kernel compares mounts, not file systems, and asks for one mount that holds both.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#directories',
  },
  'stack-too-deep': {
    severity: 'error',
    explanation: 'File systems that lie on other file systems may be stacked two levels deep, no more, to protect the kernel’s stack. An overlay on an overlay is the limit, and /proc and hugetlbfs count as full from the start.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#nesting-overlayfs-mounts',
  },
  'upper-in-use': {
    severity: 'error',
    explanation: 'Another mounted overlay writes to the same upper directory. With index=on the kernel refuses that (EBUSY); without, it mounts, and what both then do to the files is undefined.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#sharing-and-copying-layers',
  },
  'work-in-use': {
    severity: 'error',
    explanation: 'Another mounted overlay uses the same work directory, and each clears away what the other prepares in it. With index=on the kernel refuses that (EBUSY); without, it mounts and behaviour is undefined.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#sharing-and-copying-layers',
  },
  'lower-in-use': {
    severity: 'error',
    explanation: 'This lower layer is the upper or work directory of another mounted overlay, or lies inside it, so it changes under this mount. With index=on the kernel refuses that (EBUSY); without, it mounts and behaviour is undefined.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#sharing-and-copying-layers',
  },
  // what a file system can do
  'upper-on-overlay': {
    severity: 'error',
    explanation: 'Upper (or work) lies on an overlay itself, as everything inside a container or a live system does. An overlay can be a lower layer of another one, but never its upper.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#nesting-overlayfs-mounts',
  },
  'upper-remote': {
    severity: 'error',
    explanation: 'Upper must keep special files, extended attributes and atomic renames exactly as the kernel writes them. Network and FUSE file systems (NFS, CIFS, sshfs, 9p …) mostly do not, so the kernel refuses them as upper; as lower they are fine.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'upper-unsupported': {
    severity: 'error',
    explanation: 'The file system under upper lacks something that overlay needs there: extended attributes, whiteouts by rename, or file types in directory listings. As a lower layer it may still serve.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'upper-read-only': {
    severity: 'error',
    explanation: 'All changes are written to upper, so its file system and the mount it is reached through must be writable. This one is read-only.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'upper-no-d-type': {
    severity: 'error',
    explanation: 'This file system does not tell the type of a file in directory listings (d_type). Overlay recognises deleted files by that type, so without it they come back as odd device files.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'upper-no-xattr': {
    severity: 'warning',
    explanation: 'Overlay keeps notes (opaque directories, redirects, origins) in extended attributes of upper, and this file system or this user cannot write them. The mount then works with less: some renames fail, and re-made directories show old files.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'lower-unsupported': {
    severity: 'error',
    explanation: 'This directory lies on a file system whose names overlay cannot look up safely, such as an automount point or one with name rules of its own. It cannot be a layer as it is.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
  'not-responding': {
    severity: 'error',
    explanation: 'The file system does not answer: its server cannot be reached, or its daemon has stopped. Whoever touches it waits, and so does whoever mounts an overlay with a layer there.',
    docs: 'nfs(5)',
  },
  'casefold-mismatch': {
    severity: 'error',
    explanation: 'Some directories here ignore upper and lower case in names and others do not. Before Linux 6.18 overlay refuses file systems that can do that at all; since then all layers must agree.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower',
  },
} as const
