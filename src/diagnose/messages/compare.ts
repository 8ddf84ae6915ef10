/**
 * What a message was read to mean, compared with facts of the system it came from: what was seen there and
 * can end in this errno is certain and comes first; what was seen to be otherwise goes last.
 */

import type { Finding } from '../../errors/finding.ts'
import type { Facts, PathRole, TrialFact } from '../facts.ts'
import { judgeFailure } from '../judge.ts'
import type { Reading } from './read.ts'

/** Findings of the text, with those of the facts before them. */
export function compareWithFacts(read: readonly Finding[], reading: Reading, facts: Facts): Finding[] {
  if (reading.moment === 'use' || reading.moment === 'unmount' || read[0]?.code === 'not-overlayfs') return [...read]
  const seen = judgeFailure({ ...facts, trial: facts.trial ?? trialOf(reading) }).filter(({ code, confidence }) => confidence === 'certain' && code !== 'unknown').map((one) => asRead(one, reading))
  const codes = new Set(seen.map(({ code }) => code))
  const rest = read.filter(({ code }) => !codes.has(code) && !(code === 'unknown' && seen.length > 0))
  const [still, gone] = [rest.filter((one) => !isThere(one, facts)), rest.filter((one) => isThere(one, facts))]
  return [...seen, ...still, ...gone.map((one): Finding => ({ ...one, confidence: 'possible', evidence: [...one.evidence, { fact: 'it is there now', source: 'stat' }] }))]
}

/** The failure as the message tells it, in place of a trial. */
function trialOf({ errno, sentences }: Reading): TrialFact {
  return {
    step: 'mount-overlay',
    ...(errno === undefined ? {} : { errno }),
    context: sentences.filter(({ refuses }) => refuses).map(({ text }) => text),
    kernel: { known: false, why: 'a message is all there is' },
  }
}

/** The sentences came with the message, and from no log of this system. */
function asRead(one: Finding, { sentences }: Reading): Finding {
  const said = new Set(sentences.map(({ text }) => text))
  return { ...one, evidence: one.evidence.map((piece) => (said.has(piece.fact) ? { ...piece, source: 'message' } : piece)) }
}

const MISSING: Readonly<Record<string, PathRole>> = { 'lower-missing': 'lower', 'upper-missing': 'upper', 'work-missing': 'work', 'target-missing': 'target' }

function isThere({ code }: Finding, { paths }: Facts): boolean {
  const role = MISSING[code]
  const asked = paths.filter((fact) => fact.role === role)
  return role !== undefined && asked.length > 0 && asked.every(({ errno }) => errno === undefined)
}
