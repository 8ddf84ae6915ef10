/**
 * An errno by itself: what it most likely means, by the moment. Rows are in the order of likelihood among
 * the problem reports of users. Read from fs/overlayfs and fs/namespace.c, and measured on Linux 6.18 and 6.1.
 */

import type { FindingCode } from '../../../errors/codes.ts'
import type { Moment } from '../moment.ts'
import { ERRNO } from './hint.ts'
import type { Family } from './hint.ts'

type Row = Readonly<Partial<Record<string, readonly FindingCode[]>>>

const MOUNT: Row = {
  ENOENT: ['lower-missing', 'upper-missing', 'work-missing', 'options-too-long', 'unescaped-colon', 'lower-not-mounted-yet'],
  EINVAL: ['unknown', 'upper-on-overlay', 'upper-remote', 'upper-unsupported', 'work-other-mount', 'stack-too-deep', 'option-needs-newer-kernel', 'option-unknown'],
  EACCES: ['path-unreadable', 'lsm-denied', 'mounter-credentials'],
  EPERM: ['not-permitted', 'userns-disabled', 'userns-option-refused', 'lsm-denied'],
  EBUSY: ['upper-in-use', 'work-in-use', 'lower-in-use'],
  ENODEV: ['module-missing', 'filesystem-type-renamed'],
  ELOOP: ['layers-overlap', 'symlink-loop'],
  ESTALE: ['index-mismatch', 'lower-modified'],
  ENOSPC: ['no-space', 'mount-limit', 'no-inodes'],
  EDQUOT: ['no-space'],
  EMFILE: ['mount-limit'],
  EROFS: ['upper-read-only', 'read-only-overlay', 'work-dir-unusable'],
  ENOTDIR: ['layer-not-directory', 'target-not-directory', 'work-dir-unusable'],
  EXDEV: ['work-other-filesystem', 'rename-exdev'],
  ENAMETOOLONG: ['value-too-long', 'options-too-long', 'lower-missing'],
  E2BIG: ['options-too-long', 'too-many-layers'],
  EOPNOTSUPP: ['upper-no-xattr', 'upper-unsupported', 'upper-on-overlay', 'idmap-unsupported'],
  ENOSYS: ['option-needs-newer-kernel', 'way-cannot-say', 'module-missing'],
  EIO: ['upper-unsupported', 'image-unreadable'],
  EOVERFLOW: ['owner-unmapped'],
  ENXIO: ['image-unreadable', 'whiteout-copied'],
  ENOTCONN: ['upper-remote', 'mounter-credentials'],
  EUCLEAN: ['image-unreadable'],
  ENOMEM: ['too-many-layers', 'unknown'],
  ENOTEMPTY: ['work-dir-unusable'],
}

const USE: Row = {
  EXDEV: ['rename-exdev', 'work-other-filesystem'],
  EROFS: ['mounted-read-only', 'read-only-overlay', 'work-dir-unusable'],
  ENOSPC: ['no-space', 'no-inodes', 'mount-limit'],
  EDQUOT: ['no-space', 'no-inodes'],
  ESTALE: ['index-mismatch', 'lower-modified', 'kernel-bug'],
  ENXIO: ['whiteout-copied', 'unknown'],
  ENODEV: ['module-missing', 'unknown'],
  EOVERFLOW: ['owner-unmapped'],
  ELOOP: ['upper-inside-lower', 'layers-overlap', 'symlink-loop'],
  ENOENT: ['lower-modified', 'work-dir-unusable', 'unknown'],
  EINVAL: ['upper-unsupported', 'upper-no-d-type', 'metacopy-mismatch', 'unknown'],
  EACCES: ['mounter-credentials', 'lsm-denied', 'path-unreadable'],
  EPERM: ['metacopy-mismatch', 'lsm-denied', 'owner-unmapped', 'not-permitted'],
  EIO: ['metacopy-mismatch', 'unknown', 'volatile-leftover'],
  EBUSY: ['umount-busy', 'upper-in-use'],
  ENOTEMPTY: ['lower-modified', 'kernel-bug', 'unknown'],
  EEXIST: ['userns-needs-userxattr', 'upper-no-xattr', 'unknown'],
  EOPNOTSUPP: ['upper-no-xattr', 'upper-unsupported', 'unknown'],
  ENOTDIR: ['lower-modified', 'unknown'],
  ENOTCONN: ['secondary-error', 'unknown'],
  EMFILE: ['unknown'],
}

const UNMOUNT: Row = {
  EBUSY: ['umount-busy'],
  EINVAL: ['not-mounted', 'secondary-error'],
  ENOENT: ['not-mounted', 'target-missing'],
  EPERM: ['not-permitted'],
  ESTALE: ['upper-remote', 'unknown'],
}

const REMOUNT: Row = {
  EINVAL: ['remount-change-ignored', 'not-mounted'],
  EROFS: ['read-only-overlay', 'mounted-read-only', 'work-dir-unusable'],
  EPERM: ['not-permitted'],
  EBUSY: ['umount-busy'],
}

/** A bare errno with no moment: most messages that people bring here are about mounting. */
const UNKNOWN: Row = { ...MOUNT, EXDEV: ['rename-exdev', 'work-other-filesystem'], EROFS: ['mounted-read-only', 'read-only-overlay', 'work-dir-unusable'], ENXIO: ['whiteout-copied', 'unknown'], ENOSPC: ['no-space', 'no-inodes', 'mount-limit'] }

const BY_MOMENT: Readonly<Record<Moment, Row>> = { mount: MOUNT, use: USE, unmount: UNMOUNT, remount: { ...MOUNT, ...REMOUNT }, unknown: UNKNOWN }

/** Whether one of these can make a use of the mounted tree end so. */
export function failsInUseWith(codes: readonly FindingCode[], errno: string): boolean {
  return codes.some((code) => code !== 'unknown' && USE[errno]?.includes(code))
}

export const byErrno: Family = ({ errno, moment, lines }) => {
  if (errno === undefined) return []
  const because = lines.findLast((line) => line.errnos.includes(errno))?.text ?? errno
  const codes = BY_MOMENT[moment][errno] ?? ['unknown']
  return codes.map((code, i) => ({ code, weight: ERRNO - 2 * i, because, ...(i === 0 && codes.length <= 2 ? { likely: true } : {}) }))
}
