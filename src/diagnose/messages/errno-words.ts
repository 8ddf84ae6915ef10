/** The errnos that a line speaks of: by name, by number, or in the words of strerror(3), Go, musl and Rust. */

const NUMBERS: Readonly<Record<number, string>> = {
  1: 'EPERM', 2: 'ENOENT', 5: 'EIO', 6: 'ENXIO', 7: 'E2BIG', 12: 'ENOMEM', 13: 'EACCES', 16: 'EBUSY', 17: 'EEXIST', 18: 'EXDEV', 19: 'ENODEV', 20: 'ENOTDIR',
  22: 'EINVAL', 24: 'EMFILE', 28: 'ENOSPC', 30: 'EROFS', 36: 'ENAMETOOLONG', 38: 'ENOSYS', 39: 'ENOTEMPTY', 40: 'ELOOP', 75: 'EOVERFLOW', 95: 'EOPNOTSUPP',
  107: 'ENOTCONN', 116: 'ESTALE', 117: 'EUCLEAN', 122: 'EDQUOT',
}

/** Longer ones before those they begin with. */
const WORDS: readonly (readonly [words: string, errno: string])[] = [
  ['cross-device link not permitted', 'EXDEV'], ['file already exists', 'EEXIST'], ['name too long', 'ENAMETOOLONG'],
  ['no such device or address', 'ENXIO'], ['device not configured', 'ENXIO'], ['no such device', 'ENODEV'], ['no such file or directory', 'ENOENT'], ['no such file', 'ENOENT'],
  ['invalid argument', 'EINVAL'], ['permission denied', 'EACCES'], ['operation not permitted', 'EPERM'], ['not permitted', 'EPERM'],
  ['device or resource busy', 'EBUSY'], ['resource busy', 'EBUSY'], ['device is busy', 'EBUSY'], ['target is busy', 'EBUSY'],
  ['too many levels of symbolic links', 'ELOOP'], ['too many symbolic links', 'ELOOP'], ['symbolic link loop', 'ELOOP'],
  ['stale nfs file handle', 'ESTALE'], ['stale file handle', 'ESTALE'], ['invalid cross-device link', 'EXDEV'], ['cross-device link', 'EXDEV'], ['cross-device', 'EXDEV'],
  ['no space left on', 'ENOSPC'], ['disk quota exceeded', 'EDQUOT'], ['quota exceeded', 'EDQUOT'], ['read-only file system', 'EROFS'], ['read-only filesystem', 'EROFS'],
  ['not a directory', 'ENOTDIR'], ['file exists', 'EEXIST'], ['directory not empty', 'ENOTEMPTY'], ['file name too long', 'ENAMETOOLONG'], ['filename too long', 'ENAMETOOLONG'],
  ['value too large', 'EOVERFLOW'], ['operation not supported', 'EOPNOTSUPP'], ['not supported by', 'EOPNOTSUPP'], ['function not implemented', 'ENOSYS'],
  ['too many open files', 'EMFILE'], ['argument list too long', 'E2BIG'], ['input/output error', 'EIO'], ['i/o error', 'EIO'], ['cannot allocate memory', 'ENOMEM'], ['out of memory', 'ENOMEM'],
  ['transport endpoint is not connected', 'ENOTCONN'], ['structure needs cleaning', 'EUCLEAN'],
]

const NAMED = new Set(Object.values(NUMBERS))
const NAME = /\bE(?:[A-Z]{3,12}|2BIG)\b/g
const NUMBER = /(?:\berrno:? ?=? ?|\berr(?:or)?=-?|\(os error |\breturned -|\bret(?:val)?=-?)(\d{1,3})\b/gi

/** Sentences of mount(8) that stand for an errno without naming it, or name another. */
const SAYS: readonly { readonly words: RegExp; readonly errno: string }[] = [
  { words: /special device [^\n]{1,400} does not exist/i, errno: 'ENOENT' },
  { words: /mount point not mounted or bad option|not mount point or bad option/i, errno: 'EINVAL' },
  { words: /wrong fs type, bad option/i, errno: 'EINVAL' },
  { words: /cannot mount (?:\S{1,60} )?(?:\S{1,60} )?read-only/, errno: 'EACCES' },
  { words: /unknown filesystem type/i, errno: 'ENODEV' },
  { words: /\balready mounted (?:on|or)\b|mount point is busy/, errno: 'EBUSY' },
  { words: /must be superuser|\bmount: [^\n]{1,1000}: permission denied\.?$/, errno: 'EPERM' },
]

/** Errnos in the order in which they stand in the line, each with its place. */
export function errnosOf(line: string): { readonly errno: string; readonly at: number }[] {
  const said = SAYS.find(({ words }) => words.test(line.slice(0, 6000)))
  if (said !== undefined) return [{ errno: said.errno, at: 0 }]
  const found: { errno: string; at: number }[] = []
  const low = line.toLowerCase()
  const taken: (readonly [from: number, to: number])[] = []
  for (const [words, errno] of WORDS) {
    const at = low.lastIndexOf(words)
    if (at < 0 || taken.some(([from, to]) => at >= from && at < to)) continue
    taken.push([at, at + words.length])
    found.push({ errno, at })
  }
  for (const { 0: name, index } of line.matchAll(NAME)) if (NAMED.has(name)) found.push({ errno: name, at: index })
  for (const { 1: digits, index } of line.matchAll(NUMBER)) {
    const errno = NUMBERS[Number(digits)]
    if (errno !== undefined) found.push({ errno, at: index })
  }
  return found.sort((a, b) => a.at - b.at)
}
