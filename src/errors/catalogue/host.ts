/** Findings about the kernel, and about what it lets this user do. The type is checked in ../catalogue.ts. */

export const HOST_ENTRIES = {
  'module-missing': {
    severity: 'error',
    explanation: 'The running kernel does not know the overlay file system: it was built without it, or its module cannot be loaded. That happens after a kernel update without a reboot, when the modules of the running kernel are gone from the disk.',
    docs: 'modprobe(8)',
  },
  'not-permitted': {
    severity: 'error',
    explanation: 'Mounting needs the capability CAP_SYS_ADMIN over the current mount namespace, which root has and an ordinary user (or a container) does not. A user namespace of one’s own gives it for mounts inside that namespace.',
    docs: 'mount(2)',
  },
  'userns-disabled': {
    severity: 'error',
    explanation: 'Users without root may mount an overlay inside a user namespace of their own, but this system does not let them make one, or takes its rights away (AppArmor or a sysctl).',
    docs: 'user_namespaces(7)',
  },
  'userns-needs-userxattr': {
    severity: 'warning',
    explanation: 'Inside a user namespace nobody may write the trusted.* attributes in which overlay keeps its notes. The option userxattr keeps them under user.* instead; without it some renames fail, and a deleted and re-made directory cannot be kept apart from the old one.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#user-xattr',
  },
  'userns-option-refused': {
    severity: 'error',
    explanation: 'This option keeps its data in trusted.* attributes, which nobody may write or trust inside a user namespace. The kernel refuses it there.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#user-xattr',
  },
  'userns-locked-mounts': {
    severity: 'error',
    explanation: 'Below this layer lie mounts that came from a more privileged namespace. Showing the directory without them would uncover what they hide, so the kernel refuses to take it as a layer; “/” is therefore never a layer inside a user namespace.',
    docs: 'mount_namespaces(7)',
  },
  'mounter-credentials': {
    severity: 'error',
    explanation: 'The overlay opens files of its layers with the rights of whoever mounted it, not of whoever uses it. Here a layer refuses those rights, as FUSE without allow_other and NFS with root_squash do even to root.',
    docs: 'https://docs.kernel.org/filesystems/overlayfs.html#permission-model',
  },
  'lsm-denied': {
    severity: 'error',
    explanation: 'A security module (SELinux, AppArmor, Smack …) forbids this mount or this access, whatever the file permissions say. Its own log names the rule.',
    docs: 'mount(2)',
  },
  'idmap-unsupported': {
    severity: 'error',
    explanation: 'Id-mapped layers need Linux 5.19 and a file system that supports them, and an overlay itself cannot be id-mapped at all.',
    docs: 'mount_setattr(2)',
  },
  'owner-unmapped': {
    severity: 'error',
    explanation: 'The owner of a file has no counterpart in the user namespace of the mount. Such a file can be read, but cannot be copied up, so opening it for writing fails with EOVERFLOW.',
    docs: 'user_namespaces(7)',
  },
} as const
