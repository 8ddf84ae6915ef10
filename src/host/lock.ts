/**
 * One at a time: who takes down mounts of a target that ovl has receipts of holds a lock for it. Of two at once, each
 * would take the other's overlay, and then find its own parts in use. A file in the state directory, locked by flock(2):
 * the kernel lets go of it when the holder ends, however. Without FFI there is no lock.
 */

import { constants, fstatSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import type { Ffi } from './ffi.ts'
import { identityOf, lstatName, removeFile, statOf } from './files.ts'
import { lockPath, lockPaths } from './receipts.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** Waits for its turn. @throws OvlError interrupted, when the signal is aborted meanwhile */
export async function lockTarget(target: string, signal?: AbortSignal): Promise<Disposable> {
  const path = lockPath(target)
  for (;;) {
    if (signal?.aborted === true) throw new OvlError('interrupted', `interrupted while another process was taking down '${target}'; nothing was done`)
    const lock = tryLock(path)
    if (lock !== undefined) return lock
    await sleep(PAUSE_MS)
  }
}

/** Removes the locks of those that were killed. */
export function clearLocks(): void {
  for (const path of lockPaths()) tryLock(path)?.[Symbol.dispose]()
}

const PAUSE_MS = 20
/** LOCK_EX | LOCK_NB */
const LOCK_EX_NB = 6

/** Undefined while another holds it. The holder removes the file, so that a lock on one that has no name any more is none. */
function tryLock(path: string): Disposable | undefined {
  const flock = findFlock()
  if (flock === undefined) return { [Symbol.dispose]: () => undefined }
  const file = new OwnedFd(checkFs(`cannot open the lock '${path}'`, () => openSync(nameBuffer(path), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)))
  if (flock(file.fd, LOCK_EX_NB) !== 0 || identityOf(lstatName(path)) !== identityOf(statOf(fstatSync(file.fd, { bigint: true })))) {
    file.close()
    return undefined
  }
  return { [Symbol.dispose]: () => { removeFile(path); file.close() } }
}

function findFlock(): Ffi['flock'] | undefined {
  try {
    return ffi().flock
  } catch (error) {
    if (isOvlError(error) && error.code === 'ffi-unavailable') return undefined
    throw error
  }
}
