/** When it happened: while mounting, remounting, unmounting, booting; or while the mounted tree was used. */

import type { OptionString } from './option-strings.ts'

export type Moment = 'mount' | 'remount' | 'unmount' | 'use' | 'unknown'

interface Spoken {
  readonly text: string
  readonly typed: boolean
  readonly aftermath: boolean
}

const ROWS: readonly { readonly moment: Moment; readonly words: RegExp }[] = [
  { moment: 'remount', words: /-o [\w,]{0,80}\bremount\b|\bremount(?:ing)?\b|remount-fs|not mounted or bad option|No changes allowed in reconfigure/i },
  { moment: 'mount', words: /\bmount: |mount(?:ing|ed)? (?:the )?(?:overlay|rootfs|source|callback)|overlay(?:fs)? mount|\bmount (?:-t|overlay)|failed to mount|error mounting|cannot mount|can't (?:make overlay )?mount|unable to mount|fail(?:ed|ure)? (?:to|while|in) (?:\w{1,12} )?mount|fsconfig\(|mount\(2\)|snapshotter|graphdriver|storage[- ]driver|mountfrom re-exec|mount point|mount_data=|register layer|rendering overlay|type overlay\)/i },
  // rm speaks of files; what it says of a mount point is EBUSY, which both moments explain alike.
  { moment: 'use', words: /^(?:\S{0,40}\/)?rm(?:dir)?: cannot remove '/ },
  { moment: 'unmount', words: /\bumount\b|unmount|failed to remove (?:root )?filesystem|unlinkat|removing directory|cannot remove '/i },
  { moment: 'use', words: /^[\w./+-]{1,60}(?:\[\d+\])?: (?!mount)[^\n]{0,300}(?:: |\()[A-Z]|^\w{2,20}:[^\n]{0,200}cannot|\[Errno \d|os error \d|can't move|cannot (?:touch|move|rename|create|open|remove|stat)|renam(?:e|ing)|mkdir|unable to (?:open|create|write)|fail(?:s|ed) (?:to|with)|exec: /i },
]

/** The first that fits the lines that are no aftermath, else any line. */
export function kindOf(lines: readonly Spoken[], options: readonly OptionString[]): Moment {
  const telling = lines.filter(({ aftermath }) => !aftermath)
  const spoken = telling.length > 0 ? telling : lines
  const row = ROWS.find(({ words }) => spoken.some(({ text }) => words.test(text.slice(0, 2000))))
  if (row?.moment === 'remount' || row?.moment === 'mount') return row.moment
  return options.length > 0 ? 'mount' : (row?.moment ?? 'unknown')
}
