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

/** Rows of text without control characters → lines, each ending in a newline. There may be thousands: each cell is measured once. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], view: View): string {
  const all = [columns.map(({ title }) => title), ...rows]
  // An id cut to its first digits still tells; what is too long even then is cut from the whole.
  const brief = view.columns === Infinity ? all : all.map((row) => row.map((text) => shortenHashes(text, view.unicode)))
  const sizes = brief.map((row) => row.map(cells))
  const widths = fit(columns, columns.map((_, at) => sizes.reduce((most, size) => Math.max(most, size[at] ?? 0), 0)), view.columns)
  const cell = (row: number, at: number, { align }: Column): string => {
    const [size, width] = [sizes[row]?.[at] ?? 0, widths[at] as number]
    const text = brief[row]?.[at] ?? ''
    return size <= width ? pad(text, width, align, size) : pad(shortenMiddle(all[row]?.[at] ?? '', width, view.unicode), width, align)
  }
  const [head = '', ...lines] = all.map((_, row) => columns.map((column, at) => cell(row, at, column)).join(' '.repeat(GAP)).trimEnd())
  return [view.style.strong(head), ...lines, ''].join('\n')
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
