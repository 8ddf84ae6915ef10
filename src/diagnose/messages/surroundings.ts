/**
 * What the machine tells that a text is diagnosed on, for texts that decide nothing by themselves: the
 * generic ones of mount(8) ask their reader to look into the kernel log, and here that is done. Data, so
 * that the judge stays pure. A text may come from elsewhere: what is seen here makes a cause likely, never certain.
 */

import type { FileKind, Known } from '../facts.ts'
import type { LoggedLine } from '../log-trouble.ts'
import { TOOL } from './patterns/hint.ts'
import type { Hint } from './patterns/hint.ts'
import type { Reading } from './read.ts'

export interface Surroundings {
  /** Of the kernel, as far back as it goes, oldest first. */
  readonly log: Known<readonly LoggedLine[]>
  /** Microseconds, by the clock of the log. */
  readonly now: number
  /** Paths that the log names as missing, as they are now. */
  readonly missing: readonly MissingPath[]
  /** The mount point that the text names. */
  readonly target?: TargetPlace
  readonly inUserNamespace: boolean
}

export interface MissingPath {
  readonly path: string
  readonly exists: boolean
  /** An entry beside it whose name begins with its own: the path was cut. */
  readonly longer?: string
}

export interface TargetPlace {
  readonly path: string
  /** Absent when it could not be looked at. */
  readonly kind?: FileKind | 'missing'
  /** The type of the file system that it lies on. */
  readonly fsType?: string
}

/** A failed mount that somebody tried just now was at most this long ago, in microseconds. */
export const FRESH = 5 * 60 * 1e6

/** A text about a failure with an errno, without the kernel’s words, and without words that have only one meaning. */
export function isUndecided({ errno, moment, sentences, lines }: Reading, hints: readonly Hint[]): boolean {
  if (errno === undefined || sentences.length > 0 || moment === 'unmount' || moment === 'remount') return false
  return lines.length > 0 && !hints.some(({ sure, weight }) => sure === true && weight >= TOOL)
}
