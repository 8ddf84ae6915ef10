/**
 * A suspect is a finding on its way through the engine, with the paths it is about, so that what was
 * seen and what the kernel said can be recognised as the same thing. Nothing outside diagnose/ sees it.
 */

import type { FindingCode } from '../errors/codes.ts'
import type { Evidence, EvidenceSource, Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { FindingDetails } from '../errors/make-finding.ts'
import type { Facts, Known } from './facts.ts'

export interface Suspect {
  readonly finding: Finding
  /** As said and absolute; empty when it is about the mount as a whole. */
  readonly paths: readonly string[]
  /** Named by the kernel: `confirmed` when it was seen as well, or said in the log of this very attempt; `words` when a shared log is all there is. */
  readonly said?: 'confirmed' | 'words'
}

/** Looks at facts, returns what it suspects. Pure; silent on what is not known. */
export type Rule = (facts: Facts) => readonly Suspect[]

/** A finding about some paths. */
export function suspect(code: FindingCode, paths: readonly string[], details: FindingDetails): Suspect {
  return { finding: finding(code, details), paths }
}

/** The same suspect with more evidence. */
export function withEvidence(one: Suspect, more: readonly Evidence[]): Suspect {
  const known = new Set(one.finding.evidence.map(({ fact }) => fact))
  return { ...one, finding: { ...one.finding, evidence: [...one.finding.evidence, ...more.filter(({ fact }) => !known.has(fact))] } }
}

/** One piece of evidence. */
export function seen(source: EvidenceSource, fact: string): Evidence {
  return { fact, source }
}

/** The value, or undefined for what could not be looked at. */
export function valueOf<T>(known: Known<T> | undefined): T | undefined {
  return known?.known === true ? known.value : undefined
}

/** A name in a title: quoted, so that its blanks can be seen. Control characters are the renderer’s matter. */
export function quote(name: string): string {
  return `'${name}'`
}
