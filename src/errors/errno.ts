/** Linux errno numbers and names (generic ABI, all architectures but alpha, mips, parisc and sparc). */

const NAMES: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 4: 'EINTR', 5: 'EIO', 6: 'ENXIO', 9: 'EBADF', 11: 'EAGAIN', 12: 'ENOMEM', 13: 'EACCES',
  14: 'EFAULT', 15: 'ENOTBLK', 16: 'EBUSY', 17: 'EEXIST', 18: 'EXDEV', 19: 'ENODEV', 20: 'ENOTDIR', 21: 'EISDIR',
  22: 'EINVAL', 23: 'ENFILE', 24: 'EMFILE', 25: 'ENOTTY', 27: 'EFBIG', 28: 'ENOSPC', 30: 'EROFS', 34: 'ERANGE',
  36: 'ENAMETOOLONG', 38: 'ENOSYS', 39: 'ENOTEMPTY', 40: 'ELOOP', 61: 'ENODATA', 75: 'EOVERFLOW', 90: 'EMSGSIZE',
  95: 'EOPNOTSUPP', 107: 'ENOTCONN', 116: 'ESTALE', 117: 'EUCLEAN', 122: 'EDQUOT',
}

const WORDS: Readonly<Record<string, string>> = {
  EPERM: 'operation not permitted', ENOENT: 'no such file or directory', EIO: 'input/output error',
  ENXIO: 'no such device or address', EBADF: 'bad file descriptor', EACCES: 'permission denied',
  EBUSY: 'device or resource busy', EEXIST: 'file exists', EXDEV: 'invalid cross-device link', ENODEV: 'no such device',
  ENOTDIR: 'not a directory', EISDIR: 'is a directory', EINVAL: 'invalid argument', EMFILE: 'too many open files',
  ENOSPC: 'no space left on device', EROFS: 'read-only file system', ENAMETOOLONG: 'file name too long',
  ENOSYS: 'function not implemented', ENOTEMPTY: 'directory not empty', ELOOP: 'too many levels of symbolic links',
  EOVERFLOW: 'value too large for defined data type', EOPNOTSUPP: 'operation not supported',
  ESTALE: 'stale file handle', ENOTBLK: 'block device required', ENOMEM: 'cannot allocate memory',
}

/** Symbolic name of an errno, `E<number>` when it has none here. */
export function errnoName(errno: number): string {
  return NAMES[errno] ?? `E${errno}`
}

/** What the C library would print for it, in lower case. */
export function errnoWords(name: string): string {
  return WORDS[name] ?? name
}
