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
  const read: ReadText = (wanted) => {
    const path = Object.hasOwn(texts, wanted) ? wanted : paths.find((one) => one.toLowerCase() === wanted.toLowerCase())
    return path === undefined ? undefined : { path, text: texts[path] as string }
  }
  const all = MENUS.flatMap(({ at, parse }) => paths.filter((path) => at.test(path)).flatMap((path) => parse(path, read)))
  const same = (a: BootEntry, b: BootEntry): boolean => a.title === b.title && a.kernel === b.kernel && a.cmdline === b.cmdline && a.file === b.file
  return all.filter((entry, at) => all.findIndex((other) => same(entry, other)) === at)
}
