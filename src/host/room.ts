/** Bytes and inodes of the file system that a path lies on, as statfs(2) counts them for users without privileges. */

import { statfsSync } from 'node:fs'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface RoomView {
  readonly bytes: { readonly used: number; readonly free: number; readonly total: number }
  /** Total 0: the file system makes them as they are needed. */
  readonly inodes: { readonly used: number; readonly free: number; readonly total: number }
}

export function readRoom(path: string): RoomView {
  const { bsize, blocks, bfree, bavail, files, ffree } = checkFs(`cannot look at '${path}'`, () => statfsSync(nameBuffer(path)))
  return { bytes: { used: (blocks - bfree) * bsize, free: bavail * bsize, total: blocks * bsize }, inodes: { used: files - ffree, free: ffree, total: files } }
}
