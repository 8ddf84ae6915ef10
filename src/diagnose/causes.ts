/**
 * Which failures a cause can have: stage and errno, by code. The rows stand in the order in which the
 * kernel checks, so that of two causes that both fit, the one it met first comes first.
 *
 * Read from fs/overlayfs/{params,super}.c and fs/namespace.c, and measured on Linux 6.18 and 6.1.
 */

import type { FindingCode } from '../errors/codes.ts'
import type { Attempt, Stage } from './attempt.ts'

type Failures = readonly `${Stage} ${string}`[]

const MISSING: Failures = ['set ENOENT', 'set ENAMETOOLONG', 'make ENOENT', 'make ENAMETOOLONG', 'attach ENOENT']

const CAUSES: Readonly<Partial<Record<FindingCode, Failures>>> = {
  // mount(2) looks at the target first, move_mount(2) at the end
  'target-missing': ['attach ENOENT', 'attach ENAMETOOLONG', 'make ENOENT'],
  'target-not-directory': ['attach ENOTDIR', 'attach EINVAL', 'make ENOTDIR', 'make EEXIST'],
  'userns-disabled': ['open EPERM', 'attach EPERM', 'create EPERM', 'make EPERM'],
  'not-permitted': ['open EPERM', 'attach EPERM', 'create EPERM', 'make EPERM', 'make EACCES'],
  'module-missing': ['open ENODEV'],
  'filesystem-type-renamed': ['open ENODEV'],
  // parameters, one by one
  'options-too-long': ['set ENOENT', 'set EINVAL', 'set ENAMETOOLONG', 'set ENOTDIR', 'create EINVAL', 'create ENOENT'],
  'value-too-long': ['set EINVAL', 'set ENAMETOOLONG', 'open EINVAL'],
  'unescaped-colon': [...MISSING, 'set EINVAL'],
  'unescaped-comma': [...MISSING, 'set EINVAL'],
  'path-not-expanded': [...MISSING],
  'lower-missing': MISSING,
  'upper-missing': MISSING,
  'work-missing': MISSING,
  'option-syntax': ['set EINVAL', 'set ENOENT', 'create EINVAL'],
  'option-unknown': ['set EINVAL'],
  'option-needs-newer-kernel': ['set EINVAL', 'create EINVAL', 'open ENOSYS'],
  'option-bad-value': ['set EINVAL'],
  'way-cannot-say': ['set EINVAL'],
  'remount-change-ignored': ['set EINVAL', 'create EINVAL'],
  'symlink-loop': ['set ELOOP', 'attach ELOOP', 'make ELOOP'],
  'path-unreadable': ['set EACCES', 'attach EACCES', 'make EACCES'],
  'mounter-credentials': ['set EACCES', 'attach EACCES', 'make EACCES', 'create EACCES'],
  'layer-not-directory': ['set EINVAL', 'set ENOTDIR', 'make ENOTDIR', 'make EEXIST'],
  'image-unreadable': ['make EINVAL', 'make EUCLEAN', 'make EIO'],
  'lower-unsupported': ['set EINVAL', 'create EINVAL', 'make EINVAL'],
  'casefold-mismatch': ['set EINVAL', 'create EINVAL'],
  'upper-on-overlay': ['set EINVAL', 'create EINVAL'],
  'upper-read-only': ['set EINVAL', 'create EINVAL', 'create EROFS', 'make EROFS'],
  'too-many-layers': ['set EINVAL', 'set ENOMEM', 'create EINVAL'],
  // the superblock
  'lowerdir-required': ['create EINVAL'],
  'option-conflict': ['create EINVAL', 'set EINVAL'],
  'userns-option-refused': ['create EPERM', 'set EPERM'],
  'work-required': ['create EINVAL'],
  'upper-in-use': ['create EBUSY'],
  'work-other-mount': ['create EINVAL'],
  'work-other-filesystem': ['create EINVAL', 'create EXDEV'],
  'work-upper-nested': ['create EINVAL'],
  'work-in-use': ['create EBUSY'],
  'volatile-leftover': ['create EINVAL'],
  'no-inodes': ['create ENOSPC', 'make ENOSPC', 'set ENOSPC'],
  'no-space': ['create ENOSPC', 'make ENOSPC', 'set ENOSPC', 'create EDQUOT', 'make EDQUOT'],
  'upper-remote': ['create EINVAL', 'set EINVAL', 'create EOPNOTSUPP'],
  'upper-unsupported': ['create EINVAL', 'set EINVAL', 'create EOPNOTSUPP', 'create EIO'],
  'upper-no-xattr': ['create EOPNOTSUPP', 'create EINVAL'],
  'upper-no-d-type': ['create EINVAL'],
  'work-dir-unusable': ['create EINVAL', 'create ENOTDIR', 'create EIO'],
  'single-lower-without-upper': ['create EINVAL'],
  'userns-locked-mounts': ['create EINVAL'],
  'idmap-unsupported': ['make EINVAL', 'make EOPNOTSUPP', 'make ENOSYS', 'make EPERM', 'create EINVAL'],
  'stack-too-deep': ['create EINVAL'],
  'index-mismatch': ['create ESTALE', 'create EINVAL'],
  // since 5.1.15 and until 5.12 an upper inside a lower was refused too
  'upper-inside-lower': ['create ELOOP'],
  'layers-overlap': ['create ELOOP'],
  'lower-in-use': ['create EBUSY'],
  // wherever it strikes
  'mount-limit': ['attach ENOSPC', 'make ENOSPC'],
  'lsm-denied': ['open EACCES', 'open EPERM', 'set EACCES', 'set EPERM', 'create EACCES', 'create EPERM', 'attach EACCES', 'attach EPERM'],
}

const ORDER = Object.keys(CAUSES)

/** Whether a cause with this code can end so. An errno that is not known excludes nothing. */
export function canExplain(code: FindingCode, { stages, errno }: Attempt): boolean {
  if (errno === undefined) return true
  const failures: readonly string[] = CAUSES[code] ?? []
  return stages.some((stage) => failures.includes(`${stage} ${errno}`))
}

/** Position in the kernel’s order of checks; causes that the kernel does not check for come last. */
export function checkOrder(code: FindingCode): number {
  const at = ORDER.indexOf(code)
  return at < 0 ? ORDER.length : at
}
