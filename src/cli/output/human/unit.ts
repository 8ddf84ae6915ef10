/** Results of `ovl unit`: the text of the unit, or where it was written. */

import type { Unit } from '../../../fstab/unit.ts'
import type { WrittenUnit } from '../../../ops/unit.ts'
import { showName } from '../escape.ts'
import type { View } from '../view.ts'
import { shown } from './fstab.ts'

/** Each file under its name, which is a comment in a unit; reasons with -v. */
export function renderUnit({ files, reasons }: Pick<Unit, 'files' | 'reasons'>, view: Pick<View, 'verbose' | 'columns'>): string {
  const why = view.verbose ? reasons.map((reason) => `# ${reason.option}: ${reason.why}`) : []
  return files.map(({ name, text }, at) => [`# ${name}`, ...(at === 0 ? why : []), text].map((part) => part.split('\n').map((line) => shown(line, view)).join('\n')).join('\n')).join('\n')
}

export function renderWrittenUnit(written: readonly WrittenUnit[], dryRun: boolean): string {
  return written.map(({ path, did }) => `${showName(path)}: ${did === 'unchanged' ? 'says it already' : dryRun ? `would be ${did}` : did}\n`).join('')
}
