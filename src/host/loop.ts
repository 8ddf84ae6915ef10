/**
 * An image file, or a part of a file, as a block device: attached to a free loop device that frees itself when
 * nothing uses it any more, read-only unless asked otherwise. It does not look into the image and mounts nothing.
 *
 * Source: linux/loop.h, https://man7.org/linux/man-pages/man4/loop.4.html
 */

import { constants, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvlError, syscallError } from '../errors/ovl-error.ts'
import { errnoName } from '../errors/errno.ts'
import { decodeName } from '../names/bytes.ts'
import type { Slice } from '../plan/step.ts'
import { OwnedFd } from './fd.ts'
import { readDirectory, readFileBytes, requireIdentity, statName } from './files.ts'
import { ffi } from './ffi.ts'
import { PROMPT } from './regular-file.ts'
import { check, checkFs, errnoOf, nameBuffer } from './syscalls/check.ts'

export interface Loop {
  /** `/dev/loop7` */
  readonly device: string
  /** Keeps the device; close it once it is mounted, or to let it go. */
  readonly fd: OwnedFd
}

export interface LoopOptions {
  readonly writable?: boolean
  /** The part of the file that is to be seen; it begins at a multiple of 512 bytes. */
  readonly slice?: Slice
  /** Device and inode that the file must have. */
  readonly identity?: string | undefined
  /** Another file than the one that `image` names, open already. */
  readonly file?: OwnedFd
}

/** Attaches `image`, a file or a block device. The kernel shows whole sectors of 512 bytes of it: see image.ts for a rest. */
export function attachLoop(image: string, { writable = false, slice, identity, file: given }: LoopOptions = {}): Loop {
  const mode = writable ? constants.O_RDWR : constants.O_RDONLY
  using own = given === undefined ? new OwnedFd(checkFs(`cannot open the image '${image}'`, () => openSync(nameBuffer(image), mode | PROMPT))) : undefined
  const file = given ?? (own as OwnedFd)
  if (identity !== undefined) requireIdentity(file, image, identity)
  using control = openControl()
  for (let left = TRIES; left > 0; left--) {
    const number = check(ffi().ioctlValue(control.fd, LOOP_CTL_GET_FREE, 0), 'ioctl(LOOP_CTL_GET_FREE)', 'cannot get a free loop device')
    const device = `/dev/loop${number}`
    const fd = openDevice(device, mode)
    const result = fd === undefined ? 'EBUSY' : configure(fd.fd, file.fd, loopInfo(image, writable, slice))
    if (fd !== undefined && result === undefined) return { device, fd }
    fd?.close()
    if (result !== undefined && !TAKEN.has(result)) throw syscallError('ioctl(LOOP_CONFIGURE)', result, `cannot attach the image '${image}' to ${device}`)
  }
  throw syscallError('ioctl(LOOP_CONFIGURE)', 'EBUSY', `cannot attach the image '${image}': every loop device tried was taken by somebody else`)
}

/** The loop devices that a file is attached to, but for those that are just going: a device frees itself a moment after its last user. */
export async function loopsThatStay(path: string, but?: string): Promise<string[]> {
  let found = loopsOf(path).filter((device) => device !== but)
  for (let left = MOMENTS; found.length > 0 && left > 0; left--) {
    await sleep(MOMENT_MS)
    found = loopsOf(path).filter((device) => device !== but)
  }
  return found
}

const MOMENTS = 20
const MOMENT_MS = 25

function loopsOf(path: string): string[] {
  const file = statName(path)
  return readDirectory('/sys/block').filter((name) => {
    const backing = name.startsWith('loop') ? backingOf(name) : undefined
    const found = backing === undefined ? undefined : statName(backing)
    return typeof found === 'object' && typeof file === 'object' && found.dev === file.dev && found.ino === file.ino
  }).map((name) => `/dev/${name}`)
}

function backingOf(loop: string): string | undefined {
  try {
    return decodeName(readFileBytes(`/sys/block/${loop}/loop/backing_file`)).replace(/\n$/, '')
  } catch {
    return undefined // It is free.
  }
}

/** Between asking for a free device and taking it, others may be faster. */
const TRIES = 64
/** EBUSY: bound to another file by now. ENXIO: being removed. EAGAIN: 5.x kernels, while the device’s pages are dropped. */
const TAKEN: ReadonlySet<string> = new Set(['EBUSY', 'ENXIO', 'EAGAIN'])

const LOOP_SET_FD = 0x4c00
const LOOP_CLR_FD = 0x4c01
const LOOP_SET_STATUS64 = 0x4c04
const LOOP_CONFIGURE = 0x4c0a // 5.8
const LOOP_CTL_GET_FREE = 0x4c82 // 3.1
const LO_FLAGS_READ_ONLY = 1
const LO_FLAGS_AUTOCLEAR = 4
/** struct loop_info64, and where in it offset, limit, flags and file name lie; in struct loop_config it follows two u32. */
const INFO_BYTES = 232
const INFO_OFFSET = 24
const INFO_SIZE_LIMIT = 32
const INFO_FLAGS = 52
const INFO_NAME = 56
const NAME_BYTES = 64
const SECTOR = 512
const CONFIG_INFO = 8
const CONFIG_BYTES = CONFIG_INFO + INFO_BYTES + 64

function openControl(): OwnedFd {
  try {
    return new OwnedFd(openSync('/dev/loop-control', constants.O_RDWR))
  } catch (error) {
    const errno = errnoOf((error as NodeJS.ErrnoException).code ?? 'EIO')
    const details = { syscall: 'open', errno, cause: error }
    if (errno === 'EACCES' || errno === 'EPERM') throw new OvlError('not-permitted', 'attaching an image needs root: /dev/loop-control may not be opened', { ...details, hint: 'Run it as root, or unpack the image into a directory and use that as the layer.' })
    throw new OvlError('not-permitted', 'this system offers no loop devices: /dev/loop-control is missing', {
      ...details,
      hint: 'Outside a container: modprobe loop. In a container, pass /dev/loop-control and the /dev/loop* devices in.',
    })
  }
}

/** Undefined when the device went away before it could be opened. */
function openDevice(device: string, mode: number): OwnedFd | undefined {
  try {
    return new OwnedFd(openSync(device, mode))
  } catch (error) {
    const errno = errnoOf((error as NodeJS.ErrnoException).code ?? 'EIO')
    if (errno === 'ENXIO' || errno === 'EBUSY') return undefined
    throw new OvlError('not-permitted', `the loop device ${device} cannot be opened`, { syscall: 'open', errno, cause: error, ...(errno === 'ENOENT' ? { hint: 'The kernel has it, but /dev does not: in a container, /dev must be the host’s.' } : {}) })
  }
}

/** Undefined when it worked, else the errno. */
function configure(device: number, file: number, info: Buffer): string | undefined {
  const config = Buffer.alloc(CONFIG_BYTES)
  config.writeUInt32LE(file, 0)
  info.copy(config, CONFIG_INFO)
  const errno = errnoOfResult(ffi().ioctlBuffer(device, LOOP_CONFIGURE, config))
  // What an old kernel says of an operation it does not know; a file that cannot be attached fails again below.
  return errno === 'EINVAL' || errno === 'ENOTTY' ? configureInTwo(device, file, info) : errno
}

/** Before 5.8. A device that was opened for reading makes the loop read-only. */
function configureInTwo(device: number, file: number, info: Buffer): string | undefined {
  const errno = errnoOfResult(ffi().ioctlValue(device, LOOP_SET_FD, file)) ?? errnoOfResult(ffi().ioctlBuffer(device, LOOP_SET_STATUS64, info))
  if (errno === 'EAGAIN') ffi().ioctlValue(device, LOOP_CLR_FD, 0)
  return errno
}

/** The name is for people who run losetup; 63 bytes of it fit. The limit is whole sectors: an ISO fills up its last one. */
function loopInfo(image: string, writable: boolean, slice: Slice | undefined): Buffer {
  const info = Buffer.alloc(INFO_BYTES)
  if (slice !== undefined) {
    info.writeBigUInt64LE(BigInt(slice.offset), INFO_OFFSET)
    info.writeBigUInt64LE(BigInt(Math.ceil(slice.length / SECTOR) * SECTOR), INFO_SIZE_LIMIT)
  }
  info.writeUInt32LE((writable ? 0 : LO_FLAGS_READ_ONLY) | LO_FLAGS_AUTOCLEAR, INFO_FLAGS)
  nameBuffer(image).copy(info, INFO_NAME, 0, NAME_BYTES - 1)
  return info
}

function errnoOfResult(result: number): string | undefined {
  return result < 0 ? errnoName(-result) : undefined
}
