/** `ovl live mount SOURCE TARGET`: silent on success, but for what is to be known of room. */

import { mountLive, planOfLiveMount } from '../../ops/live-mount.ts'
import type { Call, Outcome } from '../define.ts'
import { given } from '../define.ts'
import { renderLiveMounted } from '../output/human/live.ts'
import { copyMeter } from '../output/meter.ts'
import { planOutcome } from '../plan-outcome.ts'

export async function handler({ positionals, flag, text, signal }: Call): Promise<Outcome> {
  const sources = positionals.slice(0, -1)
  const target = positionals.at(-1) ?? ''
  const { persist, size, cmdline } = text
  const options = { ...given({ persist, size, cmdline }), toram: flag['toram'] === true, mkdir: flag['mkdir'] === true, signal }
  if (flag['dry-run'] === true) return planOutcome(await planOfLiveMount(sources, target, options))
  const meter = await copyMeter(flag['quiet'] === true)
  try {
    const { warnings, unmount: _unmount, ...data } = await mountLive(sources, target, { ...options, ...(meter === undefined ? {} : { progress: meter.progress }) })
    return { data, warnings, silent: true, done: `'${data.target}' is mounted, and stays`, text: () => renderLiveMounted(data) }
  } finally {
    meter?.end()
  }
}
