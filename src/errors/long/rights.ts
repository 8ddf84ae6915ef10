/** Long texts about the kernel, and about what it lets this user do. */

import type { FindingCode } from '../codes.ts'
import { KERNEL_LOG, SAYS_READ_ONLY, SAYS_WRONG_FS } from './long-text.ts'
import type { LongText } from './long-text.ts'

type RightsCode = Extract<
  FindingCode,
  | 'module-missing' | 'not-permitted' | 'userns-disabled' | 'userns-needs-userxattr' | 'userns-option-refused'
  | 'userns-locked-mounts' | 'mounter-credentials' | 'lsm-denied' | 'idmap-unsupported' | 'owner-unmapped'
>

const UID_MAP = 'cat /proc/self/uid_map   # 0 0 4294967295: no user namespace'

export const RIGHTS_TEXTS: Readonly<Record<RightsCode, LongText>> = {
  'module-missing': {
    what: 'The running kernel does not know overlay: it was built without, or the module cannot be loaded.',
    why: 'The type of a mount is looked up among those registered, and a module is loaded for it if there is one (ENODEV). After a kernel update without a reboot the modules of the running kernel are gone from the disk; an initramfs has only those that were packed.',
    see: ['grep overlay /proc/filesystems', 'ls -d /lib/modules/$(uname -r)', 'modprobe --dry-run overlay   # not found?'],
    fix: ['After a kernel update: reboot.', 'Load the module.\nmodprobe overlay', 'For an overlay made in the initramfs: add the module to it, and build it again.', 'Or use fuse-overlayfs, which needs FUSE only.'],
    since: 'overlay since Linux 3.18. podman has been seen to remember a “no” until the next reboot.',
    reads: ["mount: TARGET: unknown filesystem type 'overlay'.", 'No such device', 'podman: kernel does not support overlay fs as …'],
  },
  'not-permitted': {
    what: 'Whoever asked has no right to mount here.',
    why: 'Mounting needs CAP_SYS_ADMIN over the user namespace that owns the mount namespace. Root has it, an ordinary user or an ordinary container has not (EPERM). Nothing is logged.',
    see: ['id -u; grep CapEff /proc/self/status', UID_MAP],
    fix: [
      'Mount inside namespaces of your own: it is seen by what runs in them, and by nobody else.\nunshare --user --map-root-user --mount',
      'Or mount as root.', 'In a container: have its runtime mount it, rather than giving the container CAP_SYS_ADMIN.',
    ],
    since: 'In a user namespace of one’s own since Linux 5.11.',
    reads: ['mount: TARGET: must be superuser to use mount.', 'Operation not permitted'],
  },
  'userns-disabled': {
    what: 'This system does not let ordinary users make user namespaces, or takes their rights inside away.',
    why: 'A user namespace opens kernel code to everybody that only root could reach before. Some distributions close it by a sysctl or by AppArmor (EPERM).',
    see: ['sysctl user.max_user_namespaces', 'sysctl kernel.unprivileged_userns_clone   # Debian', 'sysctl kernel.apparmor_restrict_unprivileged_userns   # Ubuntu'],
    fix: [
      'Mount as root.',
      'An administrator can allow it, for all users: of these, the ones that this system has.\nsysctl user.max_user_namespaces=15000\nsysctl kernel.unprivileged_userns_clone=1\nsysctl kernel.apparmor_restrict_unprivileged_userns=0',
    ],
    reads: ['Operation not permitted, from unshare or from a mount inside of it'],
  },
  'userns-needs-userxattr': {
    what: 'A writable overlay was mounted inside a user namespace without userxattr. It mounts, and does less.',
    why: 'Nobody may write trusted.* attributes there, in which overlay keeps its notes. A directory that was deleted cannot be made again (EEXIST), and some renames fail (EXDEV). With userxattr the notes are kept under user.*.',
    see: [UID_MAP, 'findmnt -o TARGET,OPTIONS TARGET   # userxattr?', KERNEL_LOG],
    fix: ['Unmount, and mount again with userxattr.\novl mount -l LOWER -u UPPER --userxattr TARGET', 'Leave an upper alone that root wrote with metacopy=on: with userxattr its files read as zeros.'],
    since: 'userxattr since Linux 5.11. The file system of upper must take user.* on directories: tmpfs does since 6.6.',
    reads: ["kernel log: overlayfs: try mounting with 'userxattr' option", 'kernel log: overlayfs: failed to set xattr on upper', 'kernel log: overlayfs: ...falling back to redirect_dir=nofollow.', 'mkdir: File exists, after the directory was deleted'],
  },
  'userns-option-refused': {
    what: 'The option cannot be had inside a user namespace: redirect_dir=on, follow or off, metacopy=on; and without userxattr also verity and data-only layers.',
    why: 'It needs notes in trusted.* attributes, and inside a user namespace nobody may read or write these (EPERM).',
    see: [UID_MAP, KERNEL_LOG],
    fix: ['Leave the option out.', 'For verity and data-only layers add userxattr (Linux 6.16 and newer).', 'Or mount as root.'],
    since: 'Overlays in user namespaces since Linux 5.11.',
    reads: ['kernel log: overlayfs: redirect_dir requires permission to access trusted xattrs', 'kernel log: overlayfs: lower data-only dirs require permission to access trusted xattrs', 'Operation not permitted'],
  },
  'userns-locked-mounts': {
    what: 'Below a layer lie mounts that came from a more privileged namespace. So “/” is no layer inside a user namespace.',
    why: 'The overlay would show the directory without these mounts, and so uncover what they hide. The kernel does not let a user namespace do that (EINVAL).',
    see: ["grep ' LOWER/' /proc/self/mountinfo   # mounts below it", UID_MAP, KERNEL_LOG],
    fix: ['Name the directories that have no mounts below them: /usr and /etc in place of /.', 'Or mount as root.'],
    since: 'Overlays in user namespaces since Linux 5.11.',
    reads: [SAYS_WRONG_FS, 'kernel log: overlayfs: failed to clone lowerpath', 'kernel log: overlayfs: failed to clone upperpath', 'bwrap: Invalid argument, with no reason'],
  },
  'mounter-credentials': {
    what: 'Someone who may read a file in the merged tree is refused, because whoever mounted the overlay is.',
    why: 'Each access is checked twice: with the rights of the user, and on the layer with those of the mounter. FUSE without allow_other and NFS with root_squash refuse even root (EACCES).',
    see: ['findmnt -o TARGET,FSTYPE,OPTIONS -T LOWER', 'sudo ls -l LOWER   # as the mounter'],
    fix: ['Mount the FUSE file system with allow_other.', 'Export the NFS directory so that the mounter may read it.', 'Or copy the tree to a local file system, and use the copy.'],
    since: 'override_creds (Linux 6.15) lets the mounter’s part be that of the task that sets up the mount.',
    reads: ['Permission denied', SAYS_READ_ONLY, "kernel log: overlayfs: failed to resolve 'PATH': -13"],
  },
  'lsm-denied': {
    what: 'A security module (SELinux, AppArmor and others) or a filter of system calls forbids the mount or the access.',
    why: 'These rules come on top of the file permissions, and hold for root as well (EACCES, EPERM). Which rule it was stands in the audit log, not in the messages of overlay.',
    see: ["journalctl -k -g 'avc:|apparmor=' -n 20", 'cat /sys/kernel/security/lsm', 'ls -Zd LOWER UPPER WORK   # SELinux labels'],
    fix: ['Read which rule it was, and allow just that.', 'SELinux: give the whole mount a label that its users may use.\novl mount -l LOWER -u UPPER --label CONTEXT TARGET', 'In a container the rule is set by its runtime: there it has to be allowed.'],
    reads: [SAYS_READ_ONLY, 'Permission denied', 'unable to create kernel-style whiteout: permission denied (a filter of system calls)'],
  },
  'idmap-unsupported': {
    what: 'A layer, or the overlay itself, was to be mounted with mapped owners (idmap), and that cannot be.',
    why: 'The file system of the layer must support it. An overlay as a whole cannot be id-mapped at all (EINVAL): map its layers instead.',
    see: ['uname -r', 'findmnt -o TARGET,FSTYPE,OPTIONS -T LOWER'],
    fix: ['Map the lower layers, not the overlay.\novl mount -l LOWER -u UPPER --idmap MAP TARGET', 'Use a file system that supports it, such as ext4, xfs or btrfs.', 'Or change the owners in a copy.'],
    since: 'Layers since Linux 5.19; tmpfs since 6.3.',
    reads: ['kernel log before 5.19: overlayfs: idmapped layers are currently not supported', 'Invalid argument, from mount_setattr'],
  },
  'owner-unmapped': {
    what: 'The owner of a file has no counterpart in the user namespace of the mount.',
    why: 'Such a file can be read and deleted. But to change it the kernel has to make a copy with the same owner in upper, and that owner cannot be written there (EOVERFLOW).',
    see: ["stat -c '%u:%g %n' FILE   # 65534: not mapped", 'cat /proc/self/uid_map /proc/self/gid_map'],
    fix: ['Map the ids that the layer uses into the namespace: podman unshare, or newuidmap with ranges of /etc/subuid.', 'Copy the file, and put the copy in its place.', 'Or mount as root.'],
    reads: ['Value too large for defined data type'],
  },
}
