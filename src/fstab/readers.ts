/**
 * What becomes of an entry at boot: the same line is read by libmount (mount -a, mount TARGET) and by
 * systemd's fstab-generator, and they differ. Each reader here gives the overlay that the kernel is
 * told in the end, or why there is none; who writes a line and who judges one compare the two.
 *
 * Seen with mount 2.38.1 and 2.41.5, systemd 252 and 257 (as process 1, too), glibc 2.36:
 * - libmount undoes every octal escape. Up to 2.38 it splits options at each comma outside double
 *   quotes, escaped or not, takes its own words out and joins the rest for mount(2); from 2.39 on it
 *   leaves `\,` alone, but takes a comma after `\\` for escaped too, and hands over each option by
 *   fsconfig, which takes 255 bytes.
 * - systemd reads with getmntent(3): lines of at most 4095 bytes, and of the escapes only \040, \011,
 *   \012, \134 and `\\`. It then splits and joins the options twice, once when it writes the unit and
 *   once before it calls mount(8), and each time halves `\\`. A unit is lines of UTF-8 whose values
 *   lose blanks at both ends; in the call `$$` is one dollar, and `${` begins a variable.
 */

import type { Finding } from '../errors/finding.ts'
import { isUtf8Name, nameBytes } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'
import { FSCONFIG_VALUE_MAX } from '../overlay/encode.ts'
import { unescapeOverlay } from '../overlay/escape.ts'
import { parseLowerdir } from '../overlay/lowerdir.ts'
import { parseMountOptions } from '../overlay/mount-options.ts'
import type { MountOptions } from '../overlay/mount-options.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import type { FstabEntry } from './file.ts'

/** mount(8) before 2.39 (one string, mount(2)), and since (option by option, fsconfig). */
export const LIBMOUNTS = ['2.38', '2.39'] as const
export type Libmount = (typeof LIBMOUNTS)[number]

export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string }

/** What systemd calls mount(8) with: `mount WHAT WHERE -t overlay -o OPTIONS`. */
export interface MountCall {
  readonly what: string
  readonly where: string
  /** Options as the unit has them, `%` not yet doubled. */
  readonly unit: string
  /** Options as mount(8) gets them. */
  readonly options: string
}

/** The overlay that `mount TARGET` and `mount -a` ask for. */
export function readAsLibmount({ source, target, options }: Pick<FstabEntry, 'source' | 'target' | 'options'>, version: Libmount): Reading<OverlaySpec> {
  const read = version === '2.38' ? readString(options) : readEach(options)
  return read.ok ? { ok: true, value: { ...read.value, source, target } } : read
}

/** The call that systemd makes of the entry. */
export function readAsSystemd({ raw, fields }: Pick<FstabEntry, 'raw' | 'fields'>): Reading<MountCall> {
  if (nameBytes(raw) > MNTENT_MAX) return no(`systemd reads the first 4095 bytes of a line, and this one has ${nameBytes(raw)}`)
  const [source, target, options] = [fields.source, fields.target, fields.options].map(decodeMntent) as [string, string, string]
  if (/^(UUID|LABEL|PARTUUID|PARTLABEL)=/.test(source)) return no(`systemd takes the source '${source}' for a disk and waits for it`)
  if (!target.startsWith('/') || /(^|\/)\.\.?(\/|$)/.test(target)) return no(`systemd takes no mount point like '${target}'`)
  const call = { what: source.startsWith('/') ? tidyPath(source) : source, where: tidyPath(target), unit: filterOptions(options) }
  return readUnitMount(call)
}

/** The call that systemd makes of a unit's What=, Where= and Options= (`%` not doubled). */
export function readUnitMount({ what, where, unit }: Pick<MountCall, 'what' | 'where' | 'unit'>): Reading<MountCall> {
  for (const [key, value] of Object.entries({ What: what, Where: where, Options: unit })) {
    const bad = unitTrouble(value)
    if (bad !== undefined) return no(`${key}= of a systemd unit ${bad}`)
  }
  if (what.startsWith('-')) return no(`mount(8) takes the source '${what}' for an option`)
  if (/^\$(?![${])/.test(what)) return no(`systemd takes the source '${what}' for a variable of its environment`)
  if ([what, where, unit].some((value) => dollars(value).includes('${'))) return no('systemd takes what follows ${ for a variable of its environment')
  if (dollars(where).length > 0) return no(`systemd asks mount(8) for '${expand(where)}': $$ is one $ to it`)
  return { ok: true, value: { what: expand(what), where, unit, options: expand(filterOptions(unit)) } }
}

/** What means something in the words of the call: they are expanded as those of ExecStart= are, where `$$` is a dollar and `${…}` a variable. */
const dollars = (value: string): string[] => value.match(/\$\$|\$\{/g) ?? []
const expand = (value: string): string => value.replaceAll('$$', () => '$')

/** The overlay that a call of systemd comes to under one mount(8). */
export function readCall({ what, where, options }: MountCall, version: Libmount): Reading<OverlaySpec> {
  return readAsLibmount({ source: what, target: where, options }, version)
}

/** getmntent(3) has a buffer of 4096 bytes: so long a line, with its newline, is whole. */
export const MNTENT_MAX = 4094

/** The escapes that glibc knows. */
function decodeMntent(field: string): string {
  return field.replace(/\\(040|011|012|134|\\)/g, (_, escape: string) => MNTENT[escape] as string)
}

const MNTENT: Readonly<Record<string, string>> = { '040': ' ', '011': '\t', '012': '\n', '134': '\\', '\\': '\\' }

/** fstab_filter_options() of systemd ≥ 250: `\\` and `\,` are read and only the comma is escaped again; empty words go. */
function filterOptions(text: string): string {
  const words: string[] = ['']
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === ',') words.push('')
    else if (char === '\\' && (text[at + 1] === ',' || text[at + 1] === '\\')) words[words.length - 1] += text[++at] as string
    else words[words.length - 1] += char
  }
  return words.filter((word) => word !== '').map((word) => word.replaceAll(',', '\\,')).join(',')
}

function unitTrouble(value: string): string | undefined {
  if (/[\n\r]/.test(value)) return 'cannot hold a line break'
  if (!isUtf8Name(value)) return 'holds UTF-8 only'
  if (/^[ \t]|[ \t]$/.test(value)) return 'loses a blank at its end'
  if (value.endsWith('\\')) return 'goes on in the next line after a backslash'
  return value === '' ? 'cannot be empty' : undefined
}

/** Split, taken out, joined again for mount(2). */
function readString(options: string): Reading<OverlaySpec> {
  const words = splitLibmount(options, false)
  if (words === undefined) return no('mount(8) takes a double quote for its own and drops what follows')
  const kernel = words.filter((word) => !isLibmountWord(word))
  return specOf(parseMountOptions(kernel.join(',')), parseMountOptions(words.filter(isLibmountWord).join(',')))
}

/** Option by option for fsconfig(2), where a comma is nothing special. */
function readEach(options: string): Reading<OverlaySpec> {
  const words = splitLibmount(options, true)
  if (words === undefined) return no('mount(8) takes a double quote for its own and drops what follows')
  const layers: { lower?: readonly string[]; data?: readonly string[]; upper?: string; work?: string; faults?: readonly Finding[] } = {}
  const rest: string[] = []
  for (const word of words) {
    const [, key = '', value = ''] = /^(lowerdir\+?|datadir\+|upperdir|workdir)=(.*)$/s.exec(word) ?? []
    if (nameBytes(value) > FSCONFIG_VALUE_MAX) return no(`${key}= has ${nameBytes(value)} bytes, and mount(8) since 2.39 can hand over ${FSCONFIG_VALUE_MAX}`)
    if (key === '') rest.push(word)
    else if (key === 'lowerdir') Object.assign(layers, parseLowerdir(value))
    else if (key === 'lowerdir+') layers.lower = [...(layers.lower ?? []), value]
    else if (key === 'datadir+') layers.data = [...(layers.data ?? []), value]
    else layers[key === 'upperdir' ? 'upper' : 'work'] = unescapeOverlay(value)
  }
  const said = parseMountOptions(rest.filter((word) => !isLibmountWord(word)).join(','))
  return specOf({ ...said, ...layers, faults: [...(layers.faults ?? []), ...said.faults] }, parseMountOptions(rest.filter(isLibmountWord).join(',')))
}

/** At commas outside double quotes; where escapes are known, not after a backslash. Undefined when a quote stays open. */
function splitLibmount(text: string, escapes: boolean): string[] | undefined {
  const words = ['']
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') quoted = !quoted
    if (char === ',' && !quoted && !(escapes && text[at - 1] === '\\')) words.push('')
    else words[words.length - 1] += char
  }
  return quoted ? undefined : words.filter((word) => word !== '')
}

/**
 * What libmount takes out for itself and for the VFS. A flag with a value is none (`ro=b`), an empty one (`ro=`) is.
 * encodeMount8 has a list of its own, of what it had better not try.
 */
export const isLibmountWord = (text: string): boolean => LIBMOUNT_WORD.test(text)

const LIBMOUNT_WORD = new RegExp(`^(?:${[
  '', '(?:r[ow]', 'a?sync', 'dirsync', 'defaults', '_netdev', 'nofail', 'remount', 'move', 'silent', 'loud', 'seclabel', 'r?(?:bind|private|shared|slave|unbindable)',
  '(?:no)?(?:auto|users?|owner|group|suid|dev|exec|sub|mand|iversion|atime|diratime|relatime|strictatime|lazytime|symfollow))=?',
  '(?:comment|u?helper|uid|gid|user|loop|offset|sizelimit|encryption|(?:fs|def|root)?context|(?:[xX]-|verity\\.|smackfs)[^=]*)(?:=.*)?',
].join('|')})$`, 's')

/** Layers and options are the kernel's, the rest was taken out before. */
function specOf(kernel: MountOptions, own: MountOptions): Reading<OverlaySpec> {
  const [fault] = kernel.faults
  if (fault !== undefined) return no(fault.title)
  const { lower = [], data = [], upper, work, options, unknown } = kernel
  const label = own.label ?? kernel.label
  const path = (name: string): { path: string } => ({ path: name })
  return {
    ok: true,
    value: {
      ...EMPTY_SPEC, lower: lower.map(path), data: data.map(path), options, unknown, flags: [...kernel.flags, ...own.flags], userspace: own.userspace, mkdir: own.mkdir,
      ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }), ...(label === undefined ? {} : { label }),
      ...(own.propagation === undefined ? {} : { propagation: own.propagation }),
    },
  }
}

const no = (why: string): { readonly ok: false; readonly why: string } => ({ ok: false, why })
