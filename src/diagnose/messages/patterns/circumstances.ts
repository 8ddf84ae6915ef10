/** What the circumstances of a failure suggest: where it happened, what the paths lie on, who mounted. Only for the errnos they can cause. */

import type { FindingCode } from '../../../errors/codes.ts'
import type { Reading } from '../read.ts'
import type { Tool } from '../tools.ts'
import { CIRCUMSTANCE } from './hint.ts'
import type { Family } from './hint.ts'

interface Circumstance {
  readonly errnos: readonly string[]
  readonly words?: RegExp
  readonly tool?: Tool
  readonly moments?: readonly Reading['moment'][]
  readonly code: FindingCode
  /** Added to CIRCUMSTANCE. */
  readonly more?: number
}

const REMOTE = /\b(?:nfs\d?|cifs|smb|smbfs|sshfs|virtiofs|9p|juicefs|gluster\w{0,3}|cephfs|lustre|gpfs|beegfs|ntfs-3g|mergerfs|rclone|vboxsf|s3fs|davfs\d?|gcsfuse|blobfuse\d?|osxfs|fuse\.[a-z]\w{1,20}|grpcfuse|drvfs|fuseblk)\b|\/nfs\//i
const UNSUPPORTED = /\b(?:zfs|ecryptfs|vfat|exfat|msdos|fat32|ntfs3?|aufs|unionfs|jffs2|reiserfs|hfsplus)\b/i

const ROWS: readonly Circumstance[] = [
  { errnos: ['EINVAL', 'EOPNOTSUPP'], words: UNSUPPORTED, code: 'upper-unsupported', more: 5 },
  { errnos: ['EINVAL', 'EOPNOTSUPP', 'ESTALE', 'EIO', 'EXDEV'], words: REMOTE, moments: ['mount'], code: 'upper-remote', more: 4 },
  { errnos: ['EINVAL'], words: /casefold|case[- ]insensitive/i, code: 'casefold-mismatch', more: 5 },
  { errnos: ['EINVAL'], words: /d_type|ftype|\/merged\/dev\/shm/i, code: 'upper-no-d-type', more: 6 },
  { errnos: ['EINVAL', 'EOPNOTSUPP'], tool: 'nested', code: 'upper-on-overlay', more: 2 },
  { errnos: ['EINVAL', 'EPERM', 'EACCES'], words: /idmap|mapped mount|\/mapped\/\d|uidmap|userns=auto|--userns/i, code: 'idmap-unsupported', more: -8 },
  { errnos: ['EINVAL'], words: /read-only (?:bind|root|volume)|:ro\b/i, code: 'upper-read-only', more: -4 },
  { errnos: ['EINVAL'], words: /\b(?:subvol|subvolume|btrfs)\b/i, code: 'work-other-filesystem', more: -5 },
  { errnos: ['EXDEV'], words: /\b(?:subvol|subvolume)\b/i, code: 'work-other-filesystem', more: 4 },
  { errnos: ['ENOENT'], tool: 'boot', moments: ['mount'], code: 'lower-not-mounted-yet', more: 2 },
  { errnos: ['ENOENT'], tool: 'fstab', moments: ['mount'], code: 'lower-not-mounted-yet' },
  { errnos: ['EPERM', 'EACCES'], tool: 'lxc', moments: ['mount'], code: 'lsm-denied', more: 1 },
  { errnos: ['EACCES'], words: /context=|container_t|\bselinux\b|apparmor/i, moments: ['mount'], code: 'lsm-denied', more: -7 },
  { errnos: ['EPERM'], tool: 'rootless', moments: ['mount'], code: 'userns-disabled', more: -7 },
  { errnos: ['EPERM', 'EACCES', 'EIO'], words: /metacopy|redirect/i, moments: ['use', 'unknown'], code: 'metacopy-mismatch', more: 2 },
  { errnos: ['EPERM', 'EACCES', 'EOPNOTSUPP', 'EINVAL'], words: /\brelabel|l?setfilecon|file label\b/i, code: 'lsm-denied', more: 2 },
  { errnos: ['EROFS'], words: /remount(?:ing|ed)? (?:the )?(?:file ?system|fs) read-?only|Aborting journal|forced read-?only|filesystem shut ?down|(?:EXT4|BTRFS|XFS|F2FS)[ -]\S{0,20} ?.{0,40}\berror\b/i, code: 'upper-read-only', more: 2 },
  { errnos: ['EPERM', 'EACCES'], words: /\b(?:fuse|sshfs|nfs|rclone|mergerfs)\b/i, code: 'mounter-credentials', more: 1 },
  { errnos: ['ENOSPC'], words: /inode/i, code: 'no-inodes', more: 4 },
  { errnos: ['ENOSPC'], words: /mount-max|too many mounts/i, code: 'mount-limit', more: 6 },
  { errnos: ['EBUSY'], tool: 'fuse', code: 'umount-busy', more: -10 },
  { errnos: ['EOVERFLOW'], words: /./, code: 'owner-unmapped' },
]

export const circumstances: Family = ({ errno, lines, tools, moment }) => {
  if (errno === undefined) return []
  return ROWS.filter(({ errnos, tool, moments }) => errnos.includes(errno) && (tool === undefined || tools.has(tool)) && (moments === undefined || moments.includes(moment))).flatMap(({ words, code, more = 0 }) => {
    const line = words === undefined ? lines.findLast(({ aftermath }) => !aftermath) : lines.find(({ text }) => words.test(text.slice(0, 6000)))
    return line === undefined ? [] : [{ code, weight: CIRCUMSTANCE + more, because: line.text }]
  })
}
