/** What overlayfs says in the kernel log while it is used, long after the mount; and its notes that mean less than they seem. */

import type { FindingCode } from '../../../errors/codes.ts'

export interface RunningRow {
  readonly words: RegExp
  readonly codes: readonly FindingCode[]
  /** Something fails with it; else it is a remark. */
  readonly fails: boolean
}

const fails = (words: RegExp, ...codes: FindingCode[]): RunningRow => ({ words, codes, fails: true })
const notes = (words: RegExp, ...codes: FindingCode[]): RunningRow => ({ words, codes, fails: false })

export const RUNNING: readonly RunningRow[] = [
  fails(/^refusing to follow (?:metacopy origin|redirect) for \((?<path>[^)\n]{0,4096})\)/, 'metacopy-mismatch'),
  fails(/^metacopy with no lower data found|^lazy lowerdata lookup failed|^metacopy file '|^(?:invalid|unsupported) (?:metacopy|xattr size|version)/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^lower file '.{0,400}' has (?:the wrong|no) fs-verity digest|^failed to load fs-verity|has no digest specified/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^invalid redirect \(/, 'metacopy-mismatch', 'lower-modified'),
  fails(/^failed lookup in lower \(.{0,4400}?err=-40\)/, 'upper-inside-lower', 'layers-overlap'),
  fails(/^failed lookup in (?:upper|lower) \(/, 'lower-modified', 'unknown'),
  fails(/^(?:suspected (?:uncovered|multiply) redirected dir|bad index found|orphan index entry|stale index entry)/, 'index-mismatch', 'lower-modified'),
  fails(/wrong (?:inherited )?casefold/, 'casefold-mismatch'),
  fails(/^(?:overlayfs: )?cleanup of '.{0,400}' failed/, 'work-dir-unusable'),
  fails(/is not (?:a )?supported (?:as )?(?:lower|upper) file ?system/i, 'upper-unsupported', 'lower-unsupported'),
  notes(/^upper fs does not support (?:tmpfile|RENAME_WHITEOUT|file handles)/, 'upper-unsupported', 'feature-dropped'),
  notes(/^failed to set uuid \(/, 'feature-dropped', 'upper-no-xattr'),
  notes(/^Failed to link whiteout/, 'feature-dropped'),
  notes(/^(?:null|conflicting) uuid detected in lower fs/, 'feature-dropped'),
]
