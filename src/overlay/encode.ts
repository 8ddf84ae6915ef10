/**
 * Parameters → the words of each way into the kernel. Escapes differ by key and by way (escape.ts).
 * An encoder either answers, or refuses with a finding that says why this way cannot say it.
 */

import type { Finding } from '../errors/finding.ts'
import { isUtf8Name, nameBytes } from '../names/bytes.ts'
import { escapeLowerForData, escapeLowerForFsconfig, escapeUpperForData, escapeUpperForFsconfig } from './escape.ts'
import { fault } from './fault.ts'
import { formatLowerdir } from './lowerdir.ts'
import type { LayerRole, OverlayParam } from './params.ts'

/** fsconfig strings, key and value alike: 256 bytes with the NUL (strndup_user in fs/fsopen.c). */
export const FSCONFIG_VALUE_MAX = 255

/** One fsconfig(2) call. */
export type FsconfigCall =
  | { readonly set: 'fd'; readonly key: string; readonly path: string }
  | { readonly set: 'string'; readonly key: string; readonly value: string }
  | { readonly set: 'flag'; readonly key: string }

export type Encoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: Finding }

/** What a layer is called in the encoded text; the path itself unless it was shortened. */
export type LayerName = (layer: Layer) => string
type Layer = Extract<OverlayParam, { kind: 'layer' }>
type Option = Extract<OverlayParam, { kind: 'option' }>

const APPEND_KEYS: Readonly<Record<LayerRole, string>> = { lower: 'lowerdir+', data: 'datadir+', upper: 'upperdir', work: 'workdir' }

/** fsconfig, every layer by descriptor (Linux ≥ 6.13): no escapes, no length limit. */
export function encodeFsconfigFd(params: readonly OverlayParam[]): Encoded<FsconfigCall[]> {
  return withOptions(params, layersOf(params).map((layer) => ({ set: 'fd', key: APPEND_KEYS[layer.role], path: layer.path })))
}

/** fsconfig, one string for each layer (≥ 6.7): `lowerdir+` raw, upper and work with `\` doubled. */
export function encodeFsconfigAppend(params: readonly OverlayParam[]): Encoded<FsconfigCall[]> {
  const value = ({ role, path }: Layer): string => (role === 'upper' || role === 'work' ? escapeUpperForFsconfig(path) : path)
  return withOptions(params, layersOf(params).map((layer) => ({ set: 'string', key: APPEND_KEYS[layer.role], value: value(layer) })))
}

/** fsconfig, one `lowerdir` string for all (≥ 5.2). */
export function encodeFsconfigLowerdir(params: readonly OverlayParam[]): Encoded<FsconfigCall[]> {
  const layers = layersOf(params)
  const joined = formatLowerdir(escaped(layers, 'lower', escapeLowerForFsconfig), escaped(layers, 'data', escapeLowerForFsconfig))
  const uppers = layers.filter(({ role }) => role === 'upper' || role === 'work')
  return withOptions(params, [
    { set: 'string', key: 'lowerdir', value: joined },
    ...uppers.map(({ role, path }): FsconfigCall => ({ set: 'string', key: APPEND_KEYS[role], value: escapeUpperForFsconfig(path) })),
  ])
}

/** The data string of mount(2). Its length is for limits.ts to judge: the kernel cuts it in silence. */
export function encodeMountData(params: readonly OverlayParam[], nameOf: LayerName = ({ path }) => path): string {
  const layers = layersOf(params)
  const named = (role: LayerRole, escape: (path: string) => string): string[] => layers.filter((layer) => layer.role === role).map((layer) => escape(nameOf(layer)))
  return [
    `lowerdir=${formatLowerdir(named('lower', escapeLowerForData), named('data', escapeLowerForData))}`,
    ...named('upper', escapeUpperForData).map((path) => `upperdir=${path}`),
    ...named('work', escapeUpperForData).map((path) => `workdir=${path}`),
    ...optionsOf(params).map(formatOption),
  ].join(',')
}

/**
 * The text for `mount -t overlay -o` and so for mount(8): as mount(2), but libmount has its own idea
 * of a double quote and of a comma, and arguments of a process must be UTF-8 here.
 */
export function encodeMount8(params: readonly OverlayParam[], flags: readonly string[]): Encoded<string> {
  for (const { path } of layersOf(params)) {
    if (path.includes('"')) return refuse('way-cannot-say', `mount(8) treats the double quote in '${path}' as its own syntax`, OTHER_WAY)
    if (!isUtf8Name(path)) return refuse('way-cannot-say', `'${path}' is no UTF-8, and so cannot be an argument of mount(8) from here`, OTHER_WAY)
    const word = path.split(',').slice(1).find(isLibmountWord)
    if (word !== undefined) return refuse('way-cannot-say', `mount(8) splits '${path}' at its comma and ${word === '' ? 'drops it' : `takes '${word}' for an option of its own`}`, OTHER_WAY)
  }
  return { ok: true, value: [...flags, encodeMountData(params)].join(',') }
}

/**
 * What libmount would take out or change where a comma in a name leaves it standing alone: 2.38 splits at an escaped
 * comma, too. Of all other words it makes the same text again.
 */
const isLibmountWord = (text: string): boolean => LIBMOUNT_WORD.test(text.split('=', 1)[0] ?? '')

const LIBMOUNT_WORD = new RegExp(`^(?:${[
  '', 'r[ow]', 'a?sync', 'dirsync', 'defaults', '_netdev', 'nofail', 'remount', 'move', 'silent', 'loud', 'comment', 'u?helper', 'uid', 'gid', 'loop', 'offset', 'sizelimit', 'encryption', 'seclabel',
  'r?(?:bind|private|shared|slave|unbindable)', '(?:fs|def|root)?context', '(?:[xX]-|verity\\.|smackfs).*',
  '(?:no)?(?:auto|users?|owner|group|suid|dev|exec|sub|mand|iversion|atime|diratime|relatime|strictatime|lazytime|symfollow)',
].join('|')})$`, 's')

/** mount takes a way with --via, options with --for. */
const OTHER_WAY = 'Go through fsconfig or mount2 instead: ovl mount --via fsconfig, ovl options --for fsconfig.'

/** What fuse-overlayfs can be told: older releases know no escapes at all, and few options. */
export function encodeFuse(params: readonly OverlayParam[], flags: readonly string[]): Encoded<string> {
  const layers = layersOf(params)
  const hostile = layers.find(({ path }) => /[:,\\"]/.test(path) || !isUtf8Name(path))
  if (hostile !== undefined) return refuse('way-cannot-say', `fuse-overlayfs cannot be told the path '${hostile.path}'`, OTHER_WAY)
  if (layers.some(({ role }) => role === 'data')) return refuse('way-cannot-say', 'fuse-overlayfs has no data-only layers', OTHER_WAY)
  const foreign = optionsOf(params).find(({ key }) => !FUSE_OPTIONS.includes(key))
  if (foreign !== undefined) return refuse('way-cannot-say', `fuse-overlayfs has no option '${foreign.key}'`, 'Leave the option out, or use --via fsconfig.')
  return { ok: true, value: [...flags, encodeMountData(params)].join(',') }
}

const FUSE_OPTIONS = ['volatile', 'xino', 'userxattr']

/** Key and value of an option as a data string has them; an SELinux context is quoted, as LSMs expect. */
export function formatOption({ key, value }: Option): string {
  if (value === undefined) return key
  return key === 'context' ? `${key}="${value}"` : `${key}=${value}`
}

function withOptions(params: readonly OverlayParam[], layers: readonly FsconfigCall[]): Encoded<FsconfigCall[]> {
  const options = optionsOf(params).map(({ key, value }): FsconfigCall => (value === undefined ? { set: 'flag', key } : { set: 'string', key, value }))
  const calls = [...layers, ...options]
  for (const call of calls) {
    if (call.set !== 'string') continue
    const length = nameBytes(call.value)
    if (length > FSCONFIG_VALUE_MAX) return refuse('value-too-long', `${call.key}= is ${length} bytes long, fsconfig takes ${FSCONFIG_VALUE_MAX}`, 'Use --via auto: layers by descriptor have no such limit, and mount(2) takes a page.')
  }
  return { ok: true, value: calls }
}

const layersOf = (params: readonly OverlayParam[]): Layer[] => params.filter((param): param is Layer => param.kind === 'layer')
const optionsOf = (params: readonly OverlayParam[]): Option[] => params.filter((param): param is Option => param.kind === 'option')
const escaped = (layers: readonly Layer[], role: LayerRole, escape: (path: string) => string): string[] => layers.filter((layer) => layer.role === role).map(({ path }) => escape(path))
const refuse = (code: 'way-cannot-say' | 'value-too-long', title: string, fix: string): { ok: false; why: Finding } => ({ ok: false, why: fault(code, title, [{ text: fix }]) })
