/** `ovl unit WORDS`: a `.mount` unit, printed or written. */

import type { Unit } from '../../fstab/unit.ts'
import { UNIT_DIRECTORY, mountUnit, writeUnit } from '../../ops/unit.ts'
import { quoteShell } from '../../names/shell.ts'
import { specFromWords } from '../../overlay/words.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { mountWords } from '../mount-words.ts'
import { renderUnit, renderWrittenUnit } from '../output/human/unit.ts'
import { absoluteHere } from '../../host/cwd.ts'

export async function handler(call: Call): Promise<Outcome> {
  const { text, flag, signal } = call
  const dryRun = flag['dry-run'] === true
  const { findings: warnings, ...unit } = mountUnit(specFromWords(mountWords(call)), { automount: flag['automount'] === true, nofail: flag['nofail'] === true, helper: flag['helper'] === true })
  const directory = text['write'] ?? UNIT_DIRECTORY
  if (text['write'] === undefined && !dryRun) return { data: unit, warnings, text: (view) => renderUnit(unit, view) }
  const written = await writeUnit(unit, { directory, dryRun, signal })
  return { data: { ...unit, written, dryRun }, warnings, text: () => renderWrittenUnit(written, dryRun), ...given(dryRun ? {} : { aside: nextStep(directory, unit), done: `the units are in '${directory}'` }) }
}

/** Where systemd does not look, it is told of the files. */
function nextStep(directory: string, { files, start }: Pick<Unit, 'files' | 'start'>): string {
  const links = /^(\/etc|\/run|(\/usr(\/local)?)?\/lib)\/systemd\/system\/?$/.test(directory) ? 'daemon-reload' : `link ${files.map(({ name }) => quoteShell(absoluteHere(`${directory}/${name}`))).join(' ')}`
  return `next: systemctl ${links} && systemctl enable --now ${quoteShell(start)}`
}
