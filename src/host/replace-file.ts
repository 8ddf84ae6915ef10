/**
 * A file that others rely on, replaced whole: at any moment, and after a crash, its name leads to all
 * of the old content or all of the new one. Owner, mode and attributes (SELinux label, ACL) are the
 * old file's. The old one stays as a backup, by a link, so that there is no half backup either.
 *
 * Two runs of ovl wait for each other (file-lock.ts). Other programs do not know of that, so the new file changes places
 * with the old one in one step, and what came out is compared with what the new content was made of: when somebody
 * else wrote it in the meantime, his is put back, and the change is made anew of that. All of it happens in a
 * directory that is held, for it may belong to somebody else.
 */

import { constants, fchmodSync, fchownSync, fstatSync, fsyncSync, writeFileSync } from 'node:fs'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { baseName, parentPath } from '../names/path.ts'
import { draftName, draftProcess, dropBelow, exchangeEntries, holdDirectory, linkBelow, listBelow, openBelow, readBelow, renameBelow, statBelow, syncBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { absoluteHere } from './cwd.ts'
import type { OwnedFd } from './fd.ts'
import { whileLocked } from './file-lock.ts'
import { lstatName, readLink, realName, statName } from './files.ts'
import { readToEnd } from './regular-file.ts'
import { isLiveProcess } from './system.ts'
import { checkFs } from './syscalls/check.ts'
import { copyXattrs } from './syscalls/xattr.ts'

export interface ReplaceOptions {
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
 * Makes the new content of `path`, symlinks followed, out of the old one, which is undefined where there is no file, and
 * writes it. `change` may be called again, when another program wrote the file meanwhile; where it gives undefined,
 * nothing is written.
 * @throws OvlError when it cannot be written, or others write it all the time; it is then as it was. interrupted
 */
export async function editFile<T>(path: string, change: (old: Buffer | undefined) => { readonly content: Uint8Array | undefined; readonly result: T }, { signal, ...options }: ReplaceOptions & { readonly signal?: AbortSignal | undefined } = {}): Promise<{ readonly result: T; readonly replaced?: Replaced }> {
  refuseDangling(path)
  const real = realPath(path)
  using directory = holdDirectory(parentPath(real))
  return await whileLocked(directory, baseName(real), signal, () => {
    for (let left = TRIES; left > 0; left--) {
      using old = openOld(directory, real)
      const before = old === undefined ? undefined : readToEnd(old, real)
      const { content, result } = change(before)
      if (content === undefined) return { result }
      const done = replace(directory, real, old, before, content, options)
      if (done !== undefined) return { result, replaced: done }
    }
    throw new OvlError('unknown', `'${real}' was changed by somebody else in the meantime, ${TRIES} times: nothing was written`, { hint: 'Run it again when the other program is done.' })
  })
}

/** Writes `content` whatever was there. @throws OvlError as {@link editFile} does */
export async function replaceFile(path: string, content: Uint8Array, options: ReplaceOptions = {}): Promise<Replaced> {
  const { replaced } = await editFile(path, () => ({ content, result: undefined }), options)
  return replaced ?? { path }
}

/**
 * Refuses a symlink that leads to nothing: a file in its place would cut whoever relies on where it leads.
 * @throws OvlError usage
 */
export function refuseDangling(path: string): void {
  if (statName(path) === 'ENOENT' && lstatName(path) !== 'ENOENT') throw new OvlError('usage', `'${path}' is a symlink to '${readLink(path)}', which does not exist`, { hint: 'Make that file, or name it.' })
}

/** Another program edits a file once, and not again within milliseconds. */
const TRIES = 10

function realPath(path: string): string {
  return statName(path) === 'ENOENT' ? absoluteHere(path) : realName(path)
}

/** The file as it is, open; undefined when there is none. @throws OvlError usage, when it is no regular file */
function openOld(directory: HeldDirectory, real: string): OwnedFd | undefined {
  const found = statBelow(directory, baseName(real))
  if (found === 'ENOENT') return undefined
  if (typeof found === 'object' && found.kind !== 'file') throw new OvlError('usage', `'${real}' is no file but a ${found.kind}`, { hint: 'Name a file.' })
  const file = openBelow(directory, baseName(real), constants.O_RDONLY)
  if (fstatSync(file.fd).isFile()) return file
  file.close()
  throw new OvlError('unsafe-path', `'${real}' was put in place of the file that had just been there: nothing was written`, { hint: `Somebody else can write '${directory.path}' and is at work there.` })
}

/** Undefined when somebody else changed the file since it was read: it is then as he left it. */
function replace(directory: HeldDirectory, real: string, old: OwnedFd | undefined, before: Buffer | undefined, content: Uint8Array, { backup = true, mode = 0o644 }: ReplaceOptions): Replaced | undefined {
  const name = baseName(real)
  removeUnfinished(directory, name)
  const draft = draftName()
  try {
    writeDraft(directory, draft, content, old, mode)
    const kept = old === undefined || before === undefined || !backup ? undefined : keep(directory, name, old, before)
    if (kept === 'changed') return undefined
    if (!putInPlace(directory, draft, name, before)) {
      if (kept?.isNew === true) dropBelow(directory, kept.name)
      return undefined
    }
    syncBelow(directory)
    return { path: real, ...(kept === undefined ? {} : { backup: `${parentPath(real) === '/' ? '' : parentPath(real)}/${kept.name}` }) }
  } finally {
    dropBelow(directory, draft)
  }
}

function writeDraft(directory: HeldDirectory, draft: string, content: Uint8Array, old: OwnedFd | undefined, mode: number): void {
  using file = openBelow(directory, draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, { mode: 0o600 })
  const what = `cannot write '${directory.path}/${draft}'`
  checkFs(what, () => {
    writeFileSync(file.fd, content)
    const like = old === undefined ? undefined : fstatSync(old.fd)
    if (like !== undefined) fchownSync(file.fd, like.uid, like.gid)
    fchmodSync(file.fd, like === undefined ? mode : like.mode & 0o7777)
    if (old !== undefined) copyAttributes(old.fd, file.fd, what)
    fsyncSync(file.fd)
  })
}

/** Puts the draft where the file is, if that still holds what was read; false when it does not, and then it is as it was. */
function putInPlace(directory: HeldDirectory, draft: string, name: string, before: Buffer | undefined): boolean {
  if (before === undefined) return putFirst(directory, draft, name)
  if (!isSame(readOrNothing(directory, name), before)) return false
  if (!exchangeEntries(directory, draft, name)) {
    renameBelow(directory, draft, name)
    return true
  }
  if (isSame(readOrNothing(directory, draft), before)) return true
  const ours = statBelow(directory, name)
  exchangeEntries(directory, draft, name)
  // What came out now is our own; or, once more, what somebody put there since, and that is newer than what went back.
  const out = statBelow(directory, draft)
  if (typeof out === 'object' && typeof ours === 'object' && out.ino !== ours.ino) {
    exchangeEntries(directory, draft, name)
    keepOther(directory, draft, name)
  }
  return false
}

/** A file that was not there: a link cannot replace one that somebody made meanwhile. */
function putFirst(directory: HeldDirectory, draft: string, name: string): boolean {
  try {
    linkBelow(directory, draft, name)
    return true
  } catch (error) {
    if (isOvlError(error) && error.errno === 'EEXIST') return false
    // A file system without hard links.
    if (!isOvlError(error) || (error.errno !== 'EPERM' && error.errno !== 'EOPNOTSUPP')) throw error
    if (statBelow(directory, name) !== 'ENOENT') return false
    renameBelow(directory, draft, name)
    return true
  }
}

/** What a killed run was still writing. It has no reader, so nobody misses it; what is no file of ours is left alone. */
function removeUnfinished(directory: HeldDirectory, name: string): void {
  for (const entry of listBelow(directory, '')) {
    const pid = draftProcess(entry)
    if (pid === undefined || isLiveProcess(pid)) continue
    const found = statBelow(directory, entry)
    if (typeof found === 'object' && found.kind === 'file' && isOurs(found.uid, directory, name)) dropBelow(directory, entry)
  }
}

/** A draft belongs to whoever writes it, and then to the owner of the file. */
function isOurs(uid: number, directory: HeldDirectory, name: string): boolean {
  const file = statBelow(directory, name)
  return uid === process.geteuid?.() || (typeof file === 'object' && file.uid === uid)
}

/** Links the file to the first free name, unless a backup holds the same. */
function keep(directory: HeldDirectory, name: string, old: OwnedFd, content: Buffer): { readonly name: string; readonly isNew: boolean } | 'changed' {
  for (let at = 0; ; at++) {
    const backup = backupName(name, at)
    const found = statBelow(directory, backup)
    if (found === 'ENOENT') {
      if (!tryLink(directory, name, backup)) continue
      const linked = statBelow(directory, backup)
      const { ino, dev } = fstatSync(old.fd, { bigint: true })
      if (typeof linked === 'object' && linked.ino === ino && linked.dev === dev) return { name: backup, isNew: true }
      dropBelow(directory, backup)
      return 'changed'
    }
    if (typeof found === 'object' && found.kind === 'file' && isSame(readOrNothing(directory, backup), content)) return { name: backup, isNew: false }
  }
}

/** Somebody else's file for which there was no place any more becomes a backup, too. */
function keepOther(directory: HeldDirectory, draft: string, name: string): void {
  for (let at = 0; !tryLink(directory, draft, backupName(name, at)); at++);
}

function tryLink(directory: HeldDirectory, from: string, to: string): boolean {
  try {
    linkBelow(directory, from, to)
    return true
  } catch (error) {
    if (isOvlError(error) && error.errno === 'EEXIST') return false
    throw error
  }
}

const backupName = (name: string, at: number): string => `${name}.ovl-backup${at === 0 ? '' : `.${at}`}`

/** Undefined when there is no such file, or it is something else by now. */
function readOrNothing(directory: HeldDirectory, name: string): Buffer | undefined {
  try {
    return readBelow(directory, name, { links: 'none' })
  } catch (error) {
    if (isOvlError(error)) return undefined
    throw error
  }
}

/** Where extended attributes cannot be had (no FFI, a file system without them) there are none to keep. */
function copyAttributes(from: number, to: number, what: string): void {
  try {
    copyXattrs(from, to, what)
  } catch (error) {
    if (!isOvlError(error) || (error.code !== 'ffi-unavailable' && error.errno !== 'EOPNOTSUPP')) throw error
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b)
}
