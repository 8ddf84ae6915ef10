/**
 * Reading a file that somebody else may have laid: an open never waits (as that of a FIFO would, which no signal could
 * end), what was opened is looked at on the descriptor, and no more is read than such a file can hold.
 */

import { constants, fstatSync, openSync, readSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { OwnedFd } from './fd.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** For an open that must come back at once, and must give this process no terminal. */
export const PROMPT = constants.O_NONBLOCK | constants.O_NOCTTY

/** What is read when nobody says how much a file may hold: 16 MiB. */
export const LARGEST_FILE = 16 * 1024 * 1024

/**
 * The regular file at `path`, symlinks followed, open for reading.
 * @throws OvlError unsafe-path, when something else is there (a FIFO, a device, a directory)
 */
export function openRegular(path: string): OwnedFd {
  return requireRegular(new OwnedFd(checkFs(`cannot open '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | PROMPT))), path)
}

/** Passes a regular file on; anything else is closed. @throws OvlError unsafe-path */
export function requireRegular(file: OwnedFd, path: string): OwnedFd {
  try {
    if (checkFs(`cannot look at '${path}'`, () => fstatSync(file.fd)).isFile()) return file
  } catch (error) {
    file.close()
    throw error
  }
  file.close()
  throw new OvlError('unsafe-path', `'${path}' is no regular file`, { hint: 'ovl reads regular files only: a FIFO could make it wait for ever, and a device never ends.' })
}

/** All of the regular file at `path`. @throws OvlError unsafe-path; file-too-large, when it holds more than `limit` bytes */
export function readRegular(path: string, limit: number = LARGEST_FILE): Buffer {
  using file = openRegular(path)
  return readToEnd(file, path, limit)
}

/** From the beginning to the end, as files of /proc need it, which have no size. @throws OvlError file-too-large */
export function readToEnd(file: OwnedFd, path: string, limit: number = LARGEST_FILE): Buffer {
  return checkFs(`cannot read '${path}'`, () => {
    const size = fstatSync(file.fd).size
    if (size > limit) throw tooLarge(path, limit)
    const pieces: Buffer[] = []
    for (let at = 0; ; ) {
      // One byte more than the size, to see the end in the first piece.
      const piece = Buffer.allocUnsafe(Math.max(4096, Math.min(size + 1 - at, 1024 * 1024)))
      const length = readSync(file.fd, piece, 0, piece.length, at)
      if (length === 0) return Buffer.concat(pieces)
      at += length
      if (at > limit) throw tooLarge(path, limit)
      pieces.push(piece.subarray(0, length))
    }
  })
}

/** Bytes at a place, as many as there are. */
export function readPiece(file: OwnedFd, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(file.fd, bytes, 0, length, at))
}

/** The first bytes of the regular file at `path`; fewer where it is shorter. @throws OvlError unsafe-path */
export function readBeginning(path: string, length: number): Buffer {
  using file = openRegular(path)
  return checkFs(`cannot read '${path}'`, () => readPiece(file, 0, length))
}

function tooLarge(path: string, limit: number): OvlError {
  return new OvlError('file-too-large', `'${path}' holds more than ${limit} bytes`, { hint: 'No such file is that large. Look at what it is.' })
}
