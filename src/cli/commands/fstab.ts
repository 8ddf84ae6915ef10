/** `ovl fstab WORDS`: the line of an overlay, printed, written or removed. */

import { FSTAB, formatFstab, removeFstab, specOfTarget, writeFstab } from '../../ops/fstab.ts'
import type { FstabChange } from '../../ops/fstab.ts'
import { specFromWords } from '../../overlay/words.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { lintFile } from '../fstab-lint.ts'
import { mountWords } from '../mount-words.ts'
import { renderFstabChange, renderFstabLine } from '../output/human/fstab.ts'
import { usageError } from '../usage-error.ts'

export async function handler(call: Call): Promise<Outcome> {
  const { text, flag, signal } = call
  const dryRun = flag['dry-run'] === true
  if (text['lint'] !== undefined) return lintFile(call, text['lint'], hasWords(call))
  if (text['root'] !== undefined) throw usageError('--root goes with --lint', undefined, 'fstab')
  const file = text['write'] ?? FSTAB
  if (text['remove'] !== undefined) {
    if (hasWords(call) || text['from'] !== undefined) throw usageError('--remove takes the target, and no other words', undefined, 'fstab')
    const data = await removeFstab(text['remove'], { file, dryRun, signal })
    return { data: { ...data, dryRun }, text: (view) => renderFstabChange(data, dryRun, view), ...daemonReload(dryRun, data), ...written(dryRun, data) }
  }
  const spec = await specOfCall(call)
  const { comment } = text
  const options = { file, automount: flag['automount'] === true, nofail: flag['nofail'] === true, helper: flag['helper'] === true, ...(comment === undefined || comment === '' ? {} : { comment }) }
  if (text['write'] === undefined && !dryRun) {
    const { findings, ...data } = formatFstab(spec, options)
    return { data, warnings: findings, text: (view) => renderFstabLine(data, comment !== undefined, view) }
  }
  const { findings, ...data } = await writeFstab(spec, { ...options, withComment: comment !== undefined, dryRun, signal })
  return { data: { ...data, dryRun }, warnings: findings, text: (view) => renderFstabChange(data, dryRun, view), ...daemonReload(dryRun, data), ...written(dryRun, data) }
}

/** The words, or a live mount in place of them. */
async function specOfCall(call: Call): Promise<OverlaySpec> {
  const { from } = call.text
  if (from === undefined) return specFromWords(mountWords(call))
  if (hasWords(call)) throw usageError('--from takes all words from the live mount; leave the others out', undefined, 'fstab')
  const { userspace } = specFromWords({ ...mountWords(call), positionals: [from], options: [['lowerdir=/a:/b'], call.list['options'] ?? []].flat() })
  return { ...(await specOfTarget(from)), userspace }
}

/** Words that say layers or a target; -o may still add words for boot. */
function hasWords({ positionals, list, text, flag }: Call): boolean {
  return positionals.length > 0 || list['lower'] !== undefined || list['data'] !== undefined || ['upper', 'work', 'size', 'idmap', 'source', 'label'].some((word) => text[word] !== undefined) || flag['tmpfs'] === true
}

/** systemd reads one fstab. */
const daemonReload = (dryRun: boolean, { file, did }: FstabChange): Partial<Outcome> => given({ aside: dryRun || did === 'unchanged' || file !== FSTAB ? undefined : 'next: systemctl daemon-reload, so that systemd reads it' })

const written = (dryRun: boolean, { file, did }: FstabChange): Partial<Outcome> => given({ done: dryRun || did === 'unchanged' ? undefined : `'${file}' is written` })
