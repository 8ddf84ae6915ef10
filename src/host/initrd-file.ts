/** Small files out of an initrd that lies as a file by itself. */

import { constants, fstatSync, openSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import { OwnedFd } from './fd.ts'
import { readInitrd } from './initrd.ts'
import { PROMPT, readPiece, requireRegular } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/** As readInitrd(); why it could not be read, as text. */
export async function readInitrdFile(path: string, wanted: readonly string[], signal?: AbortSignal): Promise<Readonly<Record<string, string>> | string> {
  try {
    using file = requireRegular(new OwnedFd(checkFs(`cannot read '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | constants.O_NOFOLLOW | PROMPT))), path)
    return await readInitrd((at, length) => readPiece(file, at, length), fstatSync(file.fd).size, wanted, signal)
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted') throw error
    return (error as Error).message
  }
}
