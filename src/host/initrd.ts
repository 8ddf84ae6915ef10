/**
 * A few small files out of an initrd: archives of cpio one after another, the last of them packed. It is read only as far
 * as the files lie; what packs it is a program of the system. initramfs-tools sorts its archive, so conf/ comes soon.
 */

import { OvlError } from '../errors/ovl-error.ts'
import { pipeThrough } from './exec.ts'
import type { ReadBytes } from './iso9660.ts'

/** Name → text of the files that were found, for the names that were asked for. */
export async function readInitrd(read: ReadBytes, size: number, wanted: readonly string[], signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const watch = watchOf(signal)
  const found: Record<string, string> = {}
  let at = 0
  for (let archives = 0; archives < MOST_ARCHIVES && at < size; archives++) {
    at = await behindZeros(read, at, size, watch)
    const magic = read(at, 6)
    const packer = PACKERS.find((known) => magic.subarray(0, known.magic.length).equals(known.magic))
    if (packer !== undefined) {
      const pieces = pipeThrough(packer.program, ['-dc'], piecesOf(read, at, size))
      try {
        await readArchive(streamed(pieces, watch), wanted, found, watch)
      } finally {
        await pieces.return(undefined)
      }
      break
    }
    if (!isCpio(magic)) break
    const source = placed(read, at)
    await readArchive(source, wanted, found, watch)
    at = source.at()
  }
  return found
}

const MOST_ARCHIVES = 16
/** Of an initrd, packed or unpacked, and its entries: those of distributions have some 100 MB in some 5,000. */
const MOST_BYTES = 2 ** 30
const MOST_ENTRIES = 50_000
const LARGEST_FILE = 64 * 1024
const PIECE = 256 * 1024

const PACKERS: readonly { readonly magic: Buffer; readonly program: string }[] = [
  { magic: Buffer.from([0x1f, 0x8b]), program: 'gzip' },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), program: 'zstd' },
  { magic: Buffer.from([0x02, 0x21, 0x4c, 0x18]), program: 'lz4' },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), program: 'xz' },
  { magic: Buffer.from('BZh'), program: 'bzip2' },
]

/** Bytes in their order; fewer are given at the end only. */
interface Source {
  readonly take: (length: number) => Promise<Buffer>
  readonly skip: (length: number) => Promise<void>
  readonly at: () => number
}

const isCpio = (magic: Buffer): boolean => /^07070[12]$/.test(magic.toString('latin1', 0, 6))

/** To be called for each step, with the bytes that it reads: lets a signal come through, and ends what has no end. */
type Watch = (bytes: number) => Promise<void>

/** @throws OvlError interrupted; image-unreadable, when it is larger than can be */
function watchOf(signal: AbortSignal | undefined): Watch {
  let [steps, bytes] = [0, 0]
  return async (more) => {
    steps += 1
    bytes += more
    if (bytes > MOST_BYTES || steps > MOST_ENTRIES) throw new OvlError('image-unreadable', `the initrd has more than ${MOST_ENTRIES} entries or ${MOST_BYTES} bytes, which is more than can be`)
    if (steps % 64 === 0 || more >= PIECE) await new Promise(setImmediate)
    if (signal?.aborted === true) throw new OvlError('interrupted', 'reading the initrd was interrupted', { cause: signal.reason })
  }
}

/** Reads one archive to its end, or until all that is wanted was found. */
async function readArchive(source: Source, wanted: readonly string[], found: Record<string, string>, watch: Watch): Promise<void> {
  while (!wanted.every((name) => Object.hasOwn(found, name))) {
    await watch(110)
    const header = await source.take(110)
    if (header.length < 110 || !isCpio(header)) return
    const field = (index: number): number => Number.parseInt(header.toString('latin1', 6 + index * 8, 14 + index * 8), 16) || 0
    const [size, nameSize] = [field(6), field(11)]
    if (nameSize > 4096) return
    const name = (await source.take(nameSize)).toString('latin1').replace(/\0.*$/s, '').replace(/^\.?\//, '')
    await source.skip(-(110 + nameSize) & 3)
    if (name === 'TRAILER!!!') return
    if (wanted.includes(name) && size <= LARGEST_FILE) found[name] = (await source.take(size)).toString('utf8')
    else await source.skip(size)
    await source.skip(-size & 3)
  }
}

/** The bytes of the file itself: what is skipped is not read. */
function placed(read: ReadBytes, from: number): Source {
  let at = from
  return {
    take: async (length) => {
      const bytes = read(at, length)
      at += length
      return bytes
    },
    skip: async (length) => {
      at += length
    },
    at: () => at,
  }
}

function streamed(pieces: AsyncGenerator<Buffer>, watch: Watch): Source {
  let buffer: Buffer = Buffer.alloc(0)
  let at = 0
  /** Has at least so many bytes at hand, if there are. */
  const fill = async (length: number): Promise<void> => {
    const parts: Buffer[] = [buffer]
    for (let have = buffer.length; have < length; have += (parts.at(-1) as Buffer).length) {
      const { value, done } = await pieces.next()
      if (done === true) break
      parts.push(value)
    }
    buffer = parts.length === 1 ? buffer : Buffer.concat(parts)
  }
  const take = async (length: number): Promise<Buffer> => {
    await fill(length)
    const taken = buffer.subarray(0, length)
    buffer = buffer.subarray(taken.length)
    at += taken.length
    return taken
  }
  return {
    take,
    // In pieces, so that a large file is not held.
    skip: async (length) => {
      for (let left = length; left > 0; ) {
        const { length: got } = await take(Math.min(left, PIECE))
        await watch(got)
        if (got === 0) return
        left -= got
      }
    },
    at: () => at,
  }
}

function* piecesOf(read: ReadBytes, from: number, size: number): Generator<Buffer> {
  for (let at = from; at < size; at += PIECE) yield read(at, Math.min(PIECE, size - at))
}

const ZEROS = Buffer.alloc(PIECE)

/** Archives are filled up with zeros. */
async function behindZeros(read: ReadBytes, from: number, size: number, watch: Watch): Promise<number> {
  for (let at = from; at < size; at += PIECE) {
    await watch(PIECE)
    const piece = read(at, Math.min(PIECE, size - at))
    if (!piece.equals(ZEROS.subarray(0, piece.length))) return at + piece.findIndex((byte) => byte !== 0)
  }
  return size
}
