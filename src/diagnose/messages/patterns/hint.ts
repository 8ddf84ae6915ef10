/**
 * A hint: a code that something in a message speaks for, and how much. Every family of patterns gives
 * hints; the judge ranks codes by their best hint.
 *
 * Weights: 100 the kernel says it · 80 a tool says it · 62 the options in the text show it · 56 the
 * circumstances suggest it · 50 the errno allows it. What a row allows besides its first code weighs less.
 */

import type { FindingCode } from '../../../errors/codes.ts'
import type { Evidence } from '../../../errors/finding.ts'
import type { Reading } from '../read.ts'

export interface Hint {
  readonly code: FindingCode
  readonly weight: number
  /** The words of the message that speak for it. */
  readonly because: string
  readonly path?: string
  readonly option?: string
  /** The text itself says it: no other cause can have these words. */
  readonly sure?: true
  /** Not proven, and hardly anything else ends so. */
  readonly likely?: true
  /** What was seen on this machine speaks for it, in place of the message. */
  readonly seen?: readonly Evidence[]
  /** A title that says more than the code. */
  readonly title?: string
}

/** A family of patterns. */
export type Family = (reading: Reading) => readonly Hint[]

export const KERNEL = 100
export const TOOL = 80
export const SHOWN = 62
export const CIRCUMSTANCE = 56
export const ERRNO = 50

/** The codes of one row, each a little less likely than the one before. What can mean several things is sure of none. */
export function ranked(codes: readonly FindingCode[], weight: number, because: string, more: Partial<Hint> = {}): Hint[] {
  const { sure, ...rest } = more
  const only = sure === true && codes.length === 1 ? { sure } : {}
  return codes.map((code, i) => (i === 0 ? { ...rest, ...only, code, weight, because } : { ...rest, code, weight: (weight > SHOWN ? SHOWN - 4 : weight) - i, because }))
}

/** A sentence of a tool, matched line by line. */
export interface Phrase {
  readonly words: RegExp
  readonly codes: readonly FindingCode[]
  readonly weight: number
  readonly sure?: true
}

/** Whatever line says it. `told` keeps the exact meaning of a phrase that has only one. */
export const told = (words: RegExp, ...codes: FindingCode[]): Phrase => ({ words, codes, weight: TOOL, sure: true })
export const hinted = (words: RegExp, ...codes: FindingCode[]): Phrase => ({ words, codes, weight: TOOL - 6 })
export const faint = (words: RegExp, ...codes: FindingCode[]): Phrase => ({ words, codes, weight: CIRCUMSTANCE })
