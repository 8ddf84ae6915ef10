/**
 * What the boot menus of a medium offer: configuration texts of GRUB, isolinux and syslinux → boot entries. Every menu is
 * followed from its first file through what it includes; what depends on the machine (`if`) counts as true both ways.
 */

import { parseGrub } from './grub.ts'
import { parseSyslinux } from './syslinux.ts'

export interface BootEntry {
  /** As the menu shows it. */
  readonly title: string
  /** The configuration file it stands in. */
  readonly file: string
  readonly kernel: string
  readonly initrd?: string
  /** What the kernel is given, without kernel and initrd. */
  readonly cmdline: string
  /** What its own menu boots when nobody chooses. */
  readonly isDefault: boolean
}

/** The text of a configuration file; undefined when the medium has none there. Case counts only where two differ in it. */
export type ReadText = (path: string) => { readonly path: string; readonly text: string } | undefined

/** Where menus begin, in the order of preference, with their reader. */
const MENUS: readonly { readonly at: RegExp; readonly parse: (path: string, read: ReadText) => readonly BootEntry[] }[] = [
  { at: /^\/boot\/grub2?\/grub\.cfg$/i, parse: parseGrub },
  { at: /^\/efi\/[^/]+\/grub\.cfg$/i, parse: parseGrub },
  { at: /^\/boot\/grub2?\/loopback\.cfg$/i, parse: parseGrub },
  { at: /^\/(?:[^/]+\/)*(?:isolinux|syslinux|extlinux)\.cfg$/i, parse: parseSyslinux },
]

/** All entries, menu after menu; one that a second menu repeats word for word is left out. */
export function parseBootEntries(texts: Readonly<Record<string, string>>): readonly BootEntry[] {
  const paths = Object.keys(texts).toSorted()
  const lowerCase = new Map(paths.toReversed().map((path) => [path.toLowerCase(), path]))
  const read: ReadText = (wanted) => {
    const path = Object.hasOwn(texts, wanted) ? wanted : lowerCase.get(wanted.toLowerCase())
    return path === undefined ? undefined : { path, text: texts[path] as string }
  }
  const found = new Map<string, BootEntry>()
  for (const { at, parse } of MENUS) {
    for (const path of paths.filter((one) => at.test(one))) {
      for (const entry of found.size < MOST_ENTRIES ? parse(path, read) : []) {
        const { title, kernel, cmdline, file } = entry
        const key = JSON.stringify([title, kernel, cmdline, file])
        if (!found.has(key) && found.size < MOST_ENTRIES) found.set(key, entry)
      }
    }
  }
  return [...found.values()]
}

/** Far more than all menus of a medium have: each may be planned for. */
const MOST_ENTRIES = 500
