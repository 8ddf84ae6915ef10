/**
 * What a message was read to mean, compared with what a look at the very mount it is about found on this
 * system: a suspect that is found is named as found, and comes first; what is seen to be otherwise goes last.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Finding } from '../../errors/finding.ts'
import type { Facts, PathRole } from '../facts.ts'

/** Findings of the text (`read`) and of the look (`found`), each thing once. `facts` are those of the look. */
export function compareWithFound(read: readonly Finding[], found: readonly Finding[], facts?: Facts): Finding[] {
  const suspected = new Set(read.map(({ code }) => kindOf(code)))
  const named = found.filter(({ code }) => suspected.has(kindOf(code)))
  const errors = found.filter((one) => !named.includes(one) && one.severity === 'error')
  const seen = new Set([...named, ...errors].map(({ code }) => code))
  // What nobody sees here may still be what the text is about: it was said elsewhere, or at another time.
  const unconfirmed = read.filter(({ code }) => !seen.has(code) && !named.some((one) => kindOf(one.code) === kindOf(code)) && (code !== 'unknown' || seen.size === 0))
  const [still, gone] = [unconfirmed.filter((one) => !isThere(one, facts)), unconfirmed.filter((one) => isThere(one, facts))]
  const saidFirst = named.length === 0 && read[0]?.confidence === 'certain' ? still : []
  const shown = [...named, ...saidFirst, ...errors, ...still.filter((one) => !saidFirst.includes(one))]
  return [...shown, ...gone.map(asGone), ...found.filter((one) => !shown.includes(one))]
}

/** Texts tell what happened better than to which of the directories. */
const kindOf = (code: FindingCode): string => code.replace(/^(?:lower|upper|work)-(?=missing$|in-use$)/, '')

const asGone = (one: Finding): Finding => ({ ...one, confidence: 'possible', evidence: [...one.evidence, { fact: 'it is there now', source: 'stat' }] })

const MISSING: Readonly<Record<string, PathRole>> = { 'lower-missing': 'lower', 'upper-missing': 'upper', 'work-missing': 'work', 'target-missing': 'target' }

/** Said to be missing, and here it is. */
function isThere({ code }: Finding, facts: Facts | undefined): boolean {
  const role = MISSING[code]
  const asked = facts?.paths.filter((fact) => fact.role === role) ?? []
  return role !== undefined && asked.length > 0 && asked.every(({ errno }) => errno === undefined)
}
