/** Copies that take time: images onto a tmpfs, trees onto a disk. They can be watched and stopped; what is half-done is removed. */

import { closeSync, constants, fstatSync, openSync, readSync, renameSync, statfsSync, unlinkSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { Slice, Step } from '../plan/step.ts'
import { run } from './exec.ts'
import { OwnedFd } from './fd.ts'
import { baseName, parentPath } from '../names/path.ts'
import { holdBelow, statBelow } from './beneath.ts'
import { descriptorPath, entry } from './held-directory.ts'
import type { HeldDirectory } from './held-directory.ts'
import { inPrivateDirectory, requirePrivate } from './private-directory.ts'
import { requireIdentity } from './files.ts'
import { PROMPT } from './regular-file.ts'
import { withoutLinks } from './upper-tree.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface CopyWatch {
  readonly signal?: AbortSignal | undefined
  /** Bytes of one file, so far and in all. */
  readonly progress?: ((what: string, done: number, total: number) => void) | undefined
}

const CHUNK = 4 * 1024 * 1024
/** A loop device shows whole sectors. */
const SECTOR = 512

/** An image, or its pieces inside another file, as a file of its own. */
export async function copyImage({ image, slices, to, identity }: Omit<Extract<Step, { do: 'copy-image' }>, 'do'>, watch: CopyWatch): Promise<void> {
  const fd = checkFs(`cannot make the copy '${to}'`, () => openSync(nameBuffer(to), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o400))
  try {
    await copyInto(fd, { image, slices, to, identity }, watch)
  } catch (error) {
    unlinkSync(nameBuffer(to))
    throw error
  } finally {
    closeSync(fd)
  }
}

/** Where a file without a name may be large. */
const ROOMY = '/var/tmp'

/** The pieces of an image put together in a file that has no name: it is gone with its last user, whatever happens. */
export async function copyToNameless(image: string, slices: readonly Slice[], watch: CopyWatch): Promise<OwnedFd> {
  const bytes = slices.reduce((sum, { length }) => sum + length, 0)
  const { bavail, bsize } = checkFs(`cannot look at '${ROOMY}'`, () => statfsSync(ROOMY, { bigint: true }))
  if (bavail * bsize < BigInt(bytes)) throw new OvlError('no-space', `'${image}' holds an image in ${slices.length} pieces, which have to be put together in '${ROOMY}': that takes ${bytes} bytes, and ${bavail * bsize} are free`)
  const path = `${ROOMY}/ovl-${process.pid}-${process.hrtime.bigint()}`
  const file = new OwnedFd(checkFs(`cannot make a file in '${ROOMY}'`, () => openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)))
  try {
    unlinkSync(path)
    await copyInto(file.fd, { image, slices, to: path }, watch)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

async function copyInto(fd: number, { image, slices, to, identity }: { readonly image: string; readonly slices?: readonly Slice[] | undefined; readonly to: string; readonly identity?: string | undefined }, { signal, progress }: CopyWatch): Promise<void> {
  using from = new OwnedFd(checkFs(`cannot open the image '${image}'`, () => openSync(nameBuffer(image), constants.O_RDONLY | PROMPT)))
  if (identity !== undefined) requireIdentity(from, image, identity)
  const pieces = slices ?? [{ offset: 0, length: checkFs(`cannot look at '${image}'`, () => fstatSync(from.fd)).size }]
  const total = pieces.reduce((sum, { length }) => sum + length, 0)
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, total))
  let done = 0
  for (const { offset, length } of pieces) {
    for (let at = 0; at < length; ) {
      // Lets a signal come through.
      await setImmediate()
      if (signal?.aborted === true) throw new OvlError('interrupted', 'interrupted, and everything done so far was undone')
      const read = checkFs(`cannot read the image '${image}'`, () => readSync(from.fd, buffer, 0, Math.min(buffer.length, length - at), offset + at))
      if (read === 0) throw new OvlError('image-unreadable', `'${image}' ends before the images in it do: it was cut short`)
      write(fd, buffer.subarray(0, read), to)
      at += read
      done += read
      progress?.(image, done, total)
    }
  }
  if (total % SECTOR > 0) write(fd, Buffer.alloc(SECTOR - (total % SECTOR)), to)
}

function write(fd: number, bytes: Buffer, to: string): void {
  try {
    for (let at = 0; at < bytes.length; ) at += checkFs(`cannot write '${to}'`, () => writeSync(fd, bytes, at))
  } catch (error) {
    throw isOvlError(error) && error.errno === 'ENOSPC' ? error.with({ code: 'no-space' }) : error
  }
}

/**
 * A directory with all its attributes to `to` below `root`, where there is none; what is there is left as it is, empty or
 * not. Copied where nobody else can come to it, and renamed, so that it is there whole or not at all.
 */
export async function copyTree(from: HeldDirectory, root: HeldDirectory, to: string, signal: AbortSignal | undefined): Promise<void> {
  if (typeof statBelow(root, to) === 'object') return
  using parent = holdBelow(root, parentPath(to))
  await inPrivateDirectory(parent, async (own) => {
    requirePrivate(own)
    const { exitCode, stderr } = await withoutLinks(from, (path) => run('cp', ['-a', '-T', '--', path, descriptorPath(own, TREE)], { env: { LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) }))
    if (exitCode !== 0) throw new OvlError(/No space left/.test(stderr) ? 'no-space' : 'unknown', `cannot copy '${from.path}' to '${root.path}/${to}': ${stderr.split('\n')[0] ?? ''}`, { syscall: 'cp' })
    checkFs(`cannot make '${root.path}/${to}'`, () => renameSync(entry(own, TREE), entry(parent, baseName(to))))
  })
}

const TREE = 'tree'
