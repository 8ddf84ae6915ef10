/** `ovl unit WORDS`: a `.mount` unit, printed or written. */

import { UNIT_DIRECTORY, mountUnit, writeUnit } from '../../ops/unit.ts'
import { quoteShell } from '../../names/shell.ts'
import { specFromWords } from '../../overlay/words.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { mountWords } from '../mount-words.ts'
import { renderUnit, renderWrittenUnit } from '../output/human/unit.ts'

export async function handler(call: Call): Promise<Outcome> {
  const { text, flag } = call
  const dryRun = flag['dry-run'] === true
  const { findings: warnings, ...unit } = mountUnit(specFromWords(mountWords(call)), { automount: flag['automount'] === true, nofail: flag['nofail'] === true, helper: flag['helper'] === true })
  const directory = text['write'] ?? UNIT_DIRECTORY
  const next = `next: systemctl daemon-reload && systemctl enable --now ${quoteShell(unit.start)}`
  if (text['write'] === undefined && !dryRun) return { data: unit, warnings, text: (view) => renderUnit(unit, view) }
  const written = writeUnit(unit, { directory, dryRun })
  return { data: { ...unit, written, dryRun }, warnings, text: () => renderWrittenUnit(written, dryRun), ...given({ aside: dryRun ? undefined : next }) }
}
