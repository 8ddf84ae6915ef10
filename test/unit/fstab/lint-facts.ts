/** Facts of a lint, written down: a system where the named paths are missing and all others are directories of the root. */

import type { PathFact, PathRole } from '../../../src/diagnose/facts.ts'
import { entriesOf, parseFstab } from '../../../src/fstab/file.ts'
import type { LintFacts, LintPath } from '../../../src/fstab/lint/facts.ts'
import { judgeFstab } from '../../../src/fstab/lint/lint.ts'
import type { LintLine } from '../../../src/fstab/lint/lint.ts'
import { meantBy, overlayKind } from '../../../src/fstab/overlay-line.ts'
import { pathPrefixes, tidyPath } from '../../../src/names/path.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'

export interface Scene extends Partial<Pick<LintFacts, 'root' | 'findmnt' | 'rootType' | 'joined' | 'systemd' | 'programs'>> {
  readonly missing?: readonly string[]
  /** Mount points that are mounted now; those that no line makes are `unlisted`. */
  readonly mounted?: readonly string[]
  readonly version?: string
}

export function lintFacts(text: string, { missing = [], mounted = [], version = '2.41.1', ...rest }: Scene = {}): LintFacts {
  const parsed = parseFstab(text)
  const points = entriesOf(parsed).map(({ target }) => tidyPath(target))
  const paths = entriesOf(parsed).flatMap((entry): LintPath[] => {
    const kind = overlayKind(entry)
    return kind === undefined ? [] : pathsOf(meantBy(entry, kind).spec).map(([role, path], index): LintPath => {
      const over = mounted.filter((point) => tidyPath(path).startsWith(`${point}/`) || tidyPath(path) === point).sort((a, b) => a.length - b.length)
      const last = over.at(-1)
      return { line: entry.line, fact: factOf(role, path, index, missing, last), places: [tidyPath(path)], mounted: over.filter((point) => points.includes(point)), ...(last === undefined || points.includes(last) ? {} : { unlisted: last }) }
    })
  })
  const there = { known: true, value: true } as const
  return { file: '/etc/fstab', parsed, paths, joined: [], findmnt: [], mountVersion: { known: true, value: version }, systemd: there, rootType: { known: true, value: 'ext4' }, programs: { 'mount.ovl': there, node: there, 'fuse-overlayfs': there }, ...rest }
}

function pathsOf({ lower, data, upper, work, target }: OverlaySpec): (readonly [PathRole, string])[] {
  return [...lower.map(({ path }) => ['lower', path] as const), ...data.map(({ path }) => ['data', path] as const), ...(upper === undefined ? [] : [['upper', upper] as const]), ...(work === undefined ? [] : [['work', work] as const]), ['target', target ?? '/'] as const]
}

function factOf(role: PathRole, path: string, index: number, missing: readonly string[], point = '/'): PathFact {
  const absolute = tidyPath(path)
  const base = { role, index, path, absolute }
  if (missing.some((one) => absolute === one || absolute.startsWith(`${one}/`))) return { ...base, errno: 'ENOENT', culprit: absolute }
  const known = <T>(value: T): { readonly known: true; readonly value: T } => ({ known: true, value })
  return {
    ...base, kind: 'directory', device: point, inode: absolute, ancestry: pathPrefixes(absolute).reverse().map((one) => `${point}:${one}`), mountId: known(point.length), mountPoint: known(point), fsType: known('ext4'),
    mountReadOnly: known(false), superReadOnly: known(false), place: known({ superblock: point, path: absolute }),
  }
}

/** `error code` of each finding of each line. */
export const codesOf = (lines: readonly LintLine[]): string[][] => lines.map(({ findings }) => findings.map(({ code, severity }) => `${severity} ${code}`))
export const lint = (text: string, scene?: Scene): LintLine[] => judgeFstab(lintFacts(text, scene))
