/** What layers need of files and node:fs has not: handles without opening, raw entry types, whiteouts, file system types. */

import { openSync, readFileSync, statfsSync } from 'node:fs'
import { constants } from 'node:fs'
import { decodeName } from '../../names/bytes.ts'
import { OwnedFd } from '../fd.ts'
import { ffi } from '../ffi.ts'
import { check, checkFs, cString, nameBuffer } from './check.ts'

const AT_FDCWD = -100
/** The same on every machine that ffi.ts knows; node:fs has no name for it. */
const O_PATH = 0x20_0000

/** A handle on what `path` names, symlinks followed, without opening it: any mode will do. */
export function openPath(path: string): OwnedFd {
  return new OwnedFd(checkFs(`cannot open '${path}'`, () => openSync(nameBuffer(path), O_PATH)))
}

/** A directory, open for reading. */
export function openDirectory(path: string): OwnedFd {
  return new OwnedFd(checkFs(`cannot open the directory '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | constants.O_DIRECTORY)))
}

/** Id of the mount that `path` lies on, as the mount table numbers it; undefined when it cannot be told. Needs no FFI. */
export function mountIdOf(path: string): number | undefined {
  try {
    using handle = openPath(path)
    const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${handle.fd}`, 'utf8'))?.[1] // 3.15
    return id === undefined ? undefined : Number(id)
  } catch {
    return undefined
  }
}

/** Magic number of the file system `path` lies on (statfs f_type). */
export function statfsType(path: string): number {
  return checkFs(`cannot read the file system type of '${path}'`, () => Number(BigInt.asUintN(32, statfsSync(nameBuffer(path), { bigint: true }).type)))
}

/** Makes a whiteout, the character device 0:0; needs no right beyond writing the directory since 5.8. */
export function makeWhiteout(path: string): void {
  check(ffi().mknodat(AT_FDCWD, cString(path), constants.S_IFCHR, 0), 'mknod', `cannot make the whiteout '${path}'`)
}

const RENAME_WHITEOUT = 4

/** Renames, and leaves a whiteout behind, in one step. */
export function renameWhiteout(from: string, to: string): void {
  check(ffi().renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), RENAME_WHITEOUT), 'renameat2', `cannot rename '${from}' with a whiteout`)
}

/** DT_* of getdents64(2): `unknown` is what the file system says when it does not keep types. */
export type EntryType = 'unknown' | 'fifo' | 'char' | 'directory' | 'block' | 'file' | 'symlink' | 'socket'

const ENTRY_TYPES: Readonly<Record<number, EntryType>> = { 1: 'fifo', 2: 'char', 4: 'directory', 6: 'block', 8: 'file', 10: 'symlink', 12: 'socket' }
const BUFFER_BYTES = 64 * 1024

/** The entries of a directory but `.` and `..`, with their types as the directory itself has them: no stat is made. */
export function directoryEntryTypes(path: string): { name: string; type: EntryType }[] {
  using directory = openDirectory(path)
  const entries: { name: string; type: EntryType }[] = []
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  for (;;) {
    const filled = check(ffi().getdents64(directory.fd, buffer, buffer.length), 'getdents64', `cannot read the directory '${path}'`)
    if (filled === 0) return entries
    // struct linux_dirent64 { u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[] }
    for (let at = 0; at < filled; at += buffer.readUInt16LE(at + 16)) {
      const name = decodeName(buffer.subarray(at + 19, buffer.indexOf(0, at + 19)))
      if (name !== '.' && name !== '..') entries.push({ name, type: ENTRY_TYPES[buffer[at + 18] as number] ?? 'unknown' })
    }
  }
}
