/** umount2(2), or umount(8) where FFI is not to be had, with the patience of those who share a machine: a bounded wait while something holds the mount. */

import { setTimeout as sleep } from 'node:timers/promises'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { run } from './exec.ts'
import { readMountTable } from './mount-table.ts'
import { unmount } from './syscalls/mount-legacy.ts'

/** containerd's figures are 50 × 50 ms; one second is enough for a dying process to let go. */
const TRIES = 20
const PAUSE_MS = 50

/** Unmounts the topmost mount at `path`. @throws OvlError `umount-busy` when it stays busy, `not-mounted` when nothing is there, `not-permitted`. */
export async function unmountPatiently(path: string, lazy: boolean): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      return await unmountOnce(path, lazy)
    } catch (error) {
      if (!isOvlError(error)) throw error
      if (error.errno === 'EINVAL') throw error.with(isMountPoint(path) ? { code: 'not-permitted', message: `'${path}' was mounted outside of this namespace, where alone it can be unmounted` } : { code: 'not-mounted', message: `nothing is mounted at '${path}'` })
      if (error.errno === 'EPERM') {
        if (await fuseUnmount(path, lazy)) return
        throw error.with({ code: 'not-permitted', message: `unmounting '${path}' is not permitted: it was mounted by root`, hint: 'Run it as root.' })
      }
      if (error.errno !== 'EBUSY') throw error
      if (left === 0) throw new OvlError('umount-busy', `'${path}' is busy`, { syscall: 'umount2', errno: 'EBUSY', cause: error })
    }
    await sleep(PAUSE_MS)
  }
}

async function unmountOnce(path: string, lazy: boolean): Promise<void> {
  try {
    unmount(path, { lazy, noFollow: true })
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'ffi-unavailable') throw error
    await runUmount(path, lazy)
  }
}

/** What mount(8) has put up comes down the same way. Its words stand for the errno. */
async function runUmount(path: string, lazy: boolean): Promise<void> {
  const { exitCode, stderr } = await run('umount', ['--no-canonicalize', ...(lazy ? ['--lazy'] : []), '--', path], { env: { LC_ALL: 'C' } })
  if (exitCode === 0) return
  const words = stderr.split('\n')[0] ?? ''
  const errno = UMOUNT_WORDS.find(([pattern]) => pattern.test(words))?.[1]
  throw new OvlError('unknown', `cannot unmount '${path}': ${words}`, { syscall: 'umount', kernel: [words], ...(errno === undefined ? {} : { errno }) })
}

const UMOUNT_WORDS: readonly (readonly [RegExp, string])[] = [[/target is busy/, 'EBUSY'], [/not mounted|no mount point/, 'EINVAL'], [/must be superuser|permission denied|not permitted/i, 'EPERM']]

/** The kernel’s EINVAL also stands for a mount that came along, locked, into a user namespace. */
function isMountPoint(path: string): boolean {
  return readMountTable().mounts.some(({ target }) => target === path)
}

/** A FUSE mount made without privileges is taken down by its setuid helper. */
async function fuseUnmount(path: string, lazy: boolean): Promise<boolean> {
  for (const helper of ['fusermount3', 'fusermount']) {
    try {
      const { exitCode } = await run(helper, [lazy ? '-uz' : '-u', '--', path])
      return exitCode === 0
    } catch (error) {
      if (!isOvlError(error) || error.code !== 'tool-missing') throw error
    }
  }
  return false
}

/** Undoing a mount that is gone already is done. */
export async function takeDown(path: string): Promise<void> {
  try {
    await unmountPatiently(path, false)
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'not-mounted') throw error
  }
}
