/** Whether a directory answers at all: touched by a child that can be given up (touch-child.ts). */

import { randomBytes } from 'node:crypto'
import { childCommand } from './child.ts'
import { endsWithin } from './exec.ts'

/** False when what touches `directory` (absolute) has waited for so many seconds. @throws OvlError interrupted */
export async function answersWithin(seconds: number, directory: string, signal?: AbortSignal): Promise<boolean> {
  const input = JSON.stringify({ directory, scratch: `${directory}/.ovl-doctor-${randomBytes(6).toString('hex')}` })
  const [program, ...words] = childCommand('host-touch-child')
  return endsWithin(seconds, program, words, { input, ...(signal === undefined ? {} : { signal }) })
}
