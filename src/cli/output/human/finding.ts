/** One finding, as a compiler shows one: what, why, how it is known, the way out. */

import type { Finding } from '../../../errors/finding.ts'
import { escapeText } from '../escape.ts'
import { PARAGRAPH_COLUMNS } from '../view.ts'
import type { View } from '../view.ts'
import { wrap } from '../width.ts'
import { typeset } from './words.ts'

/** Ends with a newline. Commands and titles are never wrapped. */
export function renderFinding({ code, severity, title, explanation, evidence, fix, confidence, docs }: Finding, view: View): string {
  const { style } = view
  const columns = Math.min(view.columns, PARAGRAPH_COLUMNS)
  const prose = (text: string): string => typeset(escapeText(text), view)
  const labelled = (label: string, text: string): string[] => hang(label, wrap(prose(text), columns, ' '.repeat(LABEL)), style.faint)
  const sure = confidence === 'certain' ? '' : ` (${confidence})`
  return [
    `${style[severity](`${severity}[${code}]`)}${style.strong(`: ${prose(title)}`)}${sure}`,
    ...wrap(prose(explanation), columns, '  '),
    ...evidence.filter(({ fact }) => fact !== title).flatMap(({ fact, source }) => labelled(source, fact)),
    ...fix.flatMap(({ text, command }) => [...labelled('fix', text), ...(command === undefined ? [] : command.split('\n').map((line) => `${' '.repeat(LABEL)}$ ${style.command(escapeText(line))}`))]),
    ...labelled('read', docs),
    '',
  ].join('\n')
}

/** Column where the text beside a label begins; the longest label is `kernel-log`. */
const LABEL = 14

/** Puts a label into the indentation of the first line. */
export function hang(label: string, lines: readonly string[], paint: (text: string) => string): string[] {
  const [first = '', ...rest] = lines
  return [`  ${paint(label)}${first.slice(2 + label.length)}`, ...rest]
}
