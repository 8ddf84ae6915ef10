/** The part of diagnose that starts from an error text: what it says, what the machine around it tells where it leaves the cause open, and with `check` what this system says to its words. */

import type { Case } from '../diagnose/case.ts'
import { compareWithFound } from '../diagnose/messages/compare.ts'
import { judgeReading, leavesOpen } from '../diagnose/messages/judge.ts'
import { readMessage } from '../diagnose/messages/read.ts'
import { mountWordsOf } from '../diagnose/option-text.ts'
import type { Finding } from '../errors/finding.ts'
import { collectSurroundings } from '../host/facts/surroundings.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { readWords } from '../overlay/words.ts'
import type { Diagnosis } from './diagnose.ts'

/** Looks at a mount as if its words had been given. */
type Examine = (spec: OverlaySpec, faults: readonly Finding[]) => Promise<{ readonly diagnosis: Diagnosis; readonly judged?: Case }>

/** With `check`, a suspect of the text that this system confirms comes first, and is certain. */
export async function diagnoseMessage(message: string, { check = false }: { readonly check?: boolean }, examine: Examine): Promise<Diagnosis> {
  const reading = readMessage(message)
  // Before anything is tried here: a trial writes into the kernel log too.
  const around = leavesOpen(reading) ? collectSurroundings(reading.target) : undefined
  const read = judgeReading(reading, around)
  const words = check ? mountWordsOf(reading) : undefined
  if (words === undefined) {
    const deaf = around?.log.known === false ? [`the kernel log: ${around.log.why}`] : []
    return { findings: read, unseen: [...deaf, ...(check ? ['paths and options: the text has none that could be looked up'] : [])] }
  }
  const { spec, faults } = readWords(words)
  const { diagnosis, judged } = await examine(spec, faults.filter(({ code }) => code !== 'usage'))
  return { ...diagnosis, findings: compareWithFound(read, diagnosis.findings, judged?.facts) }
}
