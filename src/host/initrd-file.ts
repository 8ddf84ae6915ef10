/** Small files out of an initrd that lies as a file by itself. */

import { fstatSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import type { OwnedFd } from './fd.ts'
import { readInitrd } from './initrd.ts'
import { readPiece } from './regular-file.ts'

/** As readInitrd(), of a file that is open; why it could not be read, as text. */
export async function readInitrdFile(file: OwnedFd, wanted: readonly string[], signal?: AbortSignal): Promise<Readonly<Record<string, string>> | string> {
  try {
    return await readInitrd((at, length) => readPiece(file, at, length), fstatSync(file.fd).size, wanted, signal)
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted') throw error
    return (error as Error).message
  }
}
