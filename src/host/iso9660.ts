/**
 * The files of an ISO 9660 image, with the places of their bytes, read without mounting it and without root: Rock Ridge names
 * where there are any, else Joliet's, else the plain ones as the kernel shows them. It reads directories, never a file's content.
 * ECMA-119; SUSP and RRIP 1.12. A damaged or hostile image ends in an error or in fewer files, never in a loop.
 */

import { OvlError } from '../errors/ovl-error.ts'
import type { Extent, MediumFile } from '../live/medium.ts'
import { decodeName } from '../names/bytes.ts'

/** Bytes at a place, as many as there are. */
export type ReadBytes = (at: number, length: number) => Buffer

export interface Iso {
  readonly volumeId: string
  readonly files: readonly MediumFile[]
  /** Set when there were more entries than are looked at. */
  readonly incomplete?: true
}

const SECTOR = 2048
const FIRST_DESCRIPTOR = 16
const MOST_ENTRIES = 200_000
const DEEPEST = 64
const LARGEST_DIRECTORY = 64 * 1024 * 1024
const MOST_BYTES = 128 * 1024 * 1024
/** Of one file. A part has up to 4 GiB; files of old multi-session discs have a few. */
const MOST_PARTS = 1024

/**
 * All files of the image.
 * @param size of the image file; what lies behind its end is cut short
 * @throws OvlError image-unreadable; interrupted
 */
export async function readIso(path: string, read: ReadBytes, size: number, signal?: AbortSignal): Promise<Iso> {
  const { primary, joliet } = descriptors(path, read)
  const block = primary.readUInt16LE(128)
  if (![512, 1024, 2048].includes(block)) throw unreadable(path, 'its volume descriptor is damaged')
  const image: Image = { path, read: withBudget(path, read), size, block, skip: 0, names: 'plain' }
  const own = recordsOf(image, extentOf(primary.subarray(156), block))[0]
  const sharing = own === undefined ? undefined : fieldsOf(image, own, 0).find(({ name }) => name === 'SP')
  const rockRidge = own !== undefined && sharing !== undefined
  const names = rockRidge ? 'rock-ridge' : joliet === undefined ? 'plain' : 'joliet'
  const root = extentOf((names === 'joliet' ? (joliet as Buffer) : primary).subarray(156), block)
  const found = await walk({ ...image, names, skip: sharing?.data[2] ?? 0 }, root, signal)
  return { volumeId: primary.toString('latin1', 40, 72).trimEnd(), ...found }
}

/** Directories that point at each other, or claim to be huge, come to an end. */
function withBudget(path: string, read: ReadBytes): ReadBytes {
  let left = MOST_BYTES
  return (at, length) => {
    left -= length
    if (left < 0) throw unreadable(path, 'its directories are larger than can be')
    return read(at, length)
  }
}

interface Image {
  readonly path: string
  readonly read: ReadBytes
  readonly size: number
  readonly block: number
  readonly names: 'rock-ridge' | 'joliet' | 'plain'
  /** Bytes before the system use fields of every record. */
  readonly skip: number
}

function descriptors(path: string, read: ReadBytes): { readonly primary: Buffer; readonly joliet?: Buffer } {
  let primary: Buffer | undefined
  for (let at = FIRST_DESCRIPTOR; at < FIRST_DESCRIPTOR + 64; at++) {
    const sector = read(at * SECTOR, SECTOR)
    if (sector.length < SECTOR || sector.toString('latin1', 1, 6) !== 'CD001' || sector[0] === 255) break
    if (sector[0] === 1) primary ??= sector
    else if (sector[0] === 2 && /^%\/[@CE]/.test(sector.toString('latin1', 88, 91)) && primary !== undefined) return { primary, joliet: sector }
  }
  if (primary === undefined) throw unreadable(path, 'it has no volume descriptor')
  return { primary }
}

function unreadable(path: string, why: string): OvlError {
  return new OvlError('image-unreadable', `the ISO image '${path}' cannot be read: ${why}`, { hint: 'Compare its size and checksum with where it came from, and fetch it again.' })
}

/** Place and length that a directory record says. */
function extentOf(record: Buffer, block: number): Extent {
  return { offset: (record.readUInt32LE(2) + (record[1] as number)) * block, length: record.readUInt32LE(10) }
}

interface Open {
  readonly directory: string
  readonly extent: Extent
  readonly depth: number
}

async function walk(image: Image, root: Extent, signal: AbortSignal | undefined): Promise<{ readonly files: readonly MediumFile[]; readonly incomplete?: true }> {
  const files: MediumFile[] = []
  const seen = new Set<number>()
  let steps = 0
  const open: Open[] = [{ directory: '', extent: root, depth: 0 }]
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    if (seen.has(next.extent.offset) || next.depth > DEEPEST) continue
    seen.add(next.extent.offset)
    for (const { file, extent } of entriesOf(image, next)) {
      if (++steps % 256 === 0) await new Promise(setImmediate)
      if (signal?.aborted === true) throw new OvlError('interrupted', `reading '${image.path}' was interrupted`, { cause: signal.reason })
      if (files.length >= MOST_ENTRIES) return { files, incomplete: true }
      files.push(file)
      if (extent !== undefined) open.push({ directory: file.path, extent, depth: next.depth + 1 })
    }
  }
  return { files }
}

interface Entry {
  readonly file: MediumFile
  /** Of a directory. */
  readonly extent?: Extent
}

function* entriesOf(image: Image, { directory, extent }: Open): Generator<Entry> {
  /** Of a file in several records, all but the last. */
  let before: Extent[] = []
  // The first two are the directory itself and the one above.
  for (const record of recordsOf(image, extent).slice(2)) {
    const fields = image.names === 'rock-ridge' ? fieldsOf(image, record, image.skip) : []
    const part = extentOf(record, image.block)
    if (((record[25] as number) & 0x80) !== 0) {
      before.push(part)
      if (before.length > MOST_PARTS) throw unreadable(image.path, `'${directory}/${nameOf(image, record, fields) ?? ''}' lies in more than ${MOST_PARTS} parts`)
      continue
    }
    const parts = merge([...before, part])
    before = []
    const name = nameOf(image, record, fields)
    // A moved directory shows where it was moved from.
    if (name === undefined || fields.some((field) => field.name === 'RE')) continue
    yield entryOf(image, `${directory}/${name}`, record, fields, parts)
  }
}

function entryOf(image: Image, path: string, record: Buffer, fields: readonly Field[], parts: readonly Extent[]): Entry {
  const moved = fields.find(({ name }) => name === 'CL')?.data.readUInt32LE(0)
  const type = (fields.find(({ name }) => name === 'PX')?.data.readUInt32LE(0) ?? 0) & 0o170000
  if (moved !== undefined) {
    const own = image.read(moved * image.block, 34)
    return { file: { path, size: 0, kind: 'directory' }, ...(own.length < 34 ? {} : { extent: extentOf(own, image.block) }) }
  }
  if (((record[25] as number) & 2) !== 0) return { file: { path, size: 0, kind: 'directory' }, extent: parts[0] as Extent }
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  if (type === 0o120000) return { file: { path, size, kind: 'symlink' } }
  // What zisofs packed has its bytes nowhere as they are.
  if (fields.some(({ name }) => name === 'ZF')) return { file: { path, size, kind: 'file' } }
  // Parts that lie over each other could be said to be of any size.
  const whole = size <= image.size && parts.every(({ offset, length }) => offset + length <= image.size)
  return { file: { path, size, kind: 'file', extents: parts.filter(({ length }) => length > 0), ...(whole ? {} : { cutShort: true }) } }
}

/** Parts that follow each other become one. */
function merge(parts: readonly Extent[]): readonly Extent[] {
  const merged: Extent[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (last !== undefined && last.offset + last.length === part.offset) merged[merged.length - 1] = { offset: last.offset, length: last.length + part.length }
    else merged.push(part)
  }
  return merged
}

/** The records of a directory; none lies across two blocks. */
function recordsOf({ path, read, size, block }: Image, { offset, length }: Extent): readonly Buffer[] {
  if (length > LARGEST_DIRECTORY) throw unreadable(path, 'a directory is larger than can be')
  const bytes = read(offset, length)
  if (bytes.length < length) throw unreadable(path, offset + length > size ? `it ends at byte ${size}, before its directories do` : 'a directory cannot be read')
  const records: Buffer[] = []
  for (let at = 0; at + 34 <= bytes.length; ) {
    const long = bytes[at] as number
    if (long === 0) {
      at = (Math.floor(at / block) + 1) * block
      continue
    }
    if (long < 34 || at + long > bytes.length || 33 + (bytes[at + 32] as number) > long) throw unreadable(path, 'a directory is damaged')
    records.push(bytes.subarray(at, at + long))
    at += long
  }
  return records
}

interface Field {
  readonly name: string
  /** Without name, length and version. */
  readonly data: Buffer
}

/** The system use fields of a record, through their continuations. */
function fieldsOf({ read, block }: Image, record: Buffer, skip: number): readonly Field[] {
  const fields: Field[] = []
  const nameLength = record[32] as number
  let area = record.subarray(33 + nameLength + (nameLength % 2 === 0 ? 1 : 0) + skip)
  for (let hops = 0; hops < 32; hops++) {
    let continued: Buffer | undefined
    for (let at = 0; at + 4 <= area.length; ) {
      const long = area[at + 2] as number
      if (long < 4 || at + long > area.length) break
      const field = { name: area.toString('latin1', at, at + 2), data: area.subarray(at + 4, at + long) }
      at += long
      if (field.name === 'ST') break
      // Where the rest lies: block, offset, length, each in both byte orders.
      if (field.name === 'CE' && field.data.length >= 24) continued = read(field.data.readUInt32LE(0) * block + field.data.readUInt32LE(8), Math.min(field.data.readUInt32LE(16), 16 * SECTOR))
      else if (field.data.length >= (LEAST[field.name] ?? 0)) fields.push(field)
    }
    if (continued === undefined) break
    area = continued
  }
  return fields
}

/** Fields that are read at fixed places. */
const LEAST: Readonly<Record<string, number>> = { SP: 3, CL: 8, PX: 4, NM: 1 }

/** The name of a record; undefined when no file can have it. */
function nameOf({ names }: Image, record: Buffer, fields: readonly Field[]): string | undefined {
  const bytes = record.subarray(33, 33 + (record[32] as number))
  const parts = fields.filter(({ name }) => name === 'NM').map(({ data }) => data.subarray(1))
  const name = parts.length > 0 ? decodeName(Buffer.concat(parts)) : names === 'joliet' ? bigEndian(bytes).replace(/;\d+$/, '') : decodeName(bytes).replace(/;\d+$/, '').replace(/\.$/, '').toLowerCase()
  return name === '' || name === '.' || name === '..' || /[/\0]/.test(name) ? undefined : name
}

/** UCS-2, high byte first. */
function bigEndian(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16().toString('utf16le')
}
