/** Results of `ovl fstab`. A line is printed so that it can be appended to a file: what is said about it is a comment. */

import type { FstabLineText } from '../../../fstab/line.ts'
import type { FstabChange } from '../../../ops/fstab.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'

export function renderFstabLine({ line, comment, reasons }: Pick<FstabLineText, 'line' | 'comment' | 'reasons'>, withComment: boolean, view: Pick<View, 'verbose' | 'columns'>): string {
  const why = view.verbose && !withComment ? reasons.map((reason) => `# ${reason.option}: ${reason.why}`) : []
  return [...(withComment ? [comment] : []), ...why, line, ''].map((text) => shown(text, view)).join('\n')
}

/** What was done, or the diff of what would be. */
export function renderFstabChange({ file, did, lines, diff, backup, reasons = [] }: FstabChange & Partial<Pick<FstabLineText, 'reasons'>>, dryRun: boolean, view: Pick<View, 'columns' | 'verbose'>): string {
  const why = view.verbose ? reasons.map((reason) => `${escapeText(`# ${reason.option}: ${reason.why}`)}\n`).join('') : ''
  if (did === 'unchanged') return `${showName(file)}: line ${lines.join(', ')} says it already\n`
  if (dryRun) return why + diff.split('\n').map((line) => shown(line, view)).join('\n')
  const kept = backup === undefined ? '' : `; the file as it was: ${showName(backup)}`
  return `${why}${showName(file)}: line ${lines.join(', ')} ${did}${kept}\n`
}

/** A terminal is kept from control characters; a file or a pipe gets every byte. */
export function shown(text: string, { columns }: Pick<View, 'columns'>): string {
  return Number.isFinite(columns) ? escapeText(text) : text
}
