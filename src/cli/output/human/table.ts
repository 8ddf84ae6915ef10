/** A table in the width there is: columns are never broken over lines, the elastic ones are cut in the middle. */

import type { View } from '../view.ts'
import { cells, pad, shortenMiddle } from '../width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** May be cut in the middle, down to this many cells. */
  readonly elastic?: number
}

const GAP = 2

/** Rows of text without control characters → lines, each ending in a newline. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], view: View): string {
  const widths = fit(columns, columns.map(({ title }, at) => Math.max(title.length, ...rows.map((row) => cells(row[at] ?? '')))), view.columns)
  const line = (row: readonly string[]): string =>
    columns.map(({ align }, at) => pad(shortenMiddle(row[at] ?? '', widths[at] as number, view.unicode), widths[at] as number, align === 'right' ? 'right' : 'left')).join(' '.repeat(GAP)).trimEnd()
  return [view.style.strong(line(columns.map(({ title }) => title))), ...rows.map(line), ''].join('\n')
}

/** Takes what is too much from the widest elastic column, cell by cell, so that short ones stay whole. */
function fit(columns: readonly Column[], wanted: readonly number[], available: number): number[] {
  const widths = [...wanted]
  const floor = (at: number): number => columns[at]?.elastic ?? Infinity
  for (let excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - available; excess > 0; excess--) {
    const widest = widths.reduce((best, width, at) => (width > floor(at) && (best < 0 || width > (widths[best] as number)) ? at : best), -1)
    if (widest < 0) break
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}
