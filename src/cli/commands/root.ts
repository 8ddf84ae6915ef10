/** `ovl root TARGET`: a writable view of the running system. */

import { mountRoot, planOfRoot } from '../../ops/root.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { renderMounted } from '../output/human/mounted.ts'
import { planOutcome } from '../plan-outcome.ts'
import { usageError } from '../usage-error.ts'

export async function handler({ positionals, text, flag, signal }: Call): Promise<Outcome> {
  const { upper, size } = text
  if (upper !== undefined && flag['tmpfs'] === true) throw usageError('--tmpfs and --upper exclude each other', undefined, 'root')
  const target = positionals[0] as string
  const options = { ...given({ upper, size }), mkdir: flag['mkdir'] === true, signal }
  if (flag['dry-run'] === true) return planOutcome(await planOfRoot(target, options))
  const { warnings, unmount: _unmount, ...data } = await mountRoot(target, options)
  return { data, warnings, silent: true, text: () => renderMounted(data) }
}
