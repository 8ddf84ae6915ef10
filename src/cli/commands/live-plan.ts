/** `ovl live plan SOURCE`: what would be stacked; 32 when the live system would not come up. */

import { planLiveMedium } from '../../ops/live-plan.ts'
import type { Call, Outcome } from '../define.ts'
import { renderLivePlan } from '../output/human/live-plan.ts'

const WOULD_FAIL = 32

export async function handler({ positionals, text: { cmdline }, signal }: Call): Promise<Outcome> {
  const plan = await planLiveMedium(positionals, { signal, ...(cmdline === undefined ? {} : { cmdline }) })
  const wrong = plan.findings.some(({ severity }) => severity === 'error')
  return { data: plan, ...(wrong ? { exit: WOULD_FAIL } : {}), text: (view) => renderLivePlan(plan, view) }
}
