/**
 * One run of ovl at a time: flock(2) on a file made for it, which ends with the process that holds it, however it ends.
 * For the writers of a file it lies beside that. Other programs know nothing of it; see replace-file.ts for what they write.
 */

import { constants, fstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOvlError, OvlError } from '../errors/ovl-error.ts'
import { decodeName, encodeName } from '../names/bytes.ts'
import { quoteShell } from '../names/shell.ts'
import { dropBelow, openBelow, statBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { runOn } from './exec.ts'
import type { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import { requireRegular } from './regular-file.ts'

/**
 * Runs `work` while no other ovl writes the file `name` of the directory (an empty name: several files of it). Where there
 * are no locks (a file system without them, or neither FFI nor flock(1)) it is run all the same.
 * @throws OvlError interrupted; unknown, when another run keeps the lock for longer than any needs it
 */
export async function whileLocked<T>(directory: HeldDirectory, name: string, signal: AbortSignal | undefined, work: () => T | Promise<T>): Promise<T> {
  using _ = await takeLock(directory, lockName(name), { signal, longest: LONGEST_WAIT_MS, others: 'another ovl is writing there', outcome: 'nothing was written' })
  return await work()
}

/** Of names too long for more, those that begin alike share one. */
function lockName(name: string): string {
  return name === '' ? '.ovl-lock' : `.${decodeName(encodeName(name).subarray(0, LONGEST_PREFIX))}.ovl-lock`
}

/** Bytes; a name has at most 255. */
const LONGEST_PREFIX = 200
/** Each of them writes for some milliseconds; a slow disk takes longer to sync. */
const LONGEST_WAIT_MS = 30_000
const PAUSE_MS = 10

export interface LockOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds to wait for it. */
  readonly longest?: number
  /** For messages: what whoever has it is doing, and what comes of not getting it. */
  readonly others: string
  readonly outcome: string
}

/**
 * Waits for a lock on the file `lock` of a directory; it is given back by disposal, and the file is gone then.
 * @throws OvlError interrupted; unknown, after `longest`
 */
export async function takeLock(directory: HeldDirectory, lock: string, { signal, longest = Infinity, others, outcome }: LockOptions): Promise<Disposable> {
  for (const until = performance.now() + longest; ;) {
    const taken = await tryTakeLock(directory, lock)
    if (taken !== undefined) return taken
    const path = `${directory.path}/${lock}`
    if (performance.now() > until) throw new OvlError('unknown', `${others}, and has held '${path}' for ${longest / 1000} seconds: ${outcome}`, { hint: `See who it is: fuser -v ${quoteShell(path)}` })
    try {
      await sleep(PAUSE_MS * (1 + Math.random()), undefined, signal === undefined ? {} : { signal })
    } catch (cause) {
      throw new OvlError('interrupted', `interrupted while ${others}: ${outcome}`, { cause })
    }
  }
}

/** The lock, or undefined while another process has it. */
export async function tryTakeLock(directory: HeldDirectory, lock: string): Promise<Disposable | undefined> {
  const file = requireRegular(openBelow(directory, lock, constants.O_RDWR | constants.O_CREAT), `${directory.path}/${lock}`)
  try {
    if (await tryLock(file.fd) && isNamed(directory, lock, file)) return { [Symbol.dispose]: () => giveBack(directory, lock, file) }
  } catch (error) {
    file.close()
    throw error
  }
  file.close()
  return undefined
}

/** Who waits for it finds that it has no name any more, and begins again. */
function giveBack(directory: HeldDirectory, lock: string, file: OwnedFd): void {
  using _ = file
  if (isNamed(directory, lock, file)) dropBelow(directory, lock)
}

const LOCK_EX_NB = 2 | 4
const EWOULDBLOCK = -11
/** What flock(1) is told to end with. */
const BUSY = 75

/** False when another process has it; true also where locks are not to be had. */
async function tryLock(fd: number): Promise<boolean> {
  try {
    return ffi().flock(fd, LOCK_EX_NB) !== EWOULDBLOCK
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'ffi-unavailable') throw error
  }
  try {
    return (await runOn(fd, 'flock', ['--exclusive', '--nonblock', '--conflict-exit-code', String(BUSY), '0'])) !== BUSY
  } catch (error) {
    if (isOvlError(error) && error.code === 'tool-missing') return true
    throw error
  }
}

/** Whether the lock that is held is the one that others would open. */
function isNamed(directory: HeldDirectory, lock: string, { fd }: OwnedFd): boolean {
  const named = statBelow(directory, lock)
  const { dev, ino } = fstatSync(fd, { bigint: true })
  return typeof named === 'object' && named.dev === dev && named.ino === ino
}
