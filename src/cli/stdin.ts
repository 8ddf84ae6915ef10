/** Text handed to a command: the word itself, or `-` for standard input. */

import { readSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'

/** What is longer is cut: an error that is not in the first megabyte is in none. */
const LONGEST = 1 << 20

/**
 * The text, at most 1 MB of it.
 * @throws OvlError usage, when there is none: most likely the errors went past the pipe
 */
export async function readMessage(word: string): Promise<string> {
  const text = word === '-' ? await readInput() : word.slice(0, LONGEST)
  if (text.trim() === '') throw new OvlError('usage', 'there is no text', { hint: 'Errors go to standard error, so lead it into the pipe: mount … 2>&1 | ovl diagnose --message -' })
  return text
}

async function readInput(): Promise<string> {
  const buffer = Buffer.allocUnsafe(LONGEST)
  let length = 0
  while (length < LONGEST) {
    const read = readSome(buffer, length)
    if (read === 0) break
    if (read < 0) await new Promise((resolve) => setTimeout(resolve, 10))
    else length += read
  }
  return decodeName(buffer.subarray(0, length))
}

/** -1 when there is nothing yet: a terminal or pipe may have been made non-blocking. */
function readSome(buffer: Buffer, at: number): number {
  try {
    return readSync(0, buffer, at, buffer.length - at, null)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EAGAIN') return -1
    if (code === 'EOF') return 0
    throw error
  }
}
