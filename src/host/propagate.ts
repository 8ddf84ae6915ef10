/**
 * Propagation of a mount that was just attached. It has to come last: under a shared mount, attaching makes
 * shared whatever the detached mount was set to.
 */

import { setPropagation, unmount } from './syscalls/mount-legacy.ts'
import type { OverlayStep } from './ways.ts'

/** Sets what the step asks for; a mount that cannot have it is taken down again. */
export function propagate({ target, propagation }: OverlayStep): void {
  if (propagation === undefined) return
  try {
    setPropagation(target, propagation)
  } catch (error) {
    unmount(target, { lazy: true })
    throw error
  }
}
