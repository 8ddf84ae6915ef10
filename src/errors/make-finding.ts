/**
 * The one way to make a finding: what the finder saw, completed by the catalogue. It judges nothing.
 */

import { CATALOGUE } from './catalogue.ts'
import type { FindingCode } from './codes.ts'
import type { Confidence, Evidence, Finding, Fix, Severity } from './finding.ts'

/** What only the finder knows. `title` is one line that names the path or option at fault. */
export interface FindingDetails {
  readonly title: string
  readonly severity?: Severity
  readonly evidence?: readonly Evidence[]
  /** The safest first. */
  readonly fix?: readonly Fix[]
  /** `certain` unless said otherwise. */
  readonly confidence?: Confidence
  /** In place of the catalogue’s, where the case at hand can be explained better. */
  readonly explanation?: string
}

/** Code and details → finding; severity, explanation and docs come from the catalogue. */
export function finding(code: FindingCode, details: FindingDetails): Finding {
  const entry = CATALOGUE[code]
  return {
    code,
    severity: details.severity ?? entry.severity,
    title: details.title,
    explanation: details.explanation ?? entry.explanation,
    evidence: details.evidence ?? [],
    fix: details.fix ?? [],
    confidence: details.confidence ?? 'certain',
    docs: entry.docs,
  }
}
