/**
 * mount(8) and umount(8) of util-linux, old and new, and those of busybox: sentences that stand for one
 * errno at one stage. Where a sentence stands for an errno only, the errno is what counts (errno.ts).
 */

import { hinted, told } from './hint.ts'
import type { Phrase } from './hint.ts'

export const MOUNT8: readonly Phrase[] = [
  told(/\bmount point (?:\S{1,1000} )?does not exist|mount point is a symbolic link to nowhere/, 'target-missing'),
  told(/\bmount point (?:\S{1,1000} )?is not a directory|directory onto (?:a )?file|file onto (?:a )?directory|mount over a non-directory/i, 'target-not-directory'),
  told(/unknown filesystem type '?ovl\b/, 'tool-missing'),
  told(/unknown filesystem type '?overlayfs|fstype[:=] ?overlayfs\b|mounting overlayfs on \S{1,400} failed: no such device/i, 'filesystem-type-renamed', 'module-missing'),
  told(/unknown filesystem type '?overlay(?!fs)'?|(?:filesystem|file system|fs)(?: type)? '?overlay'? (?:is )?not (?:supported|configured|known|found)|overlay\b.{0,20} not found in \/proc\/filesystems|no filesystem.{0,20} overlay/i, 'module-missing'),
  told(/No changes allowed in reconfigure|mount point not mounted or bad option|not mount point or bad option/, 'remount-change-ignored', 'not-mounted'),
  told(/cannot remount \S{1,60} read-write|cannot remount .{0,400}write-protected/i, 'read-only-overlay', 'mounted-read-only', 'work-dir-unusable'),
  told(/must be superuser to (?:use |u?n?)mount|only root can (?:do that|mount|use )|operation permitted for root only|must be root|need(?:s)? (?:to be )?root/i, 'not-permitted', 'userns-disabled'),
  hinted(/cannot mount (?:\S{1,60} )?(?:\S{1,60} )?read-only/, 'path-unreadable', 'lsm-denied', 'mounter-credentials'),
  told(/\balready mounted (?:on|or)\b|mount point is busy|\balready mounted or \S{1,400} busy/, 'upper-in-use', 'work-in-use', 'lower-in-use'),
  told(/\bmount table full/, 'mount-limit', 'no-space'),
  told(/\bumount: [^\n]{1,1000}: (?:target|device) is busy|\bumount: [^\n]{1,1000} busy\b|can't u?n?mount [^\n]{1,1000} busy|target is busy/i, 'umount-busy'),
  told(/\bumount: [^\n]{1,1000}(?:not mounted|no mount point specified|not found|Invalid argument)|: not mounted\.?$|no mount point specified|not a mount ?point/, 'not-mounted', 'secondary-error'),
  told(/can't read superblock on|bad superblock on \/(?!\S{0,200}overlay)\S{1,200}|can't find (?:a|any) (?:valid )?\w{1,12} (?:superblock|filesystem)|cannot find valid erofs superblock|magic mismatch|not a valid block device|probably corrupted filesystem/i, 'image-unreadable', 'layer-not-directory'),
  hinted(/is not a block device/, 'layer-not-directory', 'image-unreadable'),
  hinted(/failed to parse mount options|bad usage|unsupported option format/, 'option-syntax', 'usage'),
  hinted(/move_mount\(\) failed/, 'target-missing', 'target-not-directory'),
]
