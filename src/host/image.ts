/**
 * File system images: which type a file holds, by its magic number; how that type is mounted when the device
 * cannot be written; how long it says it is; and whether it was cleanly unmounted. It attaches and mounts nothing.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { ImageState, Known } from '../diagnose/facts.ts'
import type { Extent } from '../live/medium.ts'
import type { ImageType } from '../plan/step.ts'
import type { OwnedFd } from './fd.ts'
import { PROMPT } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** The type of the file system in `path`, a file or block device; undefined when it holds none that is known. */
export function readImageType(path: string): ImageType | undefined {
  return withImage(path, ({ read }) => TYPES.find((type) => IMAGES[type].magic.equals(read(IMAGES[type].at, IMAGES[type].magic.length))))
}

/** Options that make a read-only device of the type mount, whatever state it was left in. */
export function imageMountOptions(type: ImageType): string {
  return IMAGES[type].options
}

/**
 * Whether the file ends before the file system does, so that it cannot be whole: an unfinished download, or
 * a squashfs made with -nopad, of which a loop device hides the last part sector.
 */
export function isImageCutShort(path: string, type: ImageType): boolean {
  return withImage(path, ({ read, size }) => size !== undefined && IMAGES[type].length(read) > size - (size % SECTOR))
}

/** Whether the file system was cleanly unmounted, by its superblock. A type that is never written always was. */
export function readImageState(path: string, type: ImageType): Known<ImageState> {
  const { state = () => ALWAYS_CLEAN } = IMAGES[type]
  return withImage(path, ({ read }) => state(read))
}

const ALWAYS_CLEAN: Known<ImageState> = { known: true, value: { clean: true } }

const isClean = (clean: boolean, fact: string): Known<ImageState> => ({ known: true, value: clean ? { clean } : { clean, fact } })

/** Type of the file system in a part of an open file, and whether that part ends before the file system does; without `parts`, in all of it. */
export function examineImage(file: OwnedFd, parts?: readonly Extent[]): { readonly type?: ImageType; readonly cutShort: boolean } {
  return lookInto(file.fd, (whole) => {
    const { read, size } = parts === undefined ? whole : partsOf(whole, parts)
    const type = TYPES.find((known) => IMAGES[known].magic.equals(read(IMAGES[known].at, IMAGES[known].magic.length)))
    return type === undefined ? { cutShort: false } : { type, cutShort: size !== undefined && IMAGES[type].length(read) > size - (size % SECTOR) }
  })
}

/** Bytes at a place, as many as there are. */
type Read = (at: number, length: number) => Buffer

interface Image {
  readonly read: Read
  /** Of a file; a device’s is the kernel’s matter. */
  readonly size: bigint | undefined
}

interface ImageRow {
  readonly magic: Buffer
  readonly at: number
  readonly options: string
  /** Bytes that the file system takes, by its superblock. */
  readonly length: (read: Read) => bigint
  readonly state?: (read: Read) => Known<ImageState>
}

const EXT4_RECOVER = 4n
const EXT4_VALID = 1n

/** s_feature_incompat, at 96 of the superblock; s_state at 58, which only a file system without a journal clears while it is mounted. */
function ext4State(read: Read): Known<ImageState> {
  if ((u32(read(1120, 4)) & EXT4_RECOVER) !== 0n) return isClean(false, 'its superblock has needs_recovery')
  return isClean((u32(read(1082, 2)) & EXT4_VALID) !== 0n, 'its superblock is not marked clean')
}

/** log_root, at 96 of the superblock: what fsync(2) left since the last commit. A commit makes it 0, and all that is committed is whole. */
function btrfsState(read: Read): Known<ImageState> {
  return isClean(u64(read(65_632, 8)) === 0n, 'its superblock has a log_root')
}

const XFS_NEEDS_REPAIR = 16n

/** sb_features_incompat, at 216. A log that was not written back is told by its last record only. */
function xfsState(read: Read): Known<ImageState> {
  if ((u32(read(216, 4).reverse()) & XFS_NEEDS_REPAIR) !== 0n) return isClean(false, 'its superblock has NEEDSREPAIR')
  return { known: false, why: 'the superblock of xfs does not tell' }
}

const SECTOR = 512n

/**
 * ext4, xfs and btrfs left dirty want to replay their journal, which a read-only device refuses (EROFS, EIO): what
 * was only in the journal is then not seen. `nouuid`: the same xfs image may be attached twice.
 */
const IMAGES: Readonly<Record<ImageType, ImageRow>> = {
  squashfs: { magic: Buffer.from('hsqs'), at: 0, options: '', length: (read) => u64(read(40, 8)) },
  erofs: { magic: Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]), at: 1024, options: '', length: (read) => u32(read(1060, 4)) << BigInt(read(1036, 1)[0] ?? 0) },
  ext4: { magic: Buffer.from([0x53, 0xef]), at: 1080, options: 'noload', length: (read) => u32(read(1028, 4)) << (u32(read(1048, 4)) + 10n), state: ext4State },
  xfs: { magic: Buffer.from('XFSB'), at: 0, options: 'norecovery,nouuid', length: (read) => u64(read(8, 8).reverse()) * u32(read(4, 4).reverse()), state: xfsState },
  btrfs: { magic: Buffer.from('_BHRfS_M'), at: 65_600, options: 'rescue=nologreplay', length: (read) => u64(read(65_745, 8)), state: btrfsState },
  iso9660: { magic: Buffer.from('CD001'), at: 32_769, options: '', length: (read) => u32(read(32_848, 4)) * (u32(read(32_896, 4)) & 0xffffn) },
}

const TYPES = Object.keys(IMAGES) as ImageType[]

function withImage<T>(path: string, look: (image: Image) => T): T {
  return checkFs(`cannot read the image '${path}'`, () => {
    // A FIFO must not make us wait for its writer.
    const fd = openSync(nameBuffer(path), constants.O_RDONLY | PROMPT)
    try {
      return lookInto(fd, look)
    } finally {
      closeSync(fd)
    }
  })
}

function lookInto<T>(fd: number, look: (image: Image) => T): T {
  const stat = fstatSync(fd, { bigint: true })
  const readable = stat.isFile() || stat.isBlockDevice()
  return look({ read: (at, length) => (readable ? readAt(fd, at, length) : Buffer.alloc(0)), size: stat.isFile() ? stat.size : undefined })
}

/** The parts of a file as if they were one; what lies behind its end is missing. */
function partsOf({ read, size: end }: Image, parts: readonly Extent[]): Image {
  const there = parts.map(({ offset, length }) => (end === undefined ? length : Math.max(0, Math.min(length, Number(end) - offset))))
  const readParts: Read = (at, length) => {
    let begin = 0
    for (const [index, { offset, length: size }] of parts.entries()) {
      // A superblock never lies across two parts, which are blocks of an ISO.
      if (at < begin + size) return read(offset + at - begin, Math.max(0, Math.min(length, (there[index] as number) - (at - begin))))
      begin += size
    }
    return Buffer.alloc(0)
  }
  return { read: readParts, size: BigInt(there.reduce((sum, length) => sum + length, 0)) }
}

function readAt(fd: number, at: number, length: number): Buffer {
  const buffer = Buffer.alloc(length)
  return buffer.subarray(0, readSync(fd, buffer, 0, length, at))
}

/** Little-endian; what is missing counts as zero. */
function u64(bytes: Buffer): bigint {
  return Buffer.concat([bytes, Buffer.alloc(8)]).readBigUInt64LE()
}

const u32 = u64
