/** What `ovl diagnose` does beside diagnosing: facts into a file and out of it, and the page about a code. */

import type { Case } from '../diagnose/case.ts'
import { redactCase } from '../diagnose/redact.ts'
import type { FindingCode } from '../errors/codes.ts'
import { longText, renderLongText } from '../errors/long.ts'
import type { LongText } from '../errors/long.ts'
import { readCase, writeCase } from '../host/facts-file.ts'

/** Writes a case to a file that only its owner can read; without names where `redact` is said. */
export async function saveCase(path: string, judged: Case, redact: boolean, signal?: AbortSignal): Promise<void> {
  await writeCase(path, redact ? redactCase(judged) : judged, signal)
}

/** @throws OvlError usage, when it is no facts file */
export function readCaseFile(path: string, signal?: AbortSignal): Promise<Case> {
  return readCase(path, signal)
}

/** The page about a code: what it is, why the kernel insists, how to see it, how to mend it. */
export function explainCode(code: FindingCode): { readonly page: LongText & { readonly code: FindingCode }; readonly text: string } {
  return { page: { code, ...longText(code) }, text: renderLongText(code) }
}
