/** `ovl live pack TARGET OUT`: one line of what was made, and what to do with it. */

import { packLive, planOfLivePack } from '../../ops/live-pack.ts'
import type { Call, Outcome } from '../define.ts'
import { renderLivePacked } from '../output/human/live-packed.ts'
import { renderPlan } from '../output/human/plan.ts'
import { packMeter } from '../output/meter.ts'

export async function handler({ positionals, flag, signal }: Call): Promise<Outcome> {
  const [target, out] = positionals as readonly [string, string]
  const options = { layer: flag['layer'] === true, signal }
  if (flag['dry-run'] === true) {
    const { warnings, steps, shell, ...plan } = await planOfLivePack(target, out, options)
    return { data: { dryRun: true, ...plan, steps, shell }, warnings, text: (view) => renderPlan(steps, shell, view) }
  }
  const meter = await packMeter(flag['quiet'] === true)
  try {
    const { warnings, ...data } = await packLive(target, out, { ...options, ...(meter === undefined ? {} : { progress: meter.progress }) })
    return { data, warnings, done: `'${out}' is written`, text: () => renderLivePacked(data) }
  } finally {
    meter?.end()
  }
}
