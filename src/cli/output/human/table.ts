/** A table in the width there is: columns are never broken over lines, the elastic ones are cut in the middle. */

import type { View } from '../view.ts'
import { cells, pad, shortenHashes, shortenMiddle } from '../width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut in the middle, down to this many cells. */
  readonly elastic?: number
  /** How readily it is cut: 2 gives way when it is half as wide as the others. Default 1. */
  readonly yields?: number
}

const GAP = 2

/** Rows of text without control characters → lines, each ending in a newline. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], view: View): string {
  // An id cut to its first digits still tells; what is too long even then is cut from the whole.
  const brief = (text: string): string => (view.columns === Infinity ? text : shortenHashes(text, view.unicode))
  const widths = fit(columns, columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => cells(brief(row[at] ?? ''))))), view.columns)
  const cell = (text: string, width: number): string => (cells(brief(text)) <= width ? brief(text) : shortenMiddle(text, width, view.unicode))
  const line = (row: readonly string[]): string =>
    columns.map(({ align = 'left' }, at) => pad(cell(row[at] ?? '', widths[at] as number), widths[at] as number, align)).join(' '.repeat(GAP)).trimEnd()
  return [view.style.strong(line(columns.map(({ title }) => title))), ...rows.map(line), ''].join('\n')
}

/** Takes what is too much from the widest elastic column, cell by cell, so that short ones stay whole. */
function fit(columns: readonly Column[], wanted: readonly number[], available: number): number[] {
  const widths = [...wanted]
  const floor = (at: number): number => columns[at]?.elastic ?? Infinity
  const weight = (at: number): number => (widths[at] as number) * (columns[at]?.yields ?? 1)
  for (let excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - available; excess > 0; excess--) {
    const widest = widths.reduce((best, width, at) => (width > floor(at) && (best < 0 || weight(at) > weight(best)) ? at : best), -1)
    if (widest < 0) break
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}
