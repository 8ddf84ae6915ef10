/** The sentence of overlayfs in a line of the kernel log, of a context log, or of mount(8) where it passes that on. The sentences are kernel-sentences.ts. */

import { KERNEL_SENTENCES } from './kernel-sentences.ts'
import type { KernelSentence } from './kernel-sentences.ts'

export type { KernelSentence } from './kernel-sentences.ts'

/** The prefix of either log, and of mount(8) where it passes the context log on. */
const PREFIX = /^(?:.*fsconfig\(\) failed: )?(?:[ewi] )?(?:overlayfs: |overlay: )?/

/** A line of the log has 1 KB; two paths of 4 KB each may be in one that a program passes on. */
const LONGEST = 16 * 1024

/** The sentence in a line, with its groups; undefined for lines that are not overlay’s, or that mean nothing by themselves. */
export function readSentence(line: string): { readonly sentence: KernelSentence; readonly groups: Readonly<Record<string, string | undefined>>; readonly text: string } | undefined {
  const bare = line.slice(0, LONGEST).replace(PREFIX, '').trimEnd()
  const text = line.includes('fsconfig() failed') && bare.endsWith('.') ? bare.slice(0, -1) : bare
  for (const sentence of KERNEL_SENTENCES) {
    const found = sentence.words.exec(text)
    if (found !== null) return { sentence, groups: found.groups ?? {}, text }
  }
  return undefined
}

/** What ends in the number that the line has. */
const RESOLVED: Readonly<Record<string, string>> = { 2: 'ENOENT', 13: 'EACCES', 20: 'ENOTDIR', 36: 'ENAMETOOLONG', 40: 'ELOOP' }
/** Only a path that is not found ends in these, and then it is named. */
const OF_PATHS: ReadonlySet<string> = new Set(['ENOENT', 'ENAMETOOLONG'])

/** Whether a mount that failed with `errno` can have made the kernel say this. */
export function canEndIn(line: string, errno: string): boolean {
  const number = /\bfailed to resolve '.*': -(\d+)$/s.exec(line)?.[1]
  return number === undefined ? !OF_PATHS.has(errno) : (RESOLVED[number] ?? errno) === errno
}
