/** The part of diagnose that starts from an error text: what it says, and with `check` what this system says to it. */

import { judgeMessage } from '../diagnose/messages/judge.ts'
import { findMountWords } from '../diagnose/option-text.ts'
import type { FindingCode } from '../errors/codes.ts'
import type { Finding } from '../errors/finding.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { readWords } from '../overlay/words.ts'
import type { Diagnosis } from './diagnose.ts'

/** Looks at a mount as if its words had been given. */
type Examine = (spec: OverlaySpec, faults: readonly Finding[]) => Promise<{ readonly diagnosis: Diagnosis }>

/** A suspect of the text that this system confirms comes first, and is certain. */
export async function diagnoseMessage(message: string, { check = false }: { readonly check?: boolean }, examine: Examine): Promise<Diagnosis> {
  const words = check ? findMountWords(message) : undefined
  if (words === undefined) return { findings: judgeMessage(message), unseen: check ? ['paths and options: the text has none that could be looked up'] : [] }
  const { spec, faults } = readWords(words)
  const { diagnosis } = await examine(spec, faults.filter(({ code }) => code !== 'usage'))
  const said = judgeMessage(message)
  const suspected = new Set(said.map(({ code }) => kindOf(code)))
  const named = diagnosis.findings.filter(({ code }) => suspected.has(kindOf(code)))
  const errors = diagnosis.findings.filter((one) => !named.includes(one) && one.severity === 'error')
  const seen = new Set([...named, ...errors].map(({ code }) => code))
  // What nobody sees here may still be what the text is about: it was said elsewhere, or at another time.
  const unconfirmed = said.filter(({ code }) => !seen.has(code) && !named.some((one) => kindOf(one.code) === kindOf(code)) && (code !== 'unknown' || seen.size === 0))
  const saidFirst = named.length === 0 && said[0]?.confidence === 'certain' ? unconfirmed : []
  const shown = [...named, ...saidFirst, ...errors, ...unconfirmed.filter((one) => !saidFirst.includes(one))]
  return { ...diagnosis, findings: [...shown, ...diagnosis.findings.filter((one) => !shown.includes(one))] }
}

/** Texts tell what happened better than to which of the directories. */
const kindOf = (code: FindingCode): string => code.replace(/^(?:lower|upper|work)-(?=missing$|in-use$)/, '')
