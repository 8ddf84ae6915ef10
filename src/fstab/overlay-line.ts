/** Which lines of an fstab are overlays, and what such a line means: its options read as its author meant them, faults and all. */

import type { Finding } from '../errors/finding.ts'
import { readHelperWords } from '../overlay/helper-options.ts'
import { parseMountOptions, splitOptions } from '../overlay/mount-options.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { readWords } from '../overlay/words.ts'
import type { FstabEntry } from './file.ts'

/** Who mounts it: the kernel by mount(8), fuse-overlayfs, or mount.ovl. */
export type LineKind = 'kernel' | 'fuse' | 'helper'

export interface Meant {
  readonly kind: LineKind
  readonly spec: OverlaySpec & { readonly target: string }
  readonly faults: readonly Finding[]
}

/** By its type alone: what `--write` and `--remove` may touch. */
export function isOverlayLine({ type }: Pick<FstabEntry, 'type'>): boolean {
  return kindOfType(type) !== undefined
}

/** By its type, or because only an overlay has such options (`none … lowerdir=…`). */
export function overlayKind({ type, options }: Pick<FstabEntry, 'type' | 'options'>): LineKind | undefined {
  return kindOfType(type) ?? (/^(none|auto|aufs|bind|ext[234]|tmpfs)$/.test(type) && /(^|,)(lowerdir\+?|upperdir)[=:]/.test(options) ? 'kernel' : undefined)
}

function kindOfType(type: string): LineKind | undefined {
  if (type === 'ovl') return 'helper'
  if (type === 'overlay' || type === 'overlayfs') return 'kernel'
  return /^fuse\.(fuse-)?(overlayfs|ovl)$|^fuse-overlayfs$/.test(type) ? 'fuse' : undefined
}

/** The overlay that the line means. Escapes of mount(8) and overlayfs are understood; who of its readers does not, is for the lint. */
export function meantBy({ source, target, options }: Pick<FstabEntry, 'source' | 'target' | 'options'>, kind: LineKind): Meant {
  if (kind === 'helper') {
    const { words, faults } = readHelperWords(source, target, [options])
    const read = readWords(words)
    return { kind, spec: { ...read.spec, source, target }, faults: [...faults, ...read.faults] }
  }
  const { lower = [], data = [], faults, mkdir: _, ...rest } = parseMountOptions(options)
  const path = (name: string): { path: string } => ({ path: name })
  return { kind, spec: { ...EMPTY_SPEC, ...rest, lower: lower.map(path), data: data.map(path), source, target }, faults }
}

/** The words of a line of any type. */
export function wordsOf({ options }: Pick<FstabEntry, 'options'>): string[] {
  return splitOptions(options)
}
