/**
 * One at a time: who takes down mounts of a target that ovl has receipts of holds a lock for it, in the state directory. Of
 * two at once, each would take the other's overlay, and then find its own parts in use.
 */

import { holdDirectory } from './beneath.ts'
import { takeLock, tryTakeLock } from './file-lock.ts'
import { lockName, lockNames } from './receipts.ts'
import { stateDirectory } from './system.ts'

/** Waits for its turn. @throws OvlError interrupted, when the signal is aborted meanwhile */
export async function lockTarget(target: string, signal?: AbortSignal): Promise<Disposable> {
  const directory = holdDirectory(stateDirectory())
  try {
    const lock = await takeLock(directory, lockName(target), { signal, others: `another process was taking down '${target}'`, outcome: 'nothing was done' })
    return { [Symbol.dispose]: () => {
      using _ = directory
      lock[Symbol.dispose]()
    } }
  } catch (error) {
    directory.close()
    throw error
  }
}

/** Removes the locks of those that were killed. */
export async function clearLocks(): Promise<void> {
  const names = lockNames()
  if (names.length === 0) return
  using directory = holdDirectory(stateDirectory())
  for (const name of names) (await tryTakeLock(directory, name))?.[Symbol.dispose]()
}
