/**
 * What lies on a live medium, as data: src/host/medium.ts reads it, the rules of this folder look at it.
 * Paths inside the medium are absolute, `/casper/filesystem.squashfs`; those of bare images are the files themselves.
 */

import type { ImageType } from '../plan/step.ts'
import { baseName, parentPath } from '../names/path.ts'

/** Bytes inside an ISO file. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

export interface MediumFile {
  readonly path: string
  readonly size: number
  readonly kind: 'file' | 'directory' | 'symlink'
  /** Where its bytes lie inside the ISO file, in order; together they are `size`. */
  readonly extents?: readonly Extent[]
  /** Type of the file system in it, for files that are named like an image; `unknown` when it holds none that is known. */
  readonly image?: ImageType | 'unknown'
  /** It ends before the file system in it does, or lies partly behind the end of the ISO file. */
  readonly cutShort?: true
}

export interface Medium {
  /** Absolute path of what was said. */
  readonly source: string
  readonly kind: 'iso' | 'directory' | 'images'
  readonly volumeId?: string
  readonly files: readonly MediumFile[]
  /** Content of the files that the rules read, by path. */
  readonly texts: Readonly<Record<string, string>>
  /** Set when there were more entries than are looked at. */
  readonly incomplete?: true
  /** What could not be read although the rules ask for it, as a sentence without its full stop. */
  readonly unread?: string
}

/** The entries directly in a directory. */
export function filesIn(medium: Medium, directory: string): readonly MediumFile[] {
  return medium.files.filter(({ path }) => parentPath(path) === directory && path !== '/')
}

export function findFile(medium: Medium, path: string): MediumFile | undefined {
  return medium.files.find((file) => file.path === path)
}

/** `squashfs` of `/casper/a.b.squashfs`; empty without a dot. */
export function extensionOf(path: string): string {
  const name = baseName(path)
  const at = name.lastIndexOf('.')
  return at < 0 ? '' : name.slice(at + 1)
}

/** Files larger than this are no configuration. */
export const LARGEST_TEXT = 256 * 1024

const TEXTS: readonly RegExp[] = [
  /^\/\.disk\/info$/,
  // GRUB, isolinux, syslinux, systemd-boot
  /^\/(?:boot|efi|isolinux|syslinux|loader|grub2?|arch)\/(?:.*\/)?[^/]*\.(?:cfg|conf)$/i,
  /^\/[^/]*\.cfg$/,
  /\.module$/,
  /\/(?:casper|default-layer)\.conf$/,
  /\/install-sources\.yaml$/,
]

/** True for the small files whose text the rules read. */
export function isConfiguration({ path, size, kind }: Pick<MediumFile, 'path' | 'size' | 'kind'>): boolean {
  return kind === 'file' && size <= LARGEST_TEXT && TEXTS.some((pattern) => pattern.test(path))
}

/** Named like an image of a file system: worth a look at its first bytes. */
export function isNamedLikeImage(path: string): boolean {
  return /\.(?:squashfs(?:-[\w.-]+)?|sfs|erofs|ext[234]|xfs|btrfs|img)$/i.test(path)
}
