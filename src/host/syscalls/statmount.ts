/**
 * One mount by its id, without the table of all: statmount(2), Linux 6.8, options since 6.11. It is much faster
 * than /proc/self/mountinfo where there are many mounts, and says the same words.
 */

import { decodeName } from '../../names/bytes.ts'
import { ffi } from '../ffi.ts'
import { cString } from './check.ts'

export interface MountStatus {
  /** As in mountinfo, e.g. `overlay`. */
  readonly fsType: string
  /** Superblock options with the escapes of mountinfo, without the leading `rw` or `ro`; undefined where it has none, or the kernel is older than 6.11. */
  readonly options: string | undefined
  readonly superblockReadOnly: boolean
  /** `major:minor` */
  readonly device: string
  /** The id that mountinfo has. */
  readonly id: number
}

/** The topmost mount at `path`; undefined where the kernel has no such call, or not all of it. Never throws for that. */
export function statMount(path: string): MountStatus | undefined {
  const id = uniqueMountId(path)
  if (id === undefined) return undefined
  for (let size = 4096; size <= LARGEST; size *= 8) {
    const buffer = Buffer.allocUnsafe(size)
    const result = ffi().statmount(request(id), buffer, size, 0)
    if (result === 0) return decode(buffer)
    if (result !== EOVERFLOW) return undefined
  }
  return undefined
}

const AT_FDCWD = -100
const AT_NO_AUTOMOUNT = 0x800
const STATX_MNT_ID_UNIQUE = 0x4000 // 6.8
const EOVERFLOW = -75
const LARGEST = 16 * 1024 * 1024
const SB_BASIC = 0x1n
const MNT_BASIC = 0x2n
const FS_TYPE = 0x20n
const MNT_OPTS = 0x80n
const WANTED = SB_BASIC | MNT_BASIC | FS_TYPE | MNT_OPTS
const SB_RDONLY = 1
/** Where the strings of struct statmount begin. */
const STRINGS = 512

/** The id that is never used again, which is the one statmount takes. */
function uniqueMountId(path: string): bigint | undefined {
  const buffer = Buffer.alloc(256)
  if (ffi().statx(AT_FDCWD, cString(path), AT_NO_AUTOMOUNT, STATX_MNT_ID_UNIQUE, buffer) !== 0) return undefined
  const answered = (buffer.readUInt32LE(0) & STATX_MNT_ID_UNIQUE) !== 0
  return answered ? buffer.readBigUInt64LE(144) : undefined
}

/** struct mnt_id_req { u32 size, spare; u64 mnt_id, param } */
function request(id: bigint): Buffer {
  const bytes = Buffer.alloc(24)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeBigUInt64LE(id, 8)
  bytes.writeBigUInt64LE(WANTED, 16)
  return bytes
}

function decode(bytes: Buffer): MountStatus | undefined {
  const mask = bytes.readBigUInt64LE(8)
  if ((mask & (SB_BASIC | MNT_BASIC | FS_TYPE)) !== (SB_BASIC | MNT_BASIC | FS_TYPE)) return undefined
  const text = (at: number): string => decodeName(bytes.subarray(STRINGS + at, bytes.indexOf(0, STRINGS + at)))
  return {
    fsType: text(bytes.readUInt32LE(36)),
    options: (mask & MNT_OPTS) === 0n ? undefined : text(bytes.readUInt32LE(4)),
    superblockReadOnly: (bytes.readUInt32LE(32) & SB_RDONLY) !== 0,
    device: `${bytes.readUInt32LE(16)}:${bytes.readUInt32LE(20)}`,
    id: bytes.readUInt32LE(56),
  }
}
