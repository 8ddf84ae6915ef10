/** mount(2) and umount2(2): the interface every kernel has. Options arrive here encoded; nothing is escaped or fitted. */

import type { Propagation } from '../../overlay/spec.ts'
import { OvlError } from '../../errors/ovl-error.ts'
import { ffi } from '../ffi.ts'
import { pageSize } from '../system.ts'
import { check, cString } from './check.ts'
import { propagationBits } from './mount-flags.ts'

const MS_REC = 0x4000
const MNT_DETACH = 2
const UMOUNT_NOFOLLOW = 8

/**
 * mount(2). The kernel would cut data of a page or more without a word, so that is refused.
 * @param flags MS_* bits, see mount-flags.ts
 * @throws OvlError options-too-long
 */
export function mountLegacy(source: string, target: string, type: string, flags: number, data: string): void {
  const options = cString(data)
  if (options.length > pageSize()) {
    throw new OvlError('options-too-long', `the mount options are ${options.length - 1} bytes long, and mount(2) takes ${pageSize() - 1}`)
  }
  check(ffi().mount(cString(source), cString(target), cString(type), flags, options), 'mount', `cannot mount ${type} at '${target}'`)
}

/** Changes the propagation of the mount at `path`. */
export function setPropagation(path: string, word: Propagation): void {
  const { bit, recursive } = propagationBits(word)
  check(ffi().mount(null, cString(path), null, bit | (recursive ? MS_REC : 0), null), 'mount', `cannot make '${path}' ${word}`)
}

/** Takes the topmost mount at `path` down; `lazy`: out of sight now, gone when its last user is. */
export function unmount(path: string, how: { readonly lazy?: boolean; readonly noFollow?: boolean } = {}): void {
  const flags = (how.lazy === true ? MNT_DETACH : 0) | (how.noFollow === true ? UMOUNT_NOFOLLOW : 0)
  check(ffi().umount2(cString(path), flags), 'umount2', `cannot unmount '${path}'`)
}
