/**
 * The mount table, /proc/PID/mountinfo → Mount[], as proc(5) lays it down. Every field is decoded but
 * the superblock options: what they mean depends on the file system, and they are the bulk of the
 * table (85 kB in one line for 400 long layers), so they are kept raw until somebody asks.
 * Reading the file and making sense of overlay lines happen elsewhere.
 */

import { decodeName } from '../names/bytes.ts'
import { unescapeOctal } from './octal.ts'

export interface Mount {
  readonly id: number
  readonly parentId: number
  /** `major:minor` of the superblock. */
  readonly device: string
  /** The directory of that file system which is mounted here: `/`, or a part of it for a bind mount. */
  readonly root: string
  readonly target: string
  /** The directory it shows, or stands on, has been removed since. */
  readonly deleted?: boolean
  /** Per-mount flags: rw, nosuid, relatime … */
  readonly flags: readonly string[]
  /** Propagation: `shared:1`, `master:2`, `propagate_from:3`, `unbindable`. */
  readonly optional: readonly string[]
  readonly fsType: string
  /** Empty for some file systems on kernels before 5.1. */
  readonly source: string
  /** Superblock options as the table has them: comma-separated, octal escapes and all. */
  readonly superOptions: string
}

export interface MountInfo {
  readonly mounts: readonly Mount[]
  /** Lines that are none of a mount table. Empty on every kernel known. */
  readonly unreadable: readonly string[]
}

/** A mountinfo file, as bytes or as text with names in the form of names/bytes.ts → its mounts, in its order. Never throws. */
export function parseMountinfo(table: Uint8Array | string): MountInfo {
  const mounts: Mount[] = []
  const unreadable: string[] = []
  for (const line of decodeTable(table).split('\n')) {
    if (line === '') continue
    const mount = parseLine(line)
    if (mount === undefined) unreadable.push(line)
    else mounts.push(mount)
  }
  return { mounts, unreadable }
}

const DELETED = '//deleted'

/**
 * `36 35 98:0 /root /target flags [optional …] - type source options`; more words at the end are for
 * later kernels. Names hold no raw blank, but may hold what a regular expression takes for white space.
 */
const LINE = /^(\d+) (\d+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+)((?: [^ ]+)*?) - ([^ ]+) ([^ ]*) ([^ ]+)/

function parseLine(line: string): Mount | undefined {
  const fields = LINE.exec(line) as LineFields | null
  if (fields === null) return undefined
  const root = fields[4]
  const target = fields[5]
  const mount: Mount = {
    id: Number(fields[1]),
    parentId: Number(fields[2]),
    device: fields[3],
    root: name(root),
    target: name(target),
    flags: fields[6].split(','),
    optional: fields[7] === '' ? [] : fields[7].slice(1).split(' '),
    fsType: unescapeOctal(fields[8]),
    source: unescapeOctal(fields[9]),
    superOptions: fields[10],
  }
  return root.endsWith(DELETED) || target.endsWith(DELETED) ? { ...mount, deleted: true } : mount
}

/** The whole match, then one for each group of {@link LINE}: none is optional. */
type LineFields = readonly [string, string, string, string, string, string, string, string, string, string, string]

/** The kernel's mark is safe to drop: no path of its own making holds `//`. */
const name = (field: string): string => unescapeOctal(field.endsWith(DELETED) ? field.slice(0, -DELETED.length) || '/' : field)

/**
 * Bytes → text with names in the form of names/bytes.ts. Runs of bytes above ASCII are decoded one by
 * one: a single bad name must not send a megabyte through the slow path.
 */
function decodeTable(table: Uint8Array | string): string {
  if (typeof table === 'string') return table
  const text = Buffer.from(table.buffer, table.byteOffset, table.byteLength).toString('latin1')
  return text.replace(/[\x80-\xff]+/g, (run) => decodeName(Buffer.from(run, 'latin1')))
}
