/**
 * What the lint goes by, as data: the parsed file, what the directories of its overlay lines are on this
 * system or in an image, and the programs that will read it. Collected by host/lint-facts.ts.
 */

import type { JoinedFact, Known, PathFact } from '../../diagnose/facts.ts'
import type { FstabFile } from '../file.ts'

export interface LintFacts {
  /** As it was named. */
  readonly file: string
  readonly parsed: FstabFile
  /** The directory an image is unpacked in; absent when the file is this system’s own. */
  readonly root?: string
  /** Every path of every overlay line. */
  readonly paths: readonly LintPath[]
  /** Longer paths that exist, by line: what was cut at a colon or comma. */
  readonly joined: readonly { readonly line: number; readonly joined: JoinedFact }[]
  /** Version of mount(8), `2.38.1`. */
  readonly mountVersion: Known<string>
  /** Whether systemd is what boots it. */
  readonly systemd: Known<boolean>
  /** Type of the file system at `/` now; not known of an image. */
  readonly rootType: Known<string>
  /** Programs that lines of type ovl and fuse.fuse-overlayfs need, and whether they are where boot looks for them. */
  readonly programs: Readonly<Record<LintProgram, Known<boolean>>>
  /** What `findmnt --verify` complains of. */
  readonly findmnt: readonly Complaint[]
}

export type LintProgram = 'mount.ovl' | 'node' | 'fuse-overlayfs'

export interface LintPath {
  readonly line: number
  /** `path` as said; `absolute` where it was looked at, below the root of the image. */
  readonly fact: PathFact
  /** Where it leads, step by step: each directory on the way, symlinks before and after they are followed; without the root of the image. */
  readonly places: readonly string[]
  /** The mount that it lies on now, when no line of the file mounts it; `/` is left out. */
  readonly unlisted?: string
  /** Mount points of this file that it lies on and that are mounted now. */
  readonly mounted: readonly string[]
}

/** One line of findmnt, about a target. */
export interface Complaint {
  readonly target: string
  readonly grade: 'error' | 'warning'
  readonly text: string
}
