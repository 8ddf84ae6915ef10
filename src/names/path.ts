/**
 * Path arithmetic on names (see bytes.ts): textual only, no file system is asked.
 * `..` is kept, because behind a symlink it does not mean the textual parent.
 */

/** Drops `//`, `.` components and trailing slashes; keeps `..` and a leading slash. */
export function tidyPath(path: string): string {
  // Nearly all are tidy, and there may be a hundred thousand: a pattern would take five times as long to see it.
  if (path.startsWith('/') && !path.includes('//') && !path.includes('/./') && !path.endsWith('/') && !path.endsWith('/.')) return path
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  const body = parts.join('/')
  return path.startsWith('/') ? `/${body}` : body === '' ? '.' : body
}

/** `path` seen from `cwd`, absolute and tidy. */
export function absolutePath(path: string, cwd: string): string {
  return tidyPath(path.startsWith('/') ? path : `${cwd}/${path}`)
}

/** The directory part of a tidy path. */
export function parentPath(path: string): string {
  const at = path.lastIndexOf('/')
  return at > 0 ? path.slice(0, at) : at === 0 ? '/' : '.'
}

/** The last component of a tidy path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Every prefix of a tidy absolute path, from `/` down to itself. */
export function pathPrefixes(path: string): string[] {
  const prefixes = ['/']
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) prefixes.push(path.slice(0, at))
  if (path !== '/') prefixes.push(path)
  return prefixes
}

/** True when tidy `path` is `ancestor` or lies below it: `/foo` holds `/foo/bar`, never `/foobar`. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor === '/' ? '/' : `${ancestor}/`)
}

/**
 * The deepest directory that all tidy absolute paths share, so that each can be named relative to
 * it without `..`; undefined when that is only `/`, or when a path is that directory's own parent.
 */
export function commonDirectory(paths: readonly string[]): string | undefined {
  const [first, ...rest] = paths
  if (first === undefined || !paths.every((path) => path.startsWith('/'))) return undefined
  let common = parentPath(first)
  for (const path of rest) while (common !== '/' && (!isWithin(path, common) || path === common)) common = parentPath(common)
  return common === '/' ? undefined : common
}

/** `path` relative to its ancestor `directory` (both tidy and absolute). */
export function relativeTo(path: string, directory: string): string {
  return path === directory ? '.' : path.slice(directory === '/' ? 1 : directory.length + 1)
}
