/**
 * A case on disk: written whole or not at all, readable by its owner alone, for it names paths of this system. What is no
 * plain file (a device, a FIFO, a descriptor) is written to where it is, and never replaced.
 */

import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from '../diagnose/case.ts'
import { faultOfCase } from '../diagnose/case-shape.ts'
import { isOvlError, OvlError, syscallError } from '../errors/ovl-error.ts'
import { baseName, parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { holdReal, writeBelow } from './beneath.ts'
import { absoluteHere } from './cwd.ts'
import { OwnedFd } from './fd.ts'
import { lstatName, readLink, realName, statName } from './files.ts'
import { readNamedFile } from './named-file.ts'
import { PROMPT } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** @throws OvlError usage, when it cannot be a facts file; interrupted */
export async function writeCase(path: string, judged: Case, signal?: AbortSignal): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(judged, undefined, 1)}\n`)
  const descriptor = /^\/(?:dev|proc\/self)\/(?:fd\/(\d+)|stdout|stderr)$/.exec(path)
  if (descriptor !== null) return writeAll(descriptorOf(path, descriptor[1]), bytes, path, signal)
  const found = statName(path)
  if (typeof found === 'object' && (found.kind === 'char' || found.kind === 'fifo')) {
    using target = openTarget(path)
    return await writeAll(target.fd, bytes, path, signal)
  }
  if (typeof found === 'object' && found.kind !== 'file') throw new OvlError('usage', `'${path}' is a ${found.kind === 'block' ? 'block device' : found.kind}, and facts go into a file`, { hint: 'Name a file.' })
  if (found === 'ENOENT' && lstatName(path) !== 'ENOENT') throw new OvlError('usage', `'${path}' is a symlink to '${readLink(path)}', which does not exist`, { hint: 'Make that file, or name it.' })
  const own = absoluteHere(path)
  if (found === 'ENOENT' && statName(parentPath(own)) === 'ENOENT') throw new OvlError('usage', `'${path}' cannot be written: there is no directory '${parentPath(own)}'`, { hint: 'Make that directory, or name another file.' })
  const real = found === 'ENOENT' ? `${realName(parentPath(own)).replace(/\/$/, '')}/${baseName(own)}` : realName(path)
  using directory = holdReal(parentPath(real))
  writeBelow(directory, baseName(real), bytes, 0o600)
}

/** Written to as it is: opened anew, a file would be written from its beginning, and a socket could not be opened. */
function descriptorOf(path: string, number: string | undefined): number {
  const fd = number === undefined ? (path.endsWith('stdout') ? 1 : 2) : Number(number)
  const found = checkFs(`cannot write to '${path}'`, () => fstatSync(fd))
  if (found.isFile() || found.isFIFO() || found.isSocket() || found.isCharacterDevice()) return fd
  throw new OvlError('usage', `'${path}' is no descriptor of a file or a pipe`, { hint: 'Name a file.' })
}

function openTarget(path: string): OwnedFd {
  try {
    return new OwnedFd(checkFs(`cannot open '${path}'`, () => openSync(nameBuffer(path), constants.O_WRONLY | PROMPT)))
  } catch (error) {
    if (!isOvlError(error) || error.errno !== 'ENXIO') throw error
    throw error.with({ code: 'usage', message: `'${path}' is a FIFO that nobody reads`, hint: `Start the reader first: cat ${quoteShell(path)}` })
  }
}

/** A reader may be slow: what it cannot take is offered again. */
async function writeAll(fd: number, bytes: Buffer, path: string, signal: AbortSignal | undefined): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    if (signal?.aborted === true) throw new OvlError('interrupted', `writing to '${path}' was interrupted`, { cause: signal.reason })
    try {
      at += checkFs(`cannot write to '${path}'`, () => writeSync(fd, bytes, at))
    } catch (error) {
      if (!isOvlError(error) || error.errno !== 'EAGAIN') throw error
      await sleep(PAUSE_MS)
    }
  }
}

const PAUSE_MS = 10

const HINT = 'Write one with ovl diagnose --facts FILE.'

/** @throws OvlError usage, when it is no facts file of this version: it names the first place that is wrong; interrupted */
export async function readCase(path: string, signal?: AbortSignal): Promise<Case> {
  const text = (await readBytes(path, signal)).toString('utf8')
  if (isDeep(text)) throw new OvlError('usage', `'${path}' is no facts file of ovl: it is nested deeper than ${DEEPEST} levels`, { hint: HINT })
  const value = parse(text)
  const fault = value === undefined ? 'it is no JSON' : faultOfCase(value)
  if (fault !== undefined) throw new OvlError('usage', `'${path}' is no facts file of ovl: ${fault}`, { hint: HINT })
  return value as Case
}

async function readBytes(path: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    return await readNamedFile(path, { signal })
  } catch (error) {
    if (!isOvlError(error) || error.code === 'interrupted' || error.code === 'file-too-large') throw error
    if (error.errno === 'ENOENT') throw new OvlError('usage', `there is no file '${path}'`, { hint: HINT })
    throw error.errno === undefined ? error : syscallError(error.details.syscall ?? 'read', error.errno, `cannot read the facts file '${path}'`).with({ code: 'usage', hint: HINT })
  }
}

const DEEPEST = 64

/** JSON may be nested deeper than whoever writes it again can follow. */
function isDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]
    if (mark === '\\' && quoted) at += 1
    else if (mark === '"') quoted = !quoted
    else if (!quoted && (mark === '[' || mark === '{')) depth += 1
    else if (!quoted && (mark === ']' || mark === '}')) depth -= 1
    if (depth > DEEPEST) return true
  }
  return false
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
