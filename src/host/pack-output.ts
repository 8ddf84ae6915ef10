/**
 * A large file made beside its place and renamed over it, so that it is there whole or as it was. Whoever may write the
 * directory can take away what is made there, and cannot lead it elsewhere: directory and file are held open all the
 * while, and the programs that write get them by descriptor.
 */

import { constants, fstatSync, fsyncSync, ftruncateSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { baseName, parentPath } from '../names/path.ts'
import { holdReal, openBelow, statBelow, syncBelow } from './beneath.ts'
import { descriptorPath, entry } from './held-directory.ts'
import type { HeldDirectory } from './held-directory.ts'
import type { OwnedFd } from './fd.ts'
import { identityOf, statOf } from './files.ts'
import { inPrivateDirectory, removeRemains } from './private-directory.ts'
import { checkFs } from './syscalls/check.ts'

export interface Beside {
  /** The file to be written, for programs; it is there, and empty. */
  readonly path: string
  /** Makes it empty again. */
  readonly empty: () => void
  /** A path for one of the parts it is made of, for programs. Nothing is there. */
  readonly part: (name: string) => string
  /** Makes a part with that content, and gives its path. */
  readonly add: (name: string, content: Uint8Array) => string
  /** The same with the content of a file that is open. */
  readonly copy: (name: string, file: OwnedFd, signal: AbortSignal | undefined) => Promise<string>
}

const DRAFT = 'out'
/** Names of parts. */
const KNOWN = /^(?:out|image|\d+)$/

/**
 * Calls `write` with a place beside `out`, a path without symlinks, and puts what it wrote there in place of `out`.
 * @returns the bytes it has
 * @throws OvlError unsafe-path, when somebody put something else in its place
 */
export async function writeBeside(out: string, write: (beside: Beside) => Promise<void>): Promise<number> {
  using parent = holdReal(parentPath(out))
  removeRemains(parent, KNOWN)
  return await inPrivateDirectory(parent, async (parts) => {
    using draft = openBelow(parts, DRAFT, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, { mode: 0o644 })
    const path = descriptorPath(draft)
    try {
      await write({ path, empty: () => ftruncateSync(draft.fd), part: (name) => descriptorPath(parts, name), add: (name, content) => add(parts, name, content), copy: (name, file, signal) => copy(parts, name, file, signal) })
      return place(parent, parts, draft, out)
    } catch (error) {
      throw isOvlError(error) ? error.with({ message: error.message.replaceAll(path, out) }) : error
    }
  })
}

function place(parent: HeldDirectory, parts: HeldDirectory, draft: OwnedFd, out: string): number {
  const written = checkFs(`cannot write '${out}'`, () => {
    fsyncSync(draft.fd)
    return statOf(fstatSync(draft.fd, { bigint: true }))
  })
  const name = baseName(out)
  if (identityOf(statBelow(parts, DRAFT)) !== identityOf(written)) throw replaced(out)
  checkFs(`cannot write '${out}'`, () => renameSync(entry(parts, DRAFT), entry(parent, name)))
  if (identityOf(statBelow(parent, name)) !== identityOf(written)) throw replaced(out)
  checkFs(`cannot write '${out}'`, () => syncBelow(parent))
  return Number(written.size)
}

function replaced(out: string): OvlError {
  return new OvlError('unsafe-path', `'${out}' is not what ovl wrote: somebody put something else in its place`, { hint: `Somebody else can write '${parentPath(out)}' and is at work there. Name an output in a directory of your own.` })
}

function add(parts: HeldDirectory, name: string, content: Uint8Array): string {
  using to = openPart(parts, name)
  checkFs(`cannot write '${parts.path}/${name}'`, () => writeFileSync(to.fd, content))
  return descriptorPath(parts, name)
}

async function copy(parts: HeldDirectory, name: string, from: OwnedFd, signal: AbortSignal | undefined): Promise<string> {
  using to = openPart(parts, name)
  const buffer = Buffer.allocUnsafe(CHUNK)
  const end = fstatSync(from.fd).size
  for (let at = 0; at < end; ) {
    // Lets a signal come through.
    await setImmediate()
    if (signal?.aborted === true) throw new OvlError('interrupted', `writing '${parts.path}' was interrupted`, { cause: signal.reason })
    const length = checkFs(`cannot read what becomes '${parts.path}/${name}'`, () => readSync(from.fd, buffer, 0, buffer.length, at))
    if (length === 0) break
    checkFs(`cannot write '${parts.path}/${name}'`, () => writeFileSync(to.fd, buffer.subarray(0, length)))
    at += length
  }
  return descriptorPath(parts, name)
}

const CHUNK = 1024 * 1024

const openPart = (parts: HeldDirectory, name: string): OwnedFd => openBelow(parts, name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
