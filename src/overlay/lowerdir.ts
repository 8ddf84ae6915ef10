/** The `lowerdir=` value: `a:b::d` → layers and data-only layers, by the kernel’s rules (≥ 6.5). */

import type { Finding } from '../errors/finding.ts'
import { fault } from './fault.ts'
import { splitUnescaped, unescapeOverlay } from './escape.ts'

export interface LowerdirValue {
  readonly lower: readonly string[]
  readonly data: readonly string[]
}

/** Parses and unescapes the value; faults carry the kernel’s own reasons. An empty value clears the list. */
export function parseLowerdir(value: string): LowerdirValue & { readonly faults: readonly Finding[] } {
  if (value === '') return { lower: [], data: [], faults: [] }
  const parts = splitUnescaped(value, ':')
  // Understood as it may have been meant: that there is no layer at all is no further fault.
  const bad = (why: string): LowerdirValue & { faults: Finding[] } => ({ lower: parts.filter((part) => part !== '').map(unescapeOverlay), data: [], faults: [fault('option-syntax', `lowerdir='${value}': ${why}`, [{ text: 'Layers are separated by one colon, data-only layers by two; a colon in a name is written \\:' }])] })
  if (parts[0] === '') return bad('it begins with a colon')
  if (parts.at(-1) === '') return bad('it ends with an unescaped colon')
  const lower: string[] = []
  const data: string[] = []
  let empty = false
  for (const part of parts) {
    if (part === '') {
      if (empty) return bad('three colons in a row')
      empty = true
      continue
    }
    if (empty) data.push(unescapeOverlay(part))
    else if (data.length > 0) return bad('a normal layer cannot follow a data-only layer')
    else lower.push(unescapeOverlay(part))
    empty = false
  }
  return { lower, data, faults: [] }
}

/** The inverse: joins already escaped names. */
export function formatLowerdir(lower: readonly string[], data: readonly string[]): string {
  return [lower.join(':'), ...data].join('::')
}
