/** `ovl live umount TARGET`. */

import { planOfLiveUnmount, unmountLive } from '../../ops/live.ts'
import type { Call, Outcome } from '../define.ts'
import { renderUnmounted } from '../output/human/unmounted.ts'
import { planOutcome } from '../plan-outcome.ts'

export async function handler({ positionals, flag, signal }: Call): Promise<Outcome> {
  const [target] = positionals as readonly [string]
  const options = { lazy: flag['lazy'] === true, signal }
  if (flag['dry-run'] === true) return planOutcome(planOfLiveUnmount(target, options))
  const done = await unmountLive(target, options)
  return { data: done, silent: true, done: `'${target}' is unmounted`, text: () => renderUnmounted([done]) }
}
