/** Text handed to a command: the word itself, or `-` for standard input. */

import { OvlError } from '../errors/ovl-error.ts'
import { readInput } from '../host/named-file.ts'
import { decodeName } from '../names/bytes.ts'

/** What is longer is cut: an error that is not in the first megabyte is in none. */
const LONGEST = 1 << 20

/**
 * The text, at most 1 MB of it.
 * @throws OvlError interrupted; usage, when there is none: most likely the errors went past the pipe
 */
export async function readMessage(word: string, signal?: AbortSignal): Promise<string> {
  const text = word === '-' ? decodeName(await readInput({ limit: LONGEST, cut: true, signal })) : word.slice(0, LONGEST)
  if (text.trim() === '') throw new OvlError('usage', 'there is no text', { hint: 'Errors go to standard error, so lead it into the pipe: mount … 2>&1 | ovl diagnose --message -' })
  return text
}
