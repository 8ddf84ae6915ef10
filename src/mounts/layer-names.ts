/**
 * The layers of an overlay line, as the table tells them: which layer is called what. Where the line
 * admits two readings it gives both, the likelier first; nothing here knows which of them exists, nor
 * what a relative name is relative to (resolve.ts).
 *
 * The kernel prints a layer that was set by a string as the user typed it, with the user's backslashes,
 * and one that was set by descriptor (Linux ≥ 6.13) as its bare path. `lowerdir+` and `datadir+` take no
 * backslashes either way, `lowerdir` is always a string, and of upper and work the line does not say.
 */

import { splitUnescaped, unescapeOverlay } from '../overlay/escape.ts'
import type { LayerRole } from '../overlay/params.ts'
import type { SuperOption } from './super-options.ts'
import { unescapeOctal } from './octal.ts'

/** One reading of a layer's name. */
export interface Reading {
  readonly path: string
  /** The kernel's own mark: the directory was removed before it was made a layer. */
  readonly deleted?: true
}

export interface LayerName {
  readonly role: LayerRole
  /** Position among its role, topmost 0. */
  readonly index: number
  /** At least one; the likeliest first. */
  readonly readings: readonly Reading[]
  /** Possibly the path of a descriptor, which for a detached mount is relative to that mount. */
  readonly byDescriptor: boolean
}

/** The keys that are layers and hence no options. */
export const LAYER_KEYS: ReadonlySet<string> = new Set(['lowerdir', 'lowerdir+', 'datadir+', 'upperdir', 'workdir'])

/** Superblock options → layers: lowers from the top, data-only layers, upper, work. */
export function layerNames(options: readonly SuperOption[]): LayerName[] {
  const found: Record<LayerRole, (readonly Reading[])[]> = { lower: [], data: [], upper: [], work: [] }
  const appended = options.some(({ key }) => key === 'lowerdir+')
  for (const { key, value = '', raw = '' } of options) {
    if (key === 'lowerdir') splitLowerdir(value, raw, found)
    else if (key === 'lowerdir+') found.lower.push(bareReadings(value))
    else if (key === 'datadir+') found.data.push(bareReadings(value))
    else if (key === 'upperdir') found.upper.push(eitherReading(value, appended))
    else if (key === 'workdir') found.work.push(eitherReading(value, appended))
  }
  return (['lower', 'data', 'upper', 'work'] as const).flatMap((role) =>
    found[role].map((readings, index) => ({ role, index, readings, byDescriptor: appended })),
  )
}

/**
 * `a:b::d`. Linux 6.5 and 6.6 print the names unescaped and a colon in them as `\072`, which no other
 * kernel does: there the raw colons separate, before the octal escapes are undone.
 */
function splitLowerdir(value: string, raw: string, found: Record<'lower' | 'data', (readonly Reading[])[]>): void {
  const colonEscaped = raw.includes('\\072')
  const words = colonEscaped ? raw.split(':') : value.includes('\\') ? splitUnescaped(value, ':').map(unescapeOverlay) : value.split(':')
  for (const [at, word] of words.entries()) {
    // Between the two colons of `::` stands an empty word.
    if (word !== '') found[words[at - 1] === '' ? 'data' : 'lower'].push([{ path: colonEscaped ? unescapeOctal(word) : word }])
  }
}

const DELETED = ' (deleted)'

function bareReadings(value: string): Reading[] {
  return value.endsWith(DELETED) ? [{ path: value.slice(0, -DELETED.length), deleted: true }, { path: value }] : [{ path: value }]
}

/** Who appends lowers one by one mostly gives descriptors for the rest as well. */
function eitherReading(value: string, appended: boolean): Reading[] {
  const bare = bareReadings(value)
  const typed = value.includes('\\') ? unescapeOverlay(value) : value
  if (bare.length === 1 && typed === value) return bare
  const string = bare.filter(({ path }) => path === typed).length > 0 ? [] : [{ path: typed }]
  return appended ? [...bare, ...string] : [...string, ...bare.toReversed()]
}
