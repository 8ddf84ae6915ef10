/**
 * A fault of something said: what is wrong before any system is asked. Faults are collected, never
 * thrown one by one, and become findings through the catalogue.
 */

import { finding } from '../errors/make-finding.ts'
import type { FindingCode } from '../errors/codes.ts'
import type { Finding, Fix, Severity } from '../errors/finding.ts'
import { OvlError } from '../errors/ovl-error.ts'

/** A fault as a finding: the words themselves are the proof, so it is certain. */
export function fault(code: FindingCode, title: string, fix: readonly Fix[] = [], severity: Severity = 'error'): Finding {
  return finding(code, { title, severity, fix, evidence: [{ fact: title, source: 'message' }] })
}

/** Throws one error for all faults of severity error; returns the rest as warnings. */
export function refuseFaults(faults: readonly Finding[]): Finding[] {
  const errors = faults.filter(({ severity }) => severity === 'error')
  const [first] = errors
  if (first !== undefined) {
    throw new OvlError(first.code, errors.length === 1 ? first.title : `${first.title} (and ${errors.length - 1} more)`, {
      findings: faults,
      ...(first.fix[0] === undefined ? {} : { hint: first.fix[0].text }),
    })
  }
  return [...faults]
}
