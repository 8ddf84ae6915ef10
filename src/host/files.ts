/** node:fs for names (see names/bytes.ts): bytes below, OvlErrors above. Nothing here deletes recursively. */

import { closeSync, constants, fstatSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, readlinkSync, realpathSync, renameSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import type { FileKind } from '../diagnose/facts.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'
import { parentPath } from '../names/path.ts'
import type { OwnedFd } from './fd.ts'
import { readRegular } from './regular-file.ts'
import { checkFs, errnoOf, nameBuffer } from './syscalls/check.ts'

export interface NameStat {
  readonly kind: FileKind
  readonly dev: bigint
  readonly ino: bigint
  /** Permission bits, setuid, setgid and sticky included; without the type. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: bigint
  readonly nlink: bigint
  /** Of a device node; 0 is a whiteout’s. */
  readonly rdev: bigint
  readonly mtimeNs: bigint
}

/** What `path` names, symlinks followed; a failure is its errno as text, not thrown. */
export function statName(path: string): NameStat | string {
  return statWith((bytes) => statSync(bytes, { bigint: true }), path)
}

/** The same of the entry itself: a symlink is a symlink. */
export function lstatName(path: string): NameStat | string {
  return statWith((bytes) => lstatSync(bytes, { bigint: true }), path)
}

/** Device and inode of what was looked at: one under all of its names. Undefined for a failure. */
export function identityOf(found: NameStat | string): string | undefined {
  return typeof found === 'string' ? undefined : `${found.dev}:${found.ino}`
}

/** The path without symlinks, `.` and `..`. */
export function realName(path: string): string {
  return checkFs(`cannot resolve '${path}'`, () => decodeName(realpathSync.native(nameBuffer(path), { encoding: 'buffer' })))
}

/** What the symlink says, unresolved. */
export function readLink(path: string): string {
  return checkFs(`cannot read the link '${path}'`, () => decodeName(readlinkSync(nameBuffer(path), { encoding: 'buffer' })))
}

/** Makes an empty file (0644); false when there is an entry of that name. */
export function makeEmptyFile(path: string): boolean {
  return checkFs(`cannot make '${path}'`, () => {
    try {
      closeSync(openSync(nameBuffer(path), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  })
}

/** Makes one directory; false when there is one already. Its parents must exist. */
export function makeDirectory(path: string, mode: number = 0o755): boolean {
  return checkFs(`cannot make the directory '${path}'`, () => {
    try {
      mkdirSync(nameBuffer(path), { mode })
      return true
    } catch (error) {
      const found = statName(path)
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && typeof found === 'object' && found.kind === 'directory') return false
      throw error
    }
  })
}

/** rmdir(2): an empty directory, never a mount point. False when there is none any more. */
export function removeDirectory(path: string): boolean {
  return checkFs(`cannot remove the directory '${path}'`, () => {
    try {
      rmdirSync(nameBuffer(path))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  })
}

/** unlink(2): one entry that is no directory. */
export function removeFile(path: string): void {
  checkFs(`cannot remove '${path}'`, () => unlinkSync(nameBuffer(path)))
}

/** All of a regular file, of 16 MiB at most. @throws OvlError unsafe-path, file-too-large */
export function readFileBytes(path: string): Buffer {
  return readRegular(path)
}

/** The whole new file or the old one: written beside, synced, renamed over. What is written beside is named after its `writer`. */
export function writeFileAtomic(path: string, bytes: Uint8Array | string, mode: number = 0o600, writer: string = String(process.pid)): void {
  const beside = `${path}.${writer}.${process.hrtime.bigint().toString(36)}${Math.random().toString(36).slice(2)}.new`
  checkFs(`cannot write '${path}'`, () => {
    try {
      const fd = openSync(nameBuffer(beside), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode)
      try {
        writeFileSync(fd, bytes)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(nameBuffer(beside), nameBuffer(path))
    } catch (error) {
      dropQuietly(beside)
      throw error
    }
    syncDirectory(parentPath(path))
  })
}

/** Names of the entries, unsorted, without `.` and `..`. */
export function readDirectory(path: string): string[] {
  return checkFs(`cannot read the directory '${path}'`, () => readdirSync(nameBuffer(path), { encoding: 'buffer' }).map((name) => decodeName(name)))
}

function statWith(stat: (bytes: Buffer) => BigIntStats, path: string): NameStat | string {
  try {
    return statOf(stat(nameBuffer(path)))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined || (error as NodeJS.ErrnoException).syscall === undefined) throw error
    return errnoOf(code)
  }
}

/** A look by any call of node:fs, in the form of this file. */
export function statOf(found: BigIntStats): NameStat {
  const { dev, ino, size, nlink, rdev, mtimeNs } = found
  return { kind: kindOf(found), dev, ino, mode: Number(found.mode) & 0o7777, uid: Number(found.uid), gid: Number(found.gid), size, nlink, rdev, mtimeNs }
}

/** @throws OvlError unsafe-path, when it is another file than the one that was looked at */
export function requireIdentity({ fd }: OwnedFd, image: string, identity: string): void {
  if (identityOf(statOf(fstatSync(fd, { bigint: true }))) === identity) return
  throw new OvlError('unsafe-path', `another file was put in place of '${image}'`, { hint: `Somebody else can write '${parentPath(image)}' and is at work there. Keep the image in a directory of your own.` })
}

const KINDS: Readonly<Record<number, FileKind>> = {
  [constants.S_IFDIR]: 'directory', [constants.S_IFREG]: 'file', [constants.S_IFBLK]: 'block', [constants.S_IFCHR]: 'char',
  [constants.S_IFLNK]: 'symlink', [constants.S_IFIFO]: 'fifo', [constants.S_IFSOCK]: 'socket',
}

function kindOf({ mode }: BigIntStats): FileKind {
  return KINDS[Number(mode) & constants.S_IFMT] as FileKind
}

/** unlink(2) on the way out of another failure, which must not be hidden by this one. */
export function dropQuietly(path: string): void {
  try {
    unlinkSync(nameBuffer(path))
  } catch {
    // It was never made.
  }
}

/** Makes what happened to the entries of a directory last over a power cut. */
export function syncDirectory(path: string): void {
  const fd = openSync(nameBuffer(path), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
