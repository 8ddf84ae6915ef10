/** Small files out of an initrd that lies as a file by itself. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { readInitrd } from './initrd.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** As readInitrd(); why it could not be read, as text. */
export async function readInitrdFile(path: string, wanted: readonly string[]): Promise<Readonly<Record<string, string>> | string> {
  try {
    const fd = checkFs(`cannot read '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | constants.O_NOFOLLOW))
    try {
      const read = (at: number, length: number): Buffer => {
        const bytes = Buffer.alloc(length)
        return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
      }
      return await readInitrd(read, fstatSync(fd).size, wanted)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return (error as Error).message
  }
}
