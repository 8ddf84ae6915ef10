/**
 * OverlaySpec: what is to be mounted, unescaped, as data. Everything that says a mount (builder,
 * mount words, fstab) becomes one of these; everything that mounts or prints starts from one.
 */

import type { OptionName } from './options.ts'

/** One lower layer: a directory, or an image file that is attached read-only. Paths are names (see names/bytes.ts). */
export interface LowerLayer {
  readonly path: string
  /** Id mapping of this layer alone, in the words of mount(8)'s X-mount.idmap. */
  readonly idmap?: string
  /** Through a private read-only bind mount of the directory alone, without what is mounted below it. */
  readonly bind?: true
}

/** Mount flags of the overlay itself. Those of its layers' mounts are never inherited. */
export const MOUNT_FLAGS = [
  'ro', 'nosuid', 'nodev', 'noexec', 'noatime', 'relatime', 'strictatime', 'nodiratime', 'nosymfollow', 'sync', 'dirsync', 'lazytime',
] as const
export type MountFlag = (typeof MOUNT_FLAGS)[number]

/** Propagation of the new mount, as mount(8) spells it. */
export const PROPAGATIONS = ['private', 'slave', 'shared', 'unbindable', 'rprivate', 'rslave', 'rshared', 'runbindable'] as const
export type Propagation = (typeof PROPAGATIONS)[number]

export interface OverlaySpec {
  /** Where it is mounted; absent while only options are being said. */
  readonly target?: string
  /** The first field in the mount table. */
  readonly source: string
  /** Topmost first, the order of `lowerdir=`. */
  readonly lower: readonly LowerLayer[]
  /** Data-only layers (`::`), below all others. */
  readonly data: readonly LowerLayer[]
  readonly upper?: string
  /** On the same mount as upper; an upper without it is refused (the builder and `-u` fill in `<upper>.work`). */
  readonly work?: string
  /** The work directory was not said but derived, so it is made if missing. */
  readonly workDerived?: boolean
  /** Upper and work on a fresh tmpfs; `size` as tmpfs takes it (`64m`, `50%`). */
  readonly tmpfs?: { readonly size?: string }
  /** Overlay options that were set, as the kernel spells their values; a flag is `true`. */
  readonly options: Readonly<Partial<Record<OptionName, string | true>>>
  readonly flags: readonly MountFlag[]
  readonly propagation?: Propagation
  /** Other words for the kernel that no table here knows; passed on as they are, at the end. */
  readonly unknown: readonly { readonly key: string; readonly value?: string }[]
  /** SELinux context of the whole mount (`context=`). */
  readonly label?: string
  /** Make target, upper and work. */
  readonly mkdir: boolean
  /** `x-*`, `X-*`, `comment=`, `nofail` …: words for userspace that the kernel never sees. */
  readonly userspace: readonly string[]
}

/** The empty spec that builders and parsers start from. */
export const EMPTY_SPEC: OverlaySpec = { source: 'overlay', lower: [], data: [], options: {}, flags: [], unknown: [], mkdir: false, userspace: [] }

/** True when nothing can be written through the mount: no upper at all, or `ro` asked for. */
export function isReadOnly(spec: OverlaySpec): boolean {
  return (spec.upper === undefined && spec.tmpfs === undefined) || spec.flags.includes('ro')
}
