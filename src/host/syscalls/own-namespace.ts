/**
 * A mount namespace for the calling thread alone. To Linux a thread is a task with namespaces of its own; to Node
 * all threads are one process. So this is for a worker thread that makes synchronous calls only, and ends: its
 * namespace, with all that is mounted in it, goes with it. /proc/self is then not its own, /proc/thread-self is.
 */

import { isMainThread } from 'node:worker_threads'
import { OvlError } from '../../errors/ovl-error.ts'
import { ffi } from '../ffi.ts'
import { check } from './check.ts'
import { setPropagation } from './mount-legacy.ts'

const CLONE_NEWNS = 0x2_0000

/** Enters a new mount namespace, from which no mount spreads back. It parts the thread’s root and cwd from the process, too. */
export function enterMountNamespace(): void {
  if (isMainThread) throw new OvlError('internal', 'the main thread never leaves its mount namespace')
  check(ffi().unshare(CLONE_NEWNS), 'unshare', 'no mount namespace can be made')
  setPropagation('/', 'rprivate')
}
