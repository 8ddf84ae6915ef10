/** Small files out of an initrd that lies as a file by itself. */

import { fstatSync, readSync } from 'node:fs'
import type { OwnedFd } from './fd.ts'
import { readInitrd } from './initrd.ts'

/** As readInitrd(), of a file that is open; why it could not be read, as text. */
export async function readInitrdFile(file: OwnedFd, wanted: readonly string[]): Promise<Readonly<Record<string, string>> | string> {
  try {
    const read = (at: number, length: number): Buffer => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(file.fd, bytes, 0, length, at))
    }
    return await readInitrd(read, fstatSync(file.fd).size, wanted)
  } catch (error) {
    return (error as Error).message
  }
}
