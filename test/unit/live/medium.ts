/** Media as data, for tests of the rules: names and texts, no bytes. */

import type { Medium, MediumFile } from '../../../src/live/medium.ts'

/** `names` are paths; one that ends in a slash is a directory. Directories above are added. */
export function medium(names: readonly string[], texts: Readonly<Record<string, string>> = {}, more: Partial<Medium> = {}): Medium {
  const paths = [...names, ...Object.keys(texts)]
  const above = [...new Set(paths.flatMap((path) => path.replace(/\/$/, '').split('/').slice(1, -1).map((_, at, parts) => `/${parts.slice(0, at + 1).join('/')}`)))]
  const files: MediumFile[] = [
    ...above.map((path): MediumFile => ({ path, size: 0, kind: 'directory' })),
    ...[...new Set(paths)].map((path): MediumFile => (path.endsWith('/') ? { path: path.slice(0, -1), size: 0, kind: 'directory' } : { path, size: 4096, kind: 'file' })),
  ]
  return { source: '/m.iso', kind: 'iso', files, texts, ...more }
}

/** Bare images. */
export function images(...names: readonly string[]): Medium {
  return { source: `/i/${names[0] as string}`, kind: 'images', files: names.map((name) => ({ path: `/i/${name}`, size: 4096, kind: 'file' })), texts: {} }
}
