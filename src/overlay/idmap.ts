/**
 * The words of mount(8)’s X-mount.idmap → id ranges, or the user namespace they name. It makes no namespace:
 * host/userns.ts does.
 *
 * The first number is the owner on disk, the second the owner seen through the mount: `0:100000:65536` shows
 * root’s files as those of 100000. The manual of mount(8) names the two the other way round; its code and
 * the kernel do this.
 */

import { OvlError } from '../errors/ovl-error.ts'

export interface IdRange {
  /** First id as the file system has it. */
  readonly disk: number
  /** First id as the mount shows it. */
  readonly mount: number
  readonly count: number
}

export type Idmap =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'map'; readonly uid: readonly IdRange[]; readonly gid: readonly IdRange[] }

/** Parses `b:0:100000:65536`, several such words (`u:` users, `g:` groups, `b:` or nothing both), or `/proc/PID/ns/user`. @throws OvlError option-bad-value */
export function parseIdmap(text: string): Idmap {
  const words = text.split(/[ \t]+/).filter((word) => word !== '')
  if (text.startsWith('/')) return { kind: 'path', path: text }
  if (words.length === 0) throw bad(text, 'it is empty')
  const maps: Record<'uid' | 'gid', IdRange[]> = { uid: [], gid: [] }
  for (const word of words) {
    const { kinds, range } = parseWord(word, text)
    for (const kind of kinds) {
      const other = maps[kind].find((known) => overlap(known, range))
      if (other !== undefined) throw bad(text, `the ranges of '${formatRange(other)}' and '${word}' overlap`)
      maps[kind].push(range)
    }
  }
  for (const [kind, name] of [['uid', 'users'], ['gid', 'groups']] as const) {
    // Newer kernels refuse it (EINVAL on 6.18); older ones show all of them as nobody.
    if (maps[kind].length === 0) throw bad(text, `it maps no ${name}`)
  }
  if (Math.max(maps.uid.length, maps.gid.length) > MAX_RANGES) throw bad(text, `the kernel takes ${MAX_RANGES} ranges`)
  return { kind: 'map', ...maps }
}

/** Ranges as /proc/PID/uid_map and gid_map take them. */
export function formatIdRanges(ranges: readonly IdRange[]): string {
  return ranges.map(({ disk, mount, count }) => `${disk} ${mount} ${count}\n`).join('')
}

/** UID_GID_MAP_MAX_EXTENTS, since 4.15. */
const MAX_RANGES = 340
/** 2^32 - 1 means "no id". */
const NO_ID = 0xffff_ffff
const KINDS: Readonly<Record<string, readonly ('uid' | 'gid')[]>> = { u: ['uid'], g: ['gid'], b: ['uid', 'gid'] }

function parseWord(word: string, text: string): { kinds: readonly ('uid' | 'gid')[]; range: IdRange } {
  const [, kind = 'b', disk, mount, count] = /^(?:([ugb]):)?(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(word) ?? []
  const kinds = KINDS[kind]
  if (kinds === undefined || count === undefined) throw bad(text, `'${word}' is not of the form [u|g|b:]DISK:MOUNT:COUNT`)
  const range = { disk: Number(disk), mount: Number(mount), count: Number(count) }
  if (range.count === 0) throw bad(text, `'${word}' maps no id`)
  if (Math.max(range.disk, range.mount) + range.count > NO_ID) throw bad(text, `'${word}' passes the last id, ${NO_ID - 1}`)
  return { kinds, range }
}

function overlap(a: IdRange, b: IdRange): boolean {
  const meets = (side: 'disk' | 'mount'): boolean => a[side] < b[side] + b.count && b[side] < a[side] + a.count
  return meets('disk') || meets('mount')
}

const formatRange = ({ disk, mount, count }: IdRange): string => `${disk}:${mount}:${count}`

function bad(text: string, why: string): OvlError {
  return new OvlError('option-bad-value', `the id map '${text}' cannot be read: ${why}`, { hint: 'For example b:0:100000:65536: owner 0 on disk is seen as 100000, and so on for 65536 ids.' })
}
