/** What a trial mount answers: data that passes from the child that mounted to whoever judges it. */

import type { FindingCode } from '../errors/codes.ts'
import type { Finding } from '../errors/finding.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { TrialFact, UpperProbe } from './facts.ts'

export interface TrialAnswer {
  /** What was done, in order, in words. */
  readonly tried: readonly string[]
  /** What could not be tried, and why. */
  readonly leftOut: readonly string[]
  /** The attempt; absent when none was made, or when ovl itself could say why it ended. */
  readonly trial?: TrialFact
  /** The overlay as the mount table showed it, with the names that were said. */
  readonly mounted?: OverlayMount
  /** What the file system of upper can do, where something could be made beside it. */
  readonly upper?: UpperProbe
  /** Why it ended, where no errno has to be explained. */
  readonly refused?: Refusal
  /** What would make the kernel fall back to read-only, seen in the real work directory. */
  readonly work?: WorkTrouble
}

export interface Refusal {
  readonly code: FindingCode
  readonly message: string
  readonly hint?: string
  readonly findings: readonly Finding[]
}

/** The kernel would not get `path` made or emptied. */
export interface WorkTrouble {
  readonly path: string
  readonly errno: string
}
