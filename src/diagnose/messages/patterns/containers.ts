/** Docker, containerd, podman, buildah, buildkit, k3s, lxc and rkt: what they say before or instead of the kernel's reason. */

import { faint, hinted, told } from './hint.ts'
import type { Phrase } from './hint.ts'

export const CONTAINERS: readonly Phrase[] = [
  // probes of a store
  told(/not supported over (?:overlay|aufs\b.{0,40}overlay)|backing file ?system:? (?:is )?overlay|(?:on|over|onto) (?:top of )?(?:another )?overlay ?fs\b|overlay(?:2|fs)? (?:on|over) overlay/i, 'upper-on-overlay'),
  told(/not supported over (?:zfs|ecryptfs|aufs|vfat|fat|exfat|msdos|ntfs|ntfs3|squashfs|unionfs|hfs\w{0,5}|bcachefs|reiserfs|jffs2|ramfs)\b/i, 'upper-unsupported'),
  told(/not supported over (?:nfs\d?|cifs|smb\w{0,3}|fuse\S{0,20}|9p|v9fs|virtiofs|ceph\w{0,3}|gluster\w{0,3}|lustre|gpfs|sshfs|vboxsf|beegfs|afs)\b/i, 'upper-remote', 'upper-unsupported'),
  told(/d_?type (?:is )?(?:not|false|unsupported)|without d_?type|not support d_?type|needs? d_?type|no d_?type|supports? d_type: ?false|ftype=0|requires? .{0,40}d_?type|n ftype=1/i, 'upper-no-d-type'),
  hinted(/unable to create kernel-style whiteout|create whiteout|convert whiteout|mknod.{0,400}(?:operation not permitted|permission denied)/i, 'not-permitted', 'lsm-denied', 'userns-option-refused', 'upper-no-xattr'),
  hinted(/not supported over <?(?:extfs|ext\d|xfs|btrfs|tmpfs|f2fs|unknown)\b/i, 'module-missing', 'upper-no-d-type', 'not-permitted', 'upper-unsupported'),
  hinted(/not supported over [\w.]{2,20}/i, 'upper-unsupported', 'upper-remote'),
  hinted(/kernel does not support overlay|overlay(?:fs|2)? (?:is )?(?:not|isn't) (?:supported|available|enabled) (?:by|in|on) (?:the |this |your )?(?:kernel|host)|no support for overlay|overlay(?:fs)? not found as a supported filesystem|overlay module not (?:loaded|found|available)/i, 'module-missing', 'upper-no-d-type', 'upper-unsupported', 'not-permitted'),
  faint(/prior storage driver overlay\d? failed|driver not supported/i, 'upper-on-overlay', 'module-missing', 'upper-unsupported', 'upper-no-d-type'),
  faint(/snapshotter cannot be enabled|mount with (?:multiple|a single) lowers? failed|overlay test mount/i, 'upper-on-overlay', 'upper-remote', 'upper-unsupported', 'unknown'),
  // limits
  told(/mount options? (?:is|are) too (?:long|large)|mount label .{0,200}too large|> page size|options? (?:string )?(?:exceeds?|longer than|too long).{0,40}(?:page|4096|4095)|(?:page|4096).{0,40}(?:exceed|too (?:long|large))/i, 'options-too-long'),
  told(/max(?:imum)? (?:depth|layers?|number of layers) exceeded|too many (?:layers|lower)|cannot (?:create|add) more than \d{1,4} layers/i, 'too-many-layers'),
  // state
  hinted(/incompat\/volatile|volatile.{0,60}(?:not (?:cleanly|clean)|left ?over|refus|cannot be mounted)/i, 'volatile-leftover'),
  // busy
  told(/(?:failed to remove|unable to remove|error removing|remove|unlinkat|rmdir|rm:)\b[^\n]{0,800}(?:device or )?resource busy/i, 'umount-busy', 'upper-in-use'),
  // id mapping
  told(/create mapped mount|idmapped mount|mount_setattr|MOUNT_ATTR_IDMAP|idmap.{0,80}(?:not supported|invalid argument|failed)|(?:doesn't|does not|no) support (?:for )?id-?map/i, 'idmap-unsupported', 'owner-unmapped'),
  told(/insufficient (?:UIDs|GIDs|subordinate)|subordinate IDs in|\bl?chown [^\n]{1,400}: invalid argument|requested \d{1,10}:\d{1,10} for \S/i, 'owner-unmapped', 'not-permitted'),
  // fuse-overlayfs
  told(/fuse: device not found|\/dev\/fuse.{0,80}(?:no such|not found|not permitted|denied)|modprobe fuse/i, 'module-missing', 'tool-missing', 'not-permitted'),
  told(/fusermount3?:? .{0,200}(?:not permitted|permission denied)|fuse-overlayfs: cannot mount: (?:operation not permitted|permission denied)/i, 'not-permitted', 'userns-disabled', 'lsm-denied'),
  told(/(?:fuse-overlayfs|fusermount3?|mksquashfs|unsquashfs|xorriso|newuidmap|newgidmap|mount\.fuse\S{0,12})\S{0,4}[^\n]{0,60}(?:executable file not found|command not found|: not found|not installed)|(?:exec|stat|fork\/exec) \S{0,80}(?:fuse-overlayfs|fusermount3?|newuidmap): no such file|exec: "[\w.-]{1,40}": executable file not found/i, 'tool-missing'),
  told(/cannot read lower dirs?|cannot resolve path |cannot load store/i, 'lower-missing', 'unescaped-colon', 'path-not-expanded'),
  told(/cannot (?:read|open) upper ?dir/i, 'upper-missing', 'path-unreadable'),
  told(/cannot (?:read|open|create) work ?dir/i, 'work-missing', 'path-unreadable', 'work-dir-unusable'),
  told(/workdir not specified|missing workdir|no workdir/i, 'work-required'),
  told(/lowerdir not specified|missing lowerdir|no lowerdir/i, 'lowerdir-required'),
  told(/allow_other only allowed if|user_allow_other/i, 'mounter-credentials', 'not-permitted'),
  hinted(/transport endpoint is not connected/i, 'secondary-error', 'upper-remote', 'unknown'),
  hinted(/failed to register layer[^\n]{0,400}operation not supported|lsetxattr|setxattr[^\n]{0,400}(?:not supported|not permitted)|xattr[^\n]{0,100}(?:not supported|not permitted)/i, 'upper-no-xattr', 'not-permitted', 'upper-unsupported', 'userns-option-refused'),
]
