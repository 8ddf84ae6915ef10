/**
 * The text after `-o` → parts of a spec, read as mount(8) and then mount(2) read it: split at
 * unescaped commas, words that only userspace or the VFS understands taken out, the rest overlay’s.
 * A double quote is an ordinary character of a name, except around an SELinux context.
 */

import type { Finding } from '../errors/finding.ts'
import { unescapeOverlay } from './escape.ts'
import { fault } from './fault.ts'
import { parseLowerdir } from './lowerdir.ts'
import { isOptionName } from './options.ts'
import type { OptionName } from './options.ts'
import { MOUNT_FLAGS, PROPAGATIONS } from './spec.ts'
import type { MountFlag, Propagation } from './spec.ts'

export interface MountOptions {
  readonly lower?: readonly string[]
  readonly data?: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly options: Readonly<Partial<Record<OptionName, string | true>>>
  readonly unknown: readonly { readonly key: string; readonly value?: string }[]
  readonly flags: readonly MountFlag[]
  readonly propagation?: Propagation
  readonly label?: string
  readonly mkdir: boolean
  readonly userspace: readonly string[]
  readonly faults: readonly Finding[]
}

/** Words that switch a flag off again, as mount(8) has them. */

const CLEARS: Readonly<Record<string, readonly MountFlag[]>> = {
  rw: ['ro'], suid: ['nosuid'], dev: ['nodev'], exec: ['noexec'], atime: ['noatime', 'relatime', 'strictatime'], norelatime: ['relatime'],
  nostrictatime: ['strictatime'], diratime: ['nodiratime'], symfollow: ['nosymfollow'], async: ['sync', 'dirsync'], nolazytime: ['lazytime'],
  defaults: ['ro', 'nosuid', 'nodev', 'noexec', 'sync'],
}
/** Words of fstab and mount(8) that the kernel never sees. `user` and friends also imply flags, as in mount(8). */
const USERSPACE: Readonly<Record<string, readonly MountFlag[]>> = {
  auto: [], noauto: [], nofail: [], _netdev: [], nouser: [], nousers: [], noowner: [], nogroup: [], silent: [], loud: [],
  user: ['nosuid', 'nodev', 'noexec'], users: ['nosuid', 'nodev', 'noexec'], owner: ['nosuid', 'nodev'], group: ['nosuid', 'nodev'],
}
const ATIME: readonly MountFlag[] = ['noatime', 'relatime', 'strictatime']
/** Operations of mount(8) that are no overlay mount, and the command that does them. */
const OPERATIONS: Readonly<Record<string, string>> = { remount: 'ovl remount TARGET -o …', bind: 'mount --bind', rbind: 'mount --rbind', move: 'mount --move' }

/** What has been read so far; private to one call. */
interface Reading {
  lower?: readonly string[]
  /** They came from `lowerdir=`. */
  joined?: boolean
  data: string[]
  upper?: string
  work?: string
  label?: string
  propagation?: Propagation
  mkdir: boolean
  flags: Set<MountFlag>
  options: Partial<Record<OptionName, string | true>>
  unknown: { key: string; value?: string }[]
  userspace: string[]
  faults: Finding[]
}

/** Parses one `-o` text. Faults are collected; the rest is what could be understood. */
export function parseMountOptions(text: string): MountOptions {
  const read: Reading = { data: [], mkdir: false, flags: new Set(), options: {}, unknown: [], userspace: [], faults: [] }
  for (const part of splitOptions(text)) {
    const token = withoutBlank(read, part)
    const at = token.indexOf('=')
    const colon = /^(lowerdir|upperdir|workdir):/.exec(token)?.[1]
    if (colon !== undefined) takeColon(read, colon, token)
    else if (at < 0) takeWord(read, token)
    else takeValue(read, token.slice(0, at), token.slice(at + 1), token)
  }
  const { data, flags, joined: _, ...rest } = read
  return { ...rest, flags: MOUNT_FLAGS.filter((flag) => flags.has(flag)), ...(data.length > 0 ? { data } : {}) }
}

/** The flags that `-o` of a remount sets and clears, in the order said: the last word of a pair counts. */
export function parseFlagChanges(text: string): { readonly set: readonly MountFlag[]; readonly clear: readonly MountFlag[] } {
  const changes = new Map<MountFlag, boolean>()
  for (const word of splitOptions(text)) {
    if (isFlag(word)) changes.set(word, true)
    for (const flag of CLEARS[word] ?? []) changes.set(flag, false)
  }
  const which = (wanted: boolean): MountFlag[] => MOUNT_FLAGS.filter((flag) => changes.get(flag) === wanted)
  return { set: which(true), clear: which(false) }
}

/** Splits as the kernel does; inside `context="…"` commas belong to the value, as in mount(8). */
export function splitOptions(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '"' && /^(fs|def|root)?context=$/.test(text.slice(start, at))) {
      const close = text.indexOf('"', at + 1)
      if (close > 0) at = close
    } else if (char === ',') {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return [...parts, text.slice(start)].filter((part) => part !== '')
}

/** No kernel takes a word with a blank before it; it is understood as it was meant, so that what follows from it is not told as further faults. */
function withoutBlank(read: Reading, token: string): string {
  const trimmed = token.replace(/^\s+/, '')
  const key = trimmed.split(/[=:]/, 1)[0] ?? ''
  if (trimmed === token || !(LAYER_KEYS[key] !== undefined || isOptionName(key) || isFlag(key) || CLEARS[key] !== undefined || isUserspace(key) || USERSPACE[key] !== undefined)) return token
  read.faults.push(fault('option-syntax', `'${token.slice(0, 60)}': a blank stands before ${key}`, [{ text: 'Separate options by commas, without blanks.' }]))
  return trimmed
}

function takeWord(read: Reading, word: string): void {
  const operation = OPERATIONS[word]
  if (operation !== undefined) {
    read.faults.push(fault('usage', `'${word}' is no option of an overlay mount but another operation`, [{ text: `Use ${operation}.` }]))
  } else if (isFlag(word)) {
    if (ATIME.includes(word)) for (const flag of ATIME) read.flags.delete(flag)
    read.flags.add(word)
  } else if (CLEARS[word] !== undefined) {
    for (const flag of CLEARS[word]) read.flags.delete(flag)
  } else if (isPropagation(word)) {
    read.propagation = word
  } else if (USERSPACE[word] !== undefined) {
    for (const flag of USERSPACE[word]) read.flags.add(flag)
    read.userspace.push(word)
  } else if (isUserspace(word)) {
    if (word === 'X-mount.mkdir') read.mkdir = true
    read.userspace.push(word)
  } else if (isOptionName(word)) {
    read.options[word] = true
  } else if (LAYER_KEYS[word] !== undefined) {
    read.faults.push(fault('option-bad-value', `${word} needs a path: '${word}=…'`, [{ text: `Write ${word}=DIRECTORY.` }]))
  } else {
    read.unknown.push({ key: word })
  }
}

/** Understood as it was meant, so that what follows from it is not told as further faults. */
function takeColon(read: Reading, key: string, token: string): void {
  read.faults.push(fault('option-syntax', `'${token.slice(0, 60)}': a colon stands where the equals sign belongs`, [{ text: `Write ${token.length > 60 ? `${key}=…` : `${key}=${token.slice(key.length + 1)}`}` }]))
  LAYER_KEYS[key]?.(read, token.slice(key.length + 1))
}

function takeValue(read: Reading, key: string, value: string, token: string): void {
  const layer = LAYER_KEYS[key]
  if (layer !== undefined) layer(read, value)
  else if (key === '') read.faults.push(fault('option-syntax', `'${token}' has no name before the equals sign`, [{ text: 'Leave it out.' }]))
  else if (key === 'context') read.label = value.replace(/^"(.*)"$/s, '$1')
  else if (isUserspace(key)) {
    if (key === 'X-mount.mkdir') read.mkdir = true
    read.userspace.push(token)
  } else if (isOptionName(key)) read.options[key] = value
  else read.unknown.push({ key, value })
}

/** The keys that name layers. The kernel lets the last of two win in silence; a mount of something else than was said is refused here. */
const LAYER_KEYS: Readonly<Record<string, (read: Reading, value: string) => void>> = {
  lowerdir: (read, value) => {
    const parsed = parseLowerdir(value)
    read.faults.push(...parsed.faults)
    if ((read.lower ?? []).length + read.data.length > 0) read.faults.push(twice('lowerdir'))
    read.lower = parsed.lower
    read.data = [...parsed.data]
    read.joined = value !== ''
  },
  'lowerdir+': (read, value) => {
    if (read.joined === true) read.faults.push(appended('lowerdir+', value))
    if (read.data.length > 0) read.faults.push(fault('option-syntax', `lowerdir+='${value}': a normal layer cannot follow a data-only layer`, [{ text: 'Put datadir+ last.' }]))
    if (value === '') read.faults.push(emptyPath('lowerdir+'))
    read.lower = [...(read.lower ?? []), value]
  },
  'datadir+': (read, value) => {
    if (read.joined === true) read.faults.push(appended('datadir+', value))
    if (value === '') read.faults.push(emptyPath('datadir+'))
    read.data.push(value)
  },
  upperdir: (read, value) => {
    if (read.upper !== undefined) read.faults.push(twice('upperdir'))
    if (value === '') read.faults.push(emptyPath('upperdir'))
    read.upper = unescapeOverlay(value)
  },
  workdir: (read, value) => {
    if (read.work !== undefined) read.faults.push(twice('workdir'))
    if (value === '') read.faults.push(emptyPath('workdir'))
    read.work = unescapeOverlay(value)
  },
}

const twice = (key: string): Finding => fault('option-syntax', `${key} was given twice`, [{ text: 'Keep one: the kernel would silently use the last.' }])
/** All kernels that know the key refuse it. */
const appended = (key: string, value: string): Finding => fault('option-syntax', `${key}='${value}' cannot follow lowerdir=`, [{ text: 'Name all layers in lowerdir=, or each with lowerdir+= and datadir+=.' }])
const emptyPath = (key: string): Finding => fault('option-bad-value', `${key} is empty`, [{ text: `Write ${key}=DIRECTORY.` }])
const isFlag = (word: string): word is MountFlag => (MOUNT_FLAGS as readonly string[]).includes(word)
const isPropagation = (word: string): word is Propagation => (PROPAGATIONS as readonly string[]).includes(word)
const isUserspace = (key: string): boolean => /^(x-|X-|comment$|uhelper$|helper$)/.test(key)
