/**
 * What `findmnt --verify` complains of, as data. It never looks at the layers of an overlay; what it does
 * know are targets and lines. Its texts differ between releases, so a line that is not understood is left out.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { tidyPath } from '../../names/path.ts'
import type { Judged } from './boot.ts'
import type { Complaint } from './facts.ts'

/** Both streams of findmnt → complaints. A parse error is about the target `line N`. */
export function parseFindmnt(stdout: string, stderr: string): Complaint[] {
  const found: Complaint[] = []
  let target: string | undefined
  for (const line of stdout.split('\n')) {
    const [, mark, text] = /^\s+\[([ EW])\]\s+(.+)$/.exec(line) ?? []
    if (mark === undefined || text === undefined) target = line.startsWith('/') ? line.trimEnd() : undefined
    else if (target !== undefined && mark !== ' ') found.push({ target, grade: mark === 'E' ? 'error' : 'warning', text: text.trimEnd() })
  }
  for (const [, number = '', rest = ''] of `${stdout}\n${stderr}`.matchAll(/parse error at line (\d+)(.*)/g)) if (!found.some((one) => one.target === `line ${number}`)) found.push({ target: `line ${number}`, grade: 'error', text: `parse error at line ${number}${rest}`.trimEnd() })
  return found
}

/** Complaints that say something about an overlay; its source is no file, and its type none on disk. */
const SAYS: readonly (readonly [pattern: RegExp, code: FindingCode | undefined])[] = [
  [/required target|unreachable target/, 'target-missing'],
  [/specified more than once/, 'option-conflict'],
  [/wrong order/, 'lower-not-mounted-yet'],
  [/non-canonical target/, 'option-bad-value'],
  [/seems unsupported/, 'filesystem-type-renamed'],
  [/source|on-disk|root FS passno|FS type|non-bind/, undefined],
  [/./, 'unknown'],
]

/** Each complaint joins the finding that says the same, or stands as a note of its own. */
export function withFindmnt(findings: readonly Finding[], { index, spec, entry }: Judged): Finding[] {
  const told = [...findings]
  for (const { text } of [...(index.findmnt.get(tidyPath(spec.target)) ?? []), ...(index.findmnt.get(`line ${entry.line}`) ?? [])]) {
    const code = SAYS.find(([pattern]) => pattern.test(text))?.[1]
    if (code === undefined) continue
    const evidence = { fact: `findmnt --verify: ${text}`, source: 'message' } as const
    const at = told.findIndex((finding) => finding.code === code)
    const same = told[at]
    if (same !== undefined) told[at] = { ...same, evidence: [...same.evidence.filter(({ fact }) => fact !== evidence.fact), evidence] }
    // Of a type that the kernel has not loaded findmnt says that it is unsupported, and of two lines for a target the second one is at fault.
    else if (code !== 'filesystem-type-renamed' && code !== 'option-conflict') told.push(finding(code, { title: `findmnt says of '${spec.target}': ${text}`, severity: 'note', evidence: [evidence], fix: [] }))
  }
  return told
}
