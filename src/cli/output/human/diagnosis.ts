/** `ovl diagnose`: the findings, then what was tried, then what nobody could see. */

import type { Diagnosis } from '../../../ops/diagnose.ts'
import { escapeText } from '../escape.ts'
import { PARAGRAPH_COLUMNS } from '../view.ts'
import type { View } from '../view.ts'
import { wrap } from '../width.ts'
import { hang, renderFinding } from './finding.ts'
import { typeset } from './words.ts'

const LABEL = 14

/** `asked` is what was looked at: `these words`. */
export function renderDiagnosis({ findings, trial, unseen }: Diagnosis, asked: string, view: View): string {
  const { style } = view
  const prose = (text: string): string => typeset(escapeText(text), view)
  const row = (label: string, text: string): string[] => hang(label, wrap(prose(text), Math.min(view.columns, PARAGRAPH_COLUMNS), ' '.repeat(LABEL)), style.faint)
  const wrong = findings.some(({ severity }) => severity !== 'note')
  const clean = wrong ? [] : [style.good(prose(`Nothing wrong was found with ${asked}.`)), '']
  const rows = [
    ...(trial?.tried ?? []).flatMap((step) => row('tried', step)),
    ...(trial?.errno === undefined ? [] : row('answer', trial.errno)),
    ...(view.verbose || findings.length === 0 ? (trial?.kernel ?? []).flatMap((line) => row('kernel', line)) : []),
    ...unseen.flatMap((what) => row('not seen', what)),
  ]
  return [...clean, ...findings.map((finding) => renderFinding(finding, view)), ...(rows.length === 0 ? [] : [...rows, ''])].join('\n')
}
