/** `ovl fstab --lint`: each line with what is wrong, as compilers show it, and once the line as it should be. */

import type { Finding } from '../../../errors/finding.ts'
import { CORRECTED } from '../../../fstab/lint/lint.ts'
import type { LintLine } from '../../../fstab/lint/lint.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'
import { renderFinding } from './finding.ts'
import { countOf, typeset } from './words.ts'

export function renderLint(file: string, lines: readonly LintLine[], view: View): string {
  if (lines.length === 0) return `${showName(file)}: no overlay lines\n`
  const shown = lines.filter(({ findings }) => findings.some(({ severity }) => view.verbose || severity !== 'note'))
  return [...shown.map((line) => renderLine(file, line, view)), `${showName(file)}: ${summary(lines, view.verbose)}\n`].join('\n')
}

function renderLine(file: string, { line, text, findings, corrected }: LintLine, view: View): string {
  const { style } = view
  const command = corrected?.command
  const here = `${showName(file)}:${line}`
  return [
    ...findings.filter(({ severity }) => view.verbose || severity !== 'note').map((finding) => `${style.strong(`${here}:`)} ${renderFinding(withoutLine(finding), view)}`),
    `${style.faint(typeset('  as it is', view))}\n    ${escapeText(text.trim())}`,
    ...(corrected === undefined ? [] : [`${style.faint(typeset('  corrected', view))}\n    ${style.command(escapeText(corrected.line))}`]),
    ...(command === undefined ? [] : [`${style.faint(typeset('  write it', view))}\n    $ ${style.command(escapeText(command))}`]),
    '',
  ].join('\n')
}

/** It stands once below all findings. */
const withoutLine = (finding: Finding): Finding => ({ ...finding, fix: finding.fix.filter(({ text }) => !text.startsWith(CORRECTED)) })

function summary(lines: readonly LintLine[], verbose: boolean): string {
  const all = lines.flatMap(({ findings }) => findings)
  const count = (severity: Finding['severity']): number => all.filter((one) => one.severity === severity).length
  const notes = count('note')
  const told = [countOf(count('error'), 'error'), countOf(count('warning'), 'warning'), ...(notes === 0 ? [] : [`${countOf(notes, 'note')}${verbose ? '' : ' (-v shows them)'}`])]
  return `${countOf(lines.length, 'overlay line')}: ${all.length === 0 ? 'nothing is wrong' : told.join(', ')}`
}
