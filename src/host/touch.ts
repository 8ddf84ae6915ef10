/** Whether paths answer at all: touched by a child that can be given up (touch-child.ts). */

import { randomBytes } from 'node:crypto'
import { childCommand } from './child.ts'
import { endsWithin } from './exec.ts'

/** Seconds in which a file system has to answer. A disk that is asleep takes some. */
export const PATIENCE = 5

export interface TouchOptions {
  /** A directory is made in each, too, and removed again. */
  readonly scratch?: boolean
  readonly signal?: AbortSignal | undefined
}

/** False when what touches `paths` (absolute) has waited for {@link PATIENCE}. @throws OvlError interrupted */
export async function answer(paths: readonly string[], { scratch = false, signal }: TouchOptions = {}): Promise<boolean> {
  const input = JSON.stringify({ paths, ...(scratch ? { scratch: `.ovl-doctor-${randomBytes(6).toString('hex')}` } : {}) })
  const [program, ...words] = childCommand('host-touch-child')
  return endsWithin(PATIENCE, program, words, { input, ...(signal === undefined ? {} : { signal }) })
}
