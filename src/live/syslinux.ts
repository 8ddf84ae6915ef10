/** The labels of an isolinux.cfg or syslinux.cfg, through what it includes. Submenus count as part of the one menu. */

import { parentPath, tidyPath } from '../names/path.ts'
import type { BootEntry, ReadText } from './boot-entries.ts'

/** Entries of the menu that begins in this file. */
export function parseSyslinux(path: string, read: ReadText): readonly BootEntry[] {
  const first = read(path)
  if (first === undefined) return []
  const menu: Menu = { labels: [], append: '', wanted: '', marked: undefined, included: 0 }
  readLines(first, { read, directory: parentPath(first.path), open: [first.path] }, menu)
  const linux = menu.labels.filter(({ kernel }) => kernel !== '' && !/\.(?:c32|com|cbt|0|bin|bss|img)$/i.test(kernel))
  const chosen = menu.marked ?? menu.labels.find(({ name }) => name === menu.wanted) ?? linux[0]
  return linux.map((label) => ({ title: label.title ?? label.name, file: label.file, kernel: label.kernel, ...initrdOf(label, menu.append), cmdline: cmdlineOf(label, menu.append), isDefault: label === chosen }))
}

interface Label {
  readonly name: string
  readonly file: string
  title?: string
  kernel: string
  initrd?: string
  append?: string
}

interface Menu {
  readonly labels: Label[]
  /** What stands before the first label is for those that say none. */
  append: string
  /** Name of the label that DEFAULT says. */
  wanted: string
  /** The label with MENU DEFAULT. */
  marked: Label | undefined
  included: number
}

interface Place {
  readonly read: ReadText
  /** Of the first file: names are relative to it. */
  readonly directory: string
  readonly open: readonly string[]
}

const DEEPEST = 12
const MOST_LABELS = 2000
const MOST_INCLUDED = 500

function readLines({ path, text }: { readonly path: string; readonly text: string }, place: Place, menu: Menu): void {
  for (const line of text.split(/\r?\n/)) {
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(line.trim()) ?? []
    const [, second = '', value = ''] = /^(\S+)\s*(.*)$/.exec(rest) ?? []
    const key = word.toLowerCase() === 'menu' ? `menu ${second.toLowerCase()}` : word.toLowerCase()
    if (menu.labels.length > MOST_LABELS) return
    DIRECTIVES[key]?.({ value: key.startsWith('menu ') ? value : rest, path, place, menu, label: menu.labels.at(-1) })
  }
}

interface Said {
  readonly value: string
  readonly path: string
  readonly place: Place
  readonly menu: Menu
  /** The label that is being described. */
  readonly label: Label | undefined
}

const includes = ({ value, place, menu }: Said): void => {
  const [name = ''] = value.split(/\s/)
  const found = place.read(tidyPath(name.startsWith('/') ? name : `${place.directory}/${name}`))
  if (found === undefined || place.open.includes(found.path) || place.open.length > DEEPEST || menu.included++ > MOST_INCLUDED) return
  readLines(found, { ...place, open: [...place.open, found.path] }, menu)
}

const kernel = ({ value, label }: Said): void => {
  if (label !== undefined) label.kernel = value.split(/\s/)[0] as string
}

const DIRECTIVES: Readonly<Record<string, (said: Said) => void>> = {
  default: ({ value, menu }) => { menu.wanted = value.split(/\s/)[0] as string },
  label: ({ value, path, menu }) => { menu.labels.push({ name: value, file: path, kernel: '' }) },
  kernel, linux: kernel,
  initrd: ({ value, label }) => { if (label !== undefined) label.initrd = value },
  append: ({ value, menu, label }) => {
    if (label === undefined) menu.append = value
    else label.append = value
  },
  // A caret marks the letter to press.
  'menu label': ({ value, label }) => { if (label !== undefined) label.title = value.replace('^', '') },
  'menu default': ({ menu, label }) => { menu.marked = label },
  include: includes, 'menu include': includes,
}

const INITRD = /(?:^|\s)initrd=(\S+)/

function initrdOf({ initrd, append }: Label, common: string): { readonly initrd?: string } {
  const found = initrd ?? INITRD.exec(append ?? common)?.[1]
  return found === undefined ? {} : { initrd: found }
}

/** `append -` is an empty line of its own. */
function cmdlineOf({ append }: Label, common: string): string {
  return (append === '-' ? '' : (append ?? common)).replace(INITRD, '').trim()
}
