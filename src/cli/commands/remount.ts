/** `ovl remount TARGET -o …`. */

import { planOfRemount, remount } from '../../ops/remount.ts'
import type { Call, Outcome } from '../define.ts'
import { renderRemounted } from '../output/human/remounted.ts'
import { planOutcome } from '../plan-outcome.ts'
import { usageError } from '../usage-error.ts'

export async function handler({ positionals, list, flag }: Call): Promise<Outcome> {
  const [target] = positionals as readonly [string]
  const words = (list['options'] ?? []).join(',')
  if (words === '') throw usageError('-o is missing: nothing is to change', undefined, 'remount')
  if (flag['dry-run'] === true) return planOutcome(planOfRemount(target, words))
  const data = await remount(target, words)
  return { data, silent: true, done: `'${target}' is remounted`, text: () => renderRemounted(data) }
}
