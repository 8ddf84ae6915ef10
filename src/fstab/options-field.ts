/**
 * The options field of an fstab line for a spec. It is written first, and then read back as every
 * reader of the line would: what one of them makes something else of is refused, by name. So the
 * table below is no list to be kept right by hand; it is what the readers were seen to do, in lower,
 * upper and work alike (mount 2.38.1 and 2.41.5, systemd 252 and 257):
 *
 *   character       written        libmount            systemd
 *   ,               \134,          yes ¹               yes; never \054, which it does not undo
 *   :               \134: or :     yes                 yes
 *   blank, tab      \040, \011     yes                 yes, but lost at the end of the field: a word follows
 *   newline         \012           yes                 no: it ends the line of the unit
 *   carriage return as it is       yes                 no: the same
 *   backslash       \134\134       yes, but not last ² no: halved twice
 *   "               as it is       in pairs            yes
 *   # % '           as it is       yes                 yes (\043 it does not undo)
 *   $               as it is       yes                 yes, but `$$` is one dollar to it and `${` a variable
 *   not UTF-8       as it is       yes                 no: it drops the whole assignment
 *   ¹ but where the text between commas is a word of its own (`a,ro,b`) 2.38 takes it out
 *   ² from 2.39 on the comma after it no longer separates
 */

import { nameBytes } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'
import { FSCONFIG_VALUE_MAX, encodeMountData, formatOption } from '../overlay/encode.ts'
import { escapeUpperForData } from '../overlay/escape.ts'
import { fault } from '../overlay/fault.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { paramsOf } from '../overlay/params.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { LIBMOUNTS, readAsLibmount, readAsSystemd, readCall } from './readers.ts'
import type { Reading } from './readers.ts'

/** Escapes of a field: those that libmount and glibc both undo. */
export function mangle(text: string): string {
  return text.replace(/[\\ \t\n]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}

/** Options as mount(8) takes them: layers first, then overlay's options, then the words for userspace. */
export function mountOptionsText(spec: OverlaySpec, words: readonly string[]): string {
  const { flags, propagation } = spec
  const said = [layersText(spec), ...flags, ...(propagation === undefined ? [] : [propagation]), ...words].join(',')
  // systemd drops blanks at the end.
  return /[ \t]$/.test(said) ? `${said},defaults` : said
}

/** All layers in one lowerdir= while that fits the 255 bytes mount(8) can hand over, else one by one (Linux ≥ 6.7), where nothing may be escaped. */
function layersText(spec: OverlaySpec): string {
  const params = paramsOf(spec)
  const joined = encodeMountData(params)
  const [lowerdir] = /^lowerdir=(?:\\.|[^,\\])*/s.exec(joined) ?? ['']
  if (nameBytes(lowerdir) - 'lowerdir='.length <= FSCONFIG_VALUE_MAX || spec.lower.concat(spec.data).some(({ path }) => path.includes(','))) return joined
  return params.map((param) => {
    if (param.kind === 'option') return formatOption(param)
    if (param.role === 'upper' || param.role === 'work') return `${param.role}dir=${escapeUpperForData(param.path)}`
    return `${param.role === 'lower' ? 'lowerdir+' : 'datadir+'}=${param.path}`
  }).join(',')
}

/** True when the layers are named one by one, which Linux before 6.7 does not understand. */
export function isAppended(options: string): boolean {
  return options.startsWith('lowerdir+=')
}

/**
 * The whole line, `0 0` at its end.
 * @throws OvlError `way-cannot-say`, which names the path and who cannot read it
 */
export function writeLine(spec: OverlaySpec & { readonly target: string }, words: readonly string[]): string {
  const options = mountOptionsText(spec, words)
  const fields = { source: mangle(spec.source), target: mangle(spec.target), type: 'overlay', options: mangle(options) }
  const raw = `${fields.source} ${fields.target} overlay ${fields.options} 0 0`
  if (spec.source.startsWith('#')) throw cannot('source', spec.source, 'a line that begins with # is a comment')
  for (const version of LIBMOUNTS) refuseOther(spec, readAsLibmount({ source: spec.source, target: spec.target, options }, version), `mount(8) ${version === '2.38' ? 'up to 2.38' : 'since 2.39'}`)
  const call = readAsSystemd({ raw, fields })
  if (!call.ok) throw cannotRead(spec, 'systemd', call.why)
  for (const version of LIBMOUNTS) refuseOther(spec, readCall(call.value, version), 'systemd')
  return raw
}

/** Where a mount is said for boot, and by which command. */
export const PLACES = { line: { name: 'an fstab line', command: 'ovl fstab' }, unit: { name: 'a systemd unit', command: 'ovl unit' } } as const
export type Place = keyof typeof PLACES

/** Throws when what was read is not what was said. */
export function refuseOther(spec: OverlaySpec, reading: Reading<OverlaySpec>, reader: string, place: Place = 'line'): void {
  if (!reading.ok) throw cannotRead(spec, reader, reading.why, place)
  for (const { role, said, read } of compare(spec, reading.value)) if (said !== read) throw cannot(role, said ?? '', read === undefined ? `${reader} reads none there` : `${reader} reads '${read}'`, place)
}

export interface Compared {
  readonly role: string
  readonly said: string | undefined
  readonly read: string | undefined
}

/** Said and read, part by part. */
export function compare(spec: OverlaySpec, read: OverlaySpec): Compared[] {
  const list = (role: string, said: readonly { path: string }[], seen: readonly { path: string }[]): Compared[] =>
    Array.from({ length: Math.max(said.length, seen.length) }, (_, at) => ({ role, said: said[at]?.path, read: seen[at]?.path }))
  const words = ({ options, unknown, label }: OverlaySpec): string => [...Object.entries(options).sort().map(([key, value]) => (value === true ? key : `${key}=${value}`)), ...unknown.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)), ...(label === undefined ? [] : [`context=${label}`])].join()
  return [
    ...list('lower', spec.lower, read.lower), ...list('data layer', spec.data, read.data),
    { role: 'upper', said: spec.upper, read: read.upper }, { role: 'work', said: spec.work, read: read.work },
    { role: 'source', said: sourceOf(spec), read: sourceOf(read) }, { role: 'target', said: tidy(spec.target), read: tidy(read.target) },
    { role: 'options', said: words(spec), read: words(read) }, { role: 'flags', said: [...new Set(spec.flags)].sort().join(), read: [...new Set(read.flags)].sort().join() },
  ]
}

const tidy = (path: string | undefined): string | undefined => (path === undefined ? undefined : tidyPath(path))
const sourceOf = ({ source }: OverlaySpec): string => (source.startsWith('/') ? tidyPath(source) : source)

/** Not a path but the line as a whole: the path at fault is the most hostile one. */
function cannotRead(spec: OverlaySpec, reader: string, why: string, place?: Place): OvlError {
  const paths = [...spec.lower, ...spec.data].map(({ path }) => path).concat([spec.upper, spec.work, spec.target, spec.source].filter((path) => path !== undefined))
  const odd = paths.find((path) => /[\n\r\udc80-\udcff]/.test(path)) ?? paths.find((path) => path.includes('"')) ?? paths.find((path) => /["\\,]|^[ -]|[ \t]$/.test(path))
  return cannot(odd === undefined ? undefined : 'path', odd ?? '', why.startsWith(reader) ? why : `${reader}: ${why}`, place)
}

function cannot(role: string | undefined, path: string, why: string, place: Place = 'line'): OvlError {
  const { name } = PLACES[place]
  const title = role === undefined ? `${name} cannot say this mount: ${why}` : `${name} cannot carry the ${role} '${path}': ${why}`
  const fix = [
    { text: role === undefined ? 'Give the layers shorter names, or bring them under one directory.' : 'Rename it, or name it by a symlink with a plain name.' },
    ...(path.includes('\\') && place === 'line' ? [{ text: 'Or write a unit, which can carry a backslash: ovl unit with the same words.' }] : []),
    { text: `Or let ovl mount it at boot, which can say more: ${PLACES[place].command} --helper with the same words.` },
  ]
  return new OvlError('way-cannot-say', title, { findings: [fault('way-cannot-say', title, fix)], hint: fix.map(({ text }) => text).join(' ') })
}
