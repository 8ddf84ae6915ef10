/** A finding is one named cause, in the words every command of ovl shares. */

import type { FindingCode } from './codes.ts'

export type Severity = 'error' | 'warning' | 'note'

/** How sure: `certain` means the fact itself was seen on this system or said by the kernel. */
export type Confidence = 'certain' | 'likely' | 'possible'

/** Where a piece of evidence was seen. */
export type EvidenceSource = 'stat' | 'statfs' | 'mountinfo' | 'kernel-log' | 'fs-context' | 'message' | 'probe' | 'proc' | 'sysfs' | 'file'

export interface Evidence {
  readonly fact: string
  readonly source: EvidenceSource
}

/** One way out. `command` is complete and can be pasted into a shell. */
export interface Fix {
  readonly text: string
  readonly command?: string
}

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** One line that names the path or option at fault. */
  readonly title: string
  /** Why the kernel refuses, in two or three sentences a newcomer understands. */
  readonly explanation: string
  readonly evidence: readonly Evidence[]
  /** The safest first. */
  readonly fix: readonly Fix[]
  readonly confidence: Confidence
  /** Where to read on. */
  readonly docs: string
}
