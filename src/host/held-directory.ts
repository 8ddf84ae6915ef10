/**
 * A directory that is held open, and how a name is resolved below it: by the kernel (openat2(2)), or, where that is not to
 * be had (before Linux 5.6, or without FFI), component by component with O_NOFOLLOW, to the same end. What is done with
 * what comes of it stands in beneath.ts.
 */

import { constants, fstatSync, openSync, readlinkSync } from 'node:fs'
import { errnoName } from '../errors/errno.ts'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import { cString, errnoOf, nameBuffer } from './syscalls/check.ts'

/** A directory that is held open; `path` is what it was called, for messages. */
export interface HeldDirectory extends Disposable {
  readonly path: string
  readonly fd: number
  close(): void
}

export type Links = 'none' | 'inside'

/** Takes the descriptor over. */
export function held(fd: number, path: string): HeldDirectory {
  const owned = new OwnedFd(fd)
  return { path, get fd() { return owned.fd }, close: () => owned.close(), [Symbol.dispose]: () => owned.close() }
}

/** A path of the entry `name` of a held directory, for node:fs: only the name is resolved, and calls that follow no symlink stay in the directory. */
export function entry(directory: HeldDirectory, name: string): Buffer {
  if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new OvlError('internal', `'${name}' is no name of an entry`)
  return nameBuffer(`/proc/self/fd/${directory.fd}/${name}`)
}

/** A path of what a descriptor is of, or of an entry of that directory, for system calls that take no descriptor and for programs that this process starts. */
export function descriptorPath(file: { readonly fd: number }, name?: string): string {
  // The process id as this /proc has it: it may be of another pid namespace.
  const own = readlinkSync('/proc/self')
  return `/proc/${own}/fd/${file.fd}${name === undefined ? '' : `/${name}`}`
}

/** The components of a path, without those that say nothing. */
export const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

/** What `path` names below a directory, opened with these flags of open(2): a descriptor, or the errno as text. */
export function resolveBelow(root: HeldDirectory, path: string, flags: number, mode: number, links: Links): number | string {
  const name = partsOf(path).join('/') || '.'
  const how = Buffer.alloc(24)
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC))
  // A mode without O_CREAT is an error to openat2.
  how.writeBigUInt64LE(BigInt((flags & constants.O_CREAT) === 0 ? 0 : mode), 8)
  how.writeBigUInt64LE(RESOLVE[links], 16)
  let result = -EAGAIN
  try {
    for (let tries = 0; tries < TRIES && result === -EAGAIN; tries++) result = ffi().openat2(root.fd, cString(name), how, how.length)
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'ffi-unavailable') throw error
    result = -ENOSYS
  }
  if (result >= 0) return result
  // EPERM is what containers of old answer for calls that they do not know; the walk meets a true one again.
  return result === -ENOSYS || result === -EPERM ? walk(root, name, flags, mode, links) : errnoName(-result)
}

const O_CLOEXEC = 0x8_0000
const EPERM = 1
const EAGAIN = 11
const ENOSYS = 38

/** The same without openat2: each component is opened as the entry it is, and then looked at. */
export function walk(root: HeldDirectory, path: string, flags: number, mode: number, links: Links): number | string {
  const below: HeldDirectory[] = []
  const todo = partsOf(path)
  let followed = 0
  try {
    for (;;) {
      const here = below.at(-1) ?? root
      const name = todo.shift()
      if (name === undefined) return openSync(`/proc/self/fd/${here.fd}`, flags & ~(constants.O_NOFOLLOW | constants.O_CREAT | constants.O_EXCL))
      if (name === '..') {
        if (links === 'none' && below.length === 0) return 'EXDEV'
        below.pop()?.close()
        continue
      }
      const isLast = todo.length === 0
      if (isLast && (flags & constants.O_EXCL) !== 0) return openSync(entry(here, name), flags | constants.O_NOFOLLOW, mode)
      const found = openEntry(here, name)
      if (found === 'ENOENT' && isLast && (flags & constants.O_CREAT) !== 0) return openSync(entry(here, name), flags | constants.O_NOFOLLOW, mode)
      if (typeof found === 'string') return found
      const stat = fstatSync(found.fd)
      if (stat.isSymbolicLink() && !(isLast && (flags & constants.O_NOFOLLOW) !== 0)) {
        found.close()
        if (links === 'none' || ++followed > MOST_LINKS) return 'ELOOP'
        const text = decodeName(readlinkSync(entry(here, name), { encoding: 'buffer' }))
        if (text.startsWith('/')) for (const directory of below.splice(0)) directory.close()
        todo.unshift(...partsOf(text))
        continue
      }
      if (!isLast && !stat.isDirectory()) {
        found.close()
        return 'ENOTDIR'
      }
      if (!isLast) {
        below.push(held(found.release(), name))
        continue
      }
      if (stat.isSymbolicLink()) return (flags & O_PATH) === 0 ? (found.close(), 'ELOOP') : found.release()
      using last = found
      return openSync(`/proc/self/fd/${last.fd}`, flags & ~(constants.O_NOFOLLOW | constants.O_CREAT))
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    return errnoOf(code)
  } finally {
    for (const directory of below) directory.close()
  }
}

function openEntry(directory: HeldDirectory, name: string): OwnedFd | string {
  try {
    return new OwnedFd(openSync(entry(directory, name), O_PATH | constants.O_NOFOLLOW))
  } catch (error) {
    return errnoOf((error as NodeJS.ErrnoException).code ?? 'EIO')
  }
}

/** The same on all machines that ovl knows; node:fs has no name for it. */
export const O_PATH = 0x20_0000
const RESOLVE_NO_MAGICLINKS = 0x02n
const RESOLVE_NO_SYMLINKS = 0x04n
const RESOLVE_BENEATH = 0x08n
const RESOLVE_IN_ROOT = 0x10n
const RESOLVE: Readonly<Record<Links, bigint>> = { none: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, inside: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS }
/** MAXSYMLINKS of the kernel. */
const MOST_LINKS = 40
/** While somebody renames things the kernel cannot tell whether `..` leads out, and asks to try again. */
const TRIES = 64
