/** Words that several renderers share: numbers with their noun, sizes, and typography a terminal may lack. */

import type { View } from '../view.ts'

/** `1 layer`, `3 layers`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Bytes in binary units, as df -h rounds them: `512 B`, `1.4 GiB`. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] as string}`
}

const ASCII: Readonly<Record<string, string>> = { '“': '"', '”': '"', '‘': "'", '’': "'", '…': '...', '–': '-', '—': '-', '≥': '>=', '≤': '<=', '→': '->', '×': 'x' }

/** Prose of ours in the characters the locale has. */
export function typeset(text: string, { unicode }: Pick<View, 'unicode'>): string {
  return unicode ? text : text.replaceAll(/[“”‘’…–—≥≤→×]/g, (char) => ASCII[char] as string)
}
