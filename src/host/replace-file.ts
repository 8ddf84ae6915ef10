/**
 * A file that others rely on, replaced whole: at any moment, and after a crash, its name leads to all
 * of the old content or all of the new one. Owner, mode and attributes (SELinux label, ACL) are the
 * old file's. The old one stays as a backup, by a link, so that there is no half backup either.
 */

import { closeSync, fchmodSync, fchownSync, fsyncSync, linkSync, openSync, constants, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { baseName, parentPath } from '../names/path.ts'
import { absoluteHere } from './cwd.ts'
import { dropQuietly, lstatName, readDirectory, readFileBytes, readLink, realName, statName, syncDirectory } from './files.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'
import { isLiveProcess } from './system.ts'
import { getXattr, listXattr, setXattr } from './syscalls/xattr.ts'

export interface ReplaceOptions {
  /** What the file held when the new content was made of it: when it holds something else by now, nothing is replaced. `undefined` where it was not there. */
  readonly expected?: Uint8Array | undefined
  /** Keep the old file as `FILE.ovl-backup`, or the first free of `.1`, `.2` …; one of the same content is not kept twice. Default true. */
  readonly backup?: boolean
  /** Of a file that was not there. Default 0644. */
  readonly mode?: number
}

export interface Replaced {
  /** The file itself, should `path` have been a symlink. */
  readonly path: string
  /** Where the old content is. */
  readonly backup?: string
}

/**
 * Replaces the content of `path`, symlinks followed, or makes the file.
 * @throws OvlError when it cannot be written, or was changed by somebody else; it is then as it was
 */
export function replaceFile(path: string, content: Uint8Array, { backup = true, mode = 0o644, ...options }: ReplaceOptions = {}): Replaced {
  refuseDangling(path)
  const real = statName(path) === 'ENOENT' ? absoluteHere(path) : realName(path)
  const old = statName(real)
  if (typeof old === 'object' && old.kind !== 'file') throw new OvlError('usage', `'${path}' is no file but a ${old.kind}`, { hint: 'Name a file.' })
  const there = typeof old === 'object' ? readFileBytes(real) : undefined
  if ('expected' in options && !isSame(there, options.expected)) throw new OvlError('unknown', `'${real}' was changed by somebody else in the meantime: nothing was written`, { hint: 'Run it again.' })
  removeUnfinished(real)
  const kept = there !== undefined && backup ? keep(real, there) : undefined
  const beside = unfinished(real, process.pid)
  checkFs(`cannot write '${real}'`, () => {
    const fd = openSync(nameBuffer(beside), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      try {
        writeFileSync(fd, content)
        if (typeof old === 'object') fchownSync(fd, old.uid, old.gid)
        fchmodSync(fd, typeof old === 'object' ? old.mode : mode)
        if (typeof old === 'object') copyAttributes(real, beside)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(nameBuffer(beside), nameBuffer(real))
    } catch (error) {
      dropQuietly(beside)
      throw error
    }
    syncDirectory(parentPath(real))
  })
  return { path: real, ...(kept === undefined ? {} : { backup: kept }) }
}

/**
 * Refuses a symlink that leads to nothing: a file in its place would cut whoever relies on where it leads.
 * @throws OvlError usage
 */
export function refuseDangling(path: string): void {
  if (statName(path) === 'ENOENT' && lstatName(path) !== 'ENOENT') throw new OvlError('usage', `'${path}' is a symlink to '${readLink(path)}', which does not exist`, { hint: 'Make that file, or name it.' })
}

const unfinished = (path: string, pid: number): string => `${parentPath(path)}/.${baseName(path)}.${pid}.ovl-new`

/** What a killed run was still writing. It has no reader, so nobody misses it. */
function removeUnfinished(path: string): void {
  const prefix = `.${baseName(path)}.`
  for (const name of readDirectory(parentPath(path))) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.ovl-new$/.exec(name.slice(prefix.length))?.[1] : undefined
    if (pid !== undefined && (Number(pid) === process.pid || !isLiveProcess(Number(pid)))) unlinkSync(nameBuffer(`${parentPath(path)}/${name}`))
  }
}

/** Links the file to the first free name, unless a backup holds the same. */
function keep(path: string, content: Uint8Array): string {
  for (let at = 0; ; at++) {
    const backup = `${path}.ovl-backup${at === 0 ? '' : `.${at}`}`
    if (statName(backup) !== 'ENOENT') {
      if (isSame(readFileBytes(backup), content)) return backup
      continue
    }
    checkFs(`cannot keep a backup of '${path}'`, () => linkSync(nameBuffer(path), nameBuffer(backup)))
    return backup
  }
}

/** Where extended attributes cannot be had (no FFI, a file system without them) there are none to keep. */
function copyAttributes(from: string, to: string): void {
  try {
    for (const name of listXattr(from)) {
      const value = getXattr(from, name)
      if (value !== undefined) setXattr(to, name, value)
    }
  } catch (error) {
    if (!isOvlError(error) || (error.code !== 'ffi-unavailable' && error.errno !== 'EOPNOTSUPP')) throw error
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b)
}
