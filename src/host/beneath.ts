/**
 * Files and directories below a directory that somebody else may change: a live medium, the tree of another system, the
 * place of an output file, a user's directory. The directory is held open, every name is resolved below it
 * (held-directory.ts), and what is done is done to the descriptor that came of it. Nothing is checked by path and used by
 * path, so that nobody can put something else in its place in between.
 *
 * How symlinks are taken is said by `links`:
 *   none     there may be none on the way (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). For all that is written.
 *   inside   they are followed as a process would that has the directory as its root (RESOLVE_IN_ROOT). For reading.
 *
 * Names are relative to the directory held; a leading slash means the directory itself. It does not know what the files
 * mean, and never removes a tree.
 */

import { constants, fchmodSync, fchownSync, fstatSync, fsyncSync, lchownSync, linkSync, mkdirSync, opendirSync, openSync, readdirSync, readlinkSync, renameSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { isOvlError, OvlError, syscallError } from '../errors/ovl-error.ts'
import type { FileKind } from '../diagnose/facts.ts'
import { decodeName } from '../names/bytes.ts'
import { baseName, parentPath, tidyPath } from '../names/path.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import { identityOf, statOf } from './files.ts'
import type { NameStat } from './files.ts'
import { O_PATH, entry, held, partsOf, resolveBelow } from './held-directory.ts'
import type { HeldDirectory, Links } from './held-directory.ts'
import { LARGEST_FILE, PROMPT, readToEnd, requireRegular } from './regular-file.ts'
import { check, checkFs, cString, nameBuffer } from './syscalls/check.ts'

/** Owner and mode that a new entry gets, whatever the umask. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
}

/** Holds the directory at `path`, symlinks followed: it is what the user said. @throws OvlError when it is none */
export function holdDirectory(path: string): HeldDirectory {
  return held(checkFs(`cannot open the directory '${path}'`, () => openSync(nameBuffer(path), O_PATH | constants.O_DIRECTORY)), path)
}

/**
 * Holds the directory at a path that was resolved before (realName): a symlink on the way was put there since.
 * @throws OvlError unsafe-path
 */
export function holdReal(path: string): HeldDirectory {
  using top = holdDirectory('/')
  return holdBelow(top, path)
}

/** Holds a directory below another. @throws OvlError unsafe-path, or as open(2) fails */
export function holdBelow(root: HeldDirectory, path: string, links: Links = 'none'): HeldDirectory {
  return held(open(root, path, O_PATH | constants.O_DIRECTORY, 0, links), shown(root, path))
}

/**
 * Opens a file below a directory, without waiting for anybody.
 * @param flags of open(2)
 * @throws OvlError unsafe-path, or as open(2) fails
 */
export function openBelow(root: HeldDirectory, path: string, flags: number, { mode = 0o600, links = 'none' }: { readonly mode?: number; readonly links?: Links } = {}): OwnedFd {
  return new OwnedFd(open(root, path, (flags & O_PATH) === 0 ? flags | PROMPT : flags, mode, links))
}

/** What is there: with `none` the entry itself, symlink or not; with `inside` what it leads to. A failure is its errno as text, not thrown. */
export function statBelow(root: HeldDirectory, path: string, links: Links = 'none'): NameStat | string {
  const fd = resolveBelow(root, path, O_PATH | (links === 'none' ? constants.O_NOFOLLOW : 0), 0, links)
  if (typeof fd === 'string') return fd
  using entry = new OwnedFd(fd)
  return statOf(fstatSync(entry.fd, { bigint: true }))
}

/** All of a regular file. @throws OvlError unsafe-path; file-too-large, when it holds more than `limit` bytes */
export function readBelow(root: HeldDirectory, path: string, { links = 'inside', limit = LARGEST_FILE }: { readonly links?: Links; readonly limit?: number } = {}): Buffer {
  using file = requireRegular(openBelow(root, path, constants.O_RDONLY, { links }), shown(root, path))
  return readToEnd(file, shown(root, path), limit)
}

/** What a symlink says, unresolved. */
export function readLinkBelow(root: HeldDirectory, path: string): string {
  return inParent(root, path, `cannot read the link '${shown(root, path)}'`, (at) => decodeName(readlinkSync(at, { encoding: 'buffer' })))
}

/**
 * What a path leads to, symlinks followed inside of the directory: the path that it truly has here, its kind, and device and inode.
 * @throws OvlError as open(2) fails
 */
export function locateBelow(root: HeldDirectory, path: string): { readonly path: string; readonly kind: FileKind; readonly identity: string } {
  using file = openBelow(root, path, O_PATH, { links: 'inside' })
  const found = statOf(fstatSync(file.fd, { bigint: true }))
  return { path: decodeName(readlinkSync(`/proc/self/fd/${file.fd}`, { encoding: 'buffer' })), kind: found.kind, identity: identityOf(found) as string }
}

/** Names of the entries, unsorted, without `.` and `..`; of a directory of any size no more than `most`. */
export function listBelow(root: HeldDirectory, path: string, links: Links = 'none', most: number = Infinity): string[] {
  using directory = holdBelow(root, path, links)
  return checkFs(`cannot read the directory '${shown(root, path)}'`, () => (most === Infinity ? readdirSync(`/proc/self/fd/${directory.fd}`, { encoding: 'buffer' }) : firstEntries(directory, most)).map((name) => decodeName(name)))
}

/** Makes one directory, with that owner and mode if they are said; false when there is one already. Its parent must exist. */
export function makeDirectoryBelow(root: HeldDirectory, path: string, mode: number = 0o755, owner?: Owner): boolean {
  try {
    if (owner === undefined) inParent(root, path, whatOfMaking(root, path), (at) => mkdirSync(at, { mode }))
    else {
      using made = makeFreshBelow(root, path)
      fchownSync(made.fd, owner.uid, owner.gid)
      fchmodSync(made.fd, owner.mode)
    }
    return true
  } catch (error) {
    const found = isOvlError(error) && error.errno === 'EEXIST' ? statBelow(root, path) : 'EEXIST'
    if (typeof found === 'string') throw error
    if (found.kind === 'directory') return false
    throw new OvlError('unsafe-path', `'${shown(root, path)}' is no directory but a ${found.kind}: nothing was made there`, { hint: 'Look at what it is, and move it away if it is not needed.' })
  }
}

/**
 * Makes a directory that only its owner may use (0700), and holds it, open for reading. Whoever may write its parent may
 * put another one in its place; what is held is empty and ours (as far as its file system keeps owners), so that it may be
 * given away or emptied again.
 * @throws OvlError with errno EEXIST when there is something of that name; unsafe-path, when it was replaced
 */
export function makeFreshBelow(root: HeldDirectory, path: string): HeldDirectory {
  return inParent(root, path, whatOfMaking(root, path), (at, parent) => {
    mkdirSync(at, { mode: 0o700 })
    const made = held(open(parent, baseName(path), constants.O_RDONLY | constants.O_DIRECTORY, 0, 'none'), shown(root, path))
    const isEmpty = (): boolean => readdirSync(`/proc/self/fd/${made.fd}`).length === 0
    if (isEmpty()) {
      // An empty one of somebody else becomes ours before anything is in it.
      if (!isOurs(made)) takeOver(made)
      if (isEmpty()) return made
    }
    made.close()
    throw replaced(root, path)
  })
}

/** Whether nobody but this user can use the directory. */
export function isOurs({ fd }: HeldDirectory): boolean {
  const { uid, mode } = fstatSync(fd)
  return uid === process.geteuid?.() && (mode & 0o777) === 0o700
}

function takeOver({ fd }: HeldDirectory): void {
  try {
    fchownSync(fd, process.geteuid?.() ?? 0, process.getegid?.() ?? 0)
    fchmodSync(fd, 0o700)
  } catch {
    // Its file system keeps no owners, or belongs to another machine.
  }
}

/** Makes the directories on the way to `path`, and itself, as far as they are missing. */
export function makeDirectoriesBelow(root: HeldDirectory, path: string, mode: number = 0o755): void {
  const parts = partsOf(path)
  for (let length = 1; length <= parts.length; length++) makeDirectoryBelow(root, parts.slice(0, length).join('/'), mode)
}

/**
 * The whole new file or the old one: written beside, synced, renamed over.
 * @throws OvlError unsafe-path, when something is there that is no regular file
 */
export function writeBelow(root: HeldDirectory, path: string, bytes: Uint8Array | string, mode: number): void {
  inParent(root, path, `cannot write '${shown(root, path)}'`, (_, parent) => {
    const name = baseName(path)
    const there = statBelow(parent, name)
    if (typeof there === 'object' && there.kind !== 'file') throw new OvlError('unsafe-path', `'${shown(root, path)}' is no regular file but a ${there.kind}: nothing was written`, { hint: 'Look at what it is, and move it away if it is not needed.' })
    const draft = draftName()
    try {
      using file = new OwnedFd(open(parent, draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode, 'none'))
      writeFileSync(file.fd, bytes)
      fchmodSync(file.fd, mode)
      fsyncSync(file.fd)
      renameSync(entry(parent, draft), entry(parent, name))
    } catch (error) {
      dropBelow(parent, draft)
      throw error
    }
    syncBelow(parent)
  })
}

/** Makes a symlink, with that owner if one is said. */
export function symlinkBelow(root: HeldDirectory, path: string, text: string, owner?: Pick<Owner, 'uid' | 'gid'>): void {
  inParent(root, path, `cannot make the symlink '${shown(root, path)}'`, (at) => {
    symlinkSync(nameBuffer(text), at)
    if (owner !== undefined) lchownSync(at, owner.uid, owner.gid)
  })
}

/** rename(2) within what is held. */
export function renameBelow(root: HeldDirectory, from: string, to: string): void {
  inParent(root, from, `cannot rename '${shown(root, from)}'`, (old) => inParent(root, to, `cannot rename '${shown(root, from)}' to '${shown(root, to)}'`, (at) => renameSync(old, at)))
}

/**
 * Lets two entries of the held directory change places, at once. False where that cannot be had: no FFI, or a file system without it.
 */
export function exchangeEntries(directory: HeldDirectory, one: string, other: string): boolean {
  try {
    const result = ffi().renameat2(directory.fd, cString(one), directory.fd, cString(other), RENAME_EXCHANGE)
    if (result === -ENOSYS || result === -EINVAL) return false
    check(result, 'renameat2', `cannot replace '${shown(directory, other)}'`)
    return true
  } catch (error) {
    if (isOvlError(error) && error.code === 'ffi-unavailable') return false
    throw error
  }
}

/** A second name for a file. @throws OvlError with errno EEXIST when `to` is there */
export function linkBelow(root: HeldDirectory, from: string, to: string): void {
  inParent(root, from, `cannot link '${shown(root, from)}'`, (old) => inParent(root, to, `cannot link '${shown(root, from)}' to '${shown(root, to)}'`, (at) => linkSync(old, at)))
}

/** unlink(2): one entry that is no directory; a symlink itself. */
export function removeBelow(root: HeldDirectory, path: string): void {
  inParent(root, path, `cannot remove '${shown(root, path)}'`, (at) => unlinkSync(at))
}

/** rmdir(2): an empty directory. */
export function removeDirectoryBelow(root: HeldDirectory, path: string): void {
  inParent(root, path, `cannot remove the directory '${shown(root, path)}'`, (at) => rmdirSync(at))
}

/** {@link removeBelow} on the way out of another failure, which must not be hidden by this one. */
export function dropBelow(root: HeldDirectory, path: string): void {
  try {
    removeBelow(root, path)
  } catch {
    // It was never made.
  }
}

/** Makes what happened to the entries of the directory last over a power cut. */
export function syncBelow(directory: HeldDirectory): void {
  using open = new OwnedFd(openSync(`/proc/self/fd/${directory.fd}`, constants.O_RDONLY | constants.O_DIRECTORY))
  fsyncSync(open.fd)
}

/** A fresh name for what is made beside something else, and its process, as {@link draftProcess} reads it. */
export function draftName(): string {
  return `.${process.pid}.${process.hrtime.bigint().toString(36)}${Math.random().toString(36).slice(2)}.ovl-new`
}

/** The process that chose the name with {@link draftName}. */
export function draftProcess(name: string): number | undefined {
  const pid = /^\.(\d+)\.[0-9a-z]+\.ovl-new$/.exec(name)?.[1]
  return pid === undefined ? undefined : Number(pid)
}

const EINVAL = 22
const ENOSYS = 38
const RENAME_EXCHANGE = 2

function firstEntries(directory: HeldDirectory, most: number): Buffer[] {
  const names: Buffer[] = []
  const open = opendirSync(`/proc/self/fd/${directory.fd}`, { encoding: 'buffer' as BufferEncoding })
  try {
    for (let next = open.readSync(); next !== null && names.length < most; next = open.readSync()) names.push(next.name as unknown as Buffer)
    return names
  } finally {
    open.closeSync()
  }
}

/** Gives `act` a path of the entry that `path` names, and its directory. */
function inParent<T>(root: HeldDirectory, path: string, what: string, act: (at: Buffer, parent: HeldDirectory) => T): T {
  const parts = partsOf(path)
  using parent = holdBelow(root, parts.slice(0, -1).join('/'))
  return checkFs(what, () => act(entry(parent, parts.at(-1) ?? ''), parent))
}

function open(root: HeldDirectory, path: string, flags: number, mode: number, links: Links): number {
  const fd = resolveBelow(root, path, flags, mode, links)
  if (typeof fd === 'number') return fd
  if (links === 'none' && (fd === 'ELOOP' || fd === 'EXDEV')) throw new OvlError('unsafe-path', `'${shown(root, path)}' leads through a symlink, which could lead out of '${root.path}'`, { errno: fd, syscall: 'openat2', hint: 'Look at what it is, and name the true directory.' })
  throw syscallError('open', fd, `cannot open '${shown(root, path)}'`)
}

const whatOfMaking = (root: HeldDirectory, path: string): string => `cannot make the directory '${shown(root, path)}'`
const shown = (root: HeldDirectory, path: string): string => tidyPath(`${root.path}/${path}`)

function replaced(root: HeldDirectory, path: string): OvlError {
  return new OvlError('unsafe-path', `'${shown(root, path)}' was put in place of the directory that ovl had just made there: it was left as it is`, { hint: `Somebody else can write '${parentPath(shown(root, path))}' and is at work there.` })
}
