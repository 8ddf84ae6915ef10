/**
 * All of a file that somebody named on the command line, whatever it is: a regular file, standard input (`-`), a pipe of
 * the shell (`<(…)`), a FIFO, a device. Waiting for who writes it is what was asked for, so it can be interrupted; and no
 * more is read than such a file can hold.
 */

import { constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvlError } from '../errors/ovl-error.ts'
import { OwnedFd } from './fd.ts'
import { LARGEST_FILE, PROMPT, readToEnd } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface ReadNamedOptions {
  /** Bytes; more are refused. */
  readonly limit?: number
  readonly signal?: AbortSignal | undefined
}

/** @throws OvlError interrupted; file-too-large; unsafe-path for what cannot be read as a file; or as open(2) fails */
export async function readNamedFile(path: string, { limit = LARGEST_FILE, signal }: ReadNamedOptions = {}): Promise<Buffer> {
  if (path === '-' || path === '/dev/stdin') return await readInput({ limit, signal })
  using file = new OwnedFd(checkFs(`cannot open '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | PROMPT)))
  const stat = checkFs(`cannot look at '${path}'`, () => fstatSync(file.fd))
  if (stat.isFile()) return readToEnd(file, path, limit)
  if (!stat.isFIFO() && !stat.isCharacterDevice()) throw new OvlError('unsafe-path', `'${path}' is no file`, { hint: 'Name a file, a pipe, or - for standard input.' })
  return await readAsItComes(file, path, stat.isFIFO() && !isNameless(file), limit, signal)
}

/** Standard input to its end, or `cut` at so many bytes. */
export async function readInput({ limit = LARGEST_FILE, cut = false, signal }: ReadNamedOptions & { readonly cut?: boolean } = {}): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  const stop = (): unknown => process.stdin.destroy()
  signal?.addEventListener('abort', stop)
  try {
    for await (const piece of process.stdin as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (length > limit && !cut) throw tooLarge('standard input', limit)
      if (length >= limit) break
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  if (signal?.aborted === true) throw interrupted('standard input', signal)
  return Buffer.concat(pieces).subarray(0, limit)
}

const PIECE = 64 * 1024
/** Between two looks at a pipe that has nothing yet. */
const MOMENT_MS = 10

/** `named`: it may have no writer yet, which looks like an end. */
async function readAsItComes(file: OwnedFd, path: string, named: boolean, limit: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for (let begun = !named; ; ) {
    if (signal?.aborted === true) throw interrupted(`'${path}'`, signal)
    const piece = Buffer.allocUnsafe(PIECE)
    const got = readSome(file, piece, path)
    if (got === 0 && begun) return Buffer.concat(pieces)
    if (got === undefined) begun = true
    if (got === undefined || got === 0) {
      await sleep(MOMENT_MS)
      continue
    }
    begun = true
    length += got
    if (length > limit) throw tooLarge(`'${path}'`, limit)
    pieces.push(piece.subarray(0, got))
  }
}

/** Undefined when there is nothing yet. */
function readSome(file: OwnedFd, piece: Buffer, path: string): number | undefined {
  return checkFs(`cannot read '${path}'`, () => {
    try {
      return readSync(file.fd, piece, 0, piece.length, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
      throw error
    }
  })
}

/** A pipe of the shell: it had its writer from the beginning. */
function isNameless(file: OwnedFd): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${file.fd}`).startsWith('pipe:')
  } catch {
    return false
  }
}

const interrupted = (what: string, signal: AbortSignal): OvlError => new OvlError('interrupted', `reading ${what} was interrupted`, { cause: signal.reason })
const tooLarge = (what: string, limit: number): OvlError => new OvlError('file-too-large', `${what} holds more than ${limit} bytes`, { hint: 'No such file is that large. Look at what it is.' })
