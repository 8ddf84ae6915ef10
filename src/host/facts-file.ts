/**
 * A case on disk: written whole or not at all, readable by its owner alone, for it names paths of this system. What is no
 * plain file (a device, a FIFO, a descriptor) is written to where it is, and never replaced.
 */

import { constants, existsSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from '../diagnose/case.ts'
import { isOvlError, OvlError, syscallError } from '../errors/ovl-error.ts'
import { absolutePath, baseName, parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { holdReal, writeBelow } from './beneath.ts'
import { OwnedFd } from './fd.ts'
import { lstatName, readLink, realName, statName } from './files.ts'
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
  const own = absolutePath(path, process.cwd())
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

/** @throws OvlError usage, when it is no facts file of this version */
export function readCase(path: string): Case {
  if (!existsSync(nameBuffer(path))) throw new OvlError('usage', `there is no file '${path}'`, { hint: 'Write one with ovl diagnose --facts FILE.' })
  const value = parse(readText(path))
  if (!isCase(value)) throw new OvlError('usage', `'${path}' is no facts file of ovl`, { hint: 'Write one with ovl diagnose --facts FILE.' })
  return value
}

function readText(path: string): string {
  try {
    return readFileSync(nameBuffer(path), 'utf8')
  } catch (error) {
    const { code = '', syscall = 'read' } = error as NodeJS.ErrnoException
    throw syscallError(syscall, code, `cannot read the facts file '${path}'`).with({ code: 'usage', hint: 'Write one with ovl diagnose --facts FILE.' })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As far as a look at its shape can tell; a file made by hand may still be judged strangely. */
function isCase(value: unknown): value is Case {
  if (typeof value !== 'object' || value === null) return false
  const { version, facts, faults } = value as Partial<Case>
  return version === 1 && Array.isArray(faults) && typeof facts === 'object' && facts !== null && facts.version === 1
    && Array.isArray(facts.paths) && Array.isArray(facts.joined) && typeof facts.system === 'object' && typeof facts.work === 'object' && typeof facts.overlays === 'object' && typeof facts.holders === 'object'
}
