/**
 * The options of a `mount.ovl` line ⇄ mount words, and what such a line may say beyond mount(8)'s own: each
 * layer is an option of its own (`lower=/over,lower=/base.squashfs,upper=/u`), topmost first.
 *
 * A value passes two readers that disagree on every quote there is: libmount drops the whole field at a lone `"`;
 * systemd loses one of two backslashes, does not know `\043`, expands `$` and ends a unit's line at a newline. Both
 * carry `%2C` unharmed (systemd's doubled `%` is its own affair), so such bytes are written in hexadecimal, and ordinary
 * names as they are. A backslash before a comma or colon, as in `lowerdir=`, is understood too.
 */

import type { Finding } from '../errors/finding.ts'
import { decodeName, encodeName } from '../names/bytes.ts'
import type { Encoded } from './encode.ts'
import { fault } from './fault.ts'
import { splitOptions } from './mount-options.ts'
import type { LowerLayer, OverlaySpec } from './spec.ts'
import type { MountWords } from './words.ts'

export interface HelperWords {
  /** For words.ts. */
  readonly words: MountWords
  /** What would be a warning fails the mount. */
  readonly strict: boolean
  readonly via?: string
  /** `-o remount,…`: what is to change on the live mount; the words do not count then. */
  readonly remount?: string
  readonly faults: readonly Finding[]
}

/** Reads the words that mount(8) hands to its helper. */
export function readHelperWords(source: string, target: string, texts: readonly string[]): HelperWords {
  const said: Record<string, string[]> = {}
  const rest: string[] = []
  const faults: Finding[] = []
  for (const token of splitOptions(texts.join(','))) {
    const at = token.indexOf('=')
    const key = at < 0 ? token : token.slice(0, at)
    // mount(8) has made flags of these already, in their order with exec, suid and dev.
    if (/^(users?|owner|group)$/.test(token)) continue
    const takes = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
    if (takes === undefined) rest.push(token)
    else if ((takes === 'nothing') !== at < 0) faults.push(fault('option-bad-value', takes === 'nothing' ? `${key} takes no value` : `${key} needs a value: '${key}=…'`, [{ text: takes === 'nothing' ? `Write ${key} alone.` : `Write ${key}=…` }]))
    else (said[key] ??= []).push(at < 0 ? '' : unescapeHelper(token.slice(at + 1)))
  }
  const once = (key: string): string | undefined => {
    if ((said[key]?.length ?? 0) > 1) faults.push(fault('option-syntax', `${key} was given twice`, [{ text: 'Keep one.' }]))
    return said[key]?.[0]
  }
  const single = Object.fromEntries(['upper', 'work', 'size', 'label', 'idmap'].flatMap((key) => { const value = once(key); return value === undefined ? [] : [[key, value]] }))
  const via = once('via')
  return {
    words: {
      lower: said['lower'] ?? [], data: said['data'] ?? [], ...single,
      tmpfs: said['tmpfs'] !== undefined, mkdir: said['mkdir'] !== undefined, readOnly: false,
      options: [rest.join(',')], positionals: [source, target], typed: {},
    },
    strict: said['strict'] !== undefined,
    ...(via === undefined ? {} : { via }),
    ...(rest.includes('remount') ? { remount: rest.filter((word) => word !== 'remount').join(',') } : {}),
    faults,
  }
}

/** Spec → the options of a `mount.ovl` line, for an fstab field or a unit alike: no blank, quote or backslash is in it. */
export function encodeHelperOptions(spec: OverlaySpec): Encoded<string> {
  const layers = [...spec.lower, ...spec.data]
  const [idmap] = layers.map((layer) => layer.idmap)
  if (layers.some((layer) => layer.idmap !== idmap)) return { ok: false, why: fault('way-cannot-say', 'a mount.ovl line has one id mapping for all layers', [{ text: 'Give every layer the same mapping, or none.' }]) }
  const value = (key: string, text: string | undefined): string[] => (text === undefined ? [] : [`${key}=${escapeHelper(text)}`])
  const paths = (key: string, of: readonly LowerLayer[]): string[] => of.flatMap(({ path }) => value(key, path))
  const words = [
    ...paths('lower', spec.lower), ...paths('data', spec.data),
    ...value('upper', spec.upper), ...(spec.workDerived === true ? [] : value('work', spec.work)),
    ...(spec.tmpfs === undefined ? [] : ['tmpfs', ...value('size', spec.tmpfs.size)]),
    ...(spec.mkdir ? ['mkdir'] : []), ...value('label', spec.label), ...value('idmap', idmap),
    ...Object.entries(spec.options).map(([name, set]) => (set === true ? name : `${name}=${set}`)),
    ...spec.unknown.map(({ key, value: text }) => (text === undefined ? key : `${key}=${text}`)),
    ...spec.flags, ...(spec.propagation === undefined ? [] : [spec.propagation]), ...spec.userspace,
  ]
  return { ok: true, value: words.join(',') }
}

/** The keys that mount(8) and overlay do not have. */
const KEYS: Readonly<Record<string, 'value' | 'nothing'>> = {
  lower: 'value', data: 'value', upper: 'value', work: 'value', size: 'value', label: 'value', idmap: 'value', via: 'value',
  tmpfs: 'nothing', mkdir: 'nothing', strict: 'nothing',
}

/** What one reader or another treats as its own, and bytes that are no UTF-8: systemd drops a line with such. */
const SPECIAL = /[\u0000-\u0020"#$%',\\\u007f-\u009f\u2028\u2029]/
const LONE = /[\udc80-\udcff]/

function escapeHelper(text: string): string {
  return Array.from(text, (char) => (SPECIAL.test(char) || (char.length === 1 && LONE.test(char)) ? Array.from(encodeName(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('') : char)).join('')
}

/** One pass, so that a decoded byte is never read again. `%` without two digits stands for itself, and so does `%00`. */
function unescapeHelper(text: string): string {
  if (!/[%\\]/.test(text)) return text
  const bytes = encodeName(text).toString('latin1').replace(/%(?!00)([0-9A-Fa-f]{2})|\\([\s\S])/g, (_, hex: string | undefined, plain: string) => (hex === undefined ? plain : String.fromCharCode(Number.parseInt(hex, 16))))
  return decodeName(Buffer.from(bytes, 'latin1'))
}
