/** `ovl root TARGET`: a writable view of the running system; with --boot, what makes a system boot into one. */

import { planOfBootRoot, writeBootRoot } from '../../ops/root-boot.ts'
import { mountRoot, planOfRoot } from '../../ops/root.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { renderBoot } from '../output/human/boot.ts'
import { renderMounted } from '../output/human/mounted.ts'
import { planOutcome } from '../plan-outcome.ts'
import { usageError } from '../usage-error.ts'

export async function handler(call: Call): Promise<Outcome> {
  const { positionals, text, flag, signal } = call
  const { upper, size } = text
  if (upper !== undefined && flag['tmpfs'] === true) throw usageError('--tmpfs and --upper exclude each other', undefined, 'root')
  if (flag['boot'] === true) return boot(call)
  const target = positionals[0] as string
  const options = { ...given({ upper, size }), mkdir: flag['mkdir'] === true, signal }
  if (flag['dry-run'] === true) return planOutcome(await planOfRoot(target, options))
  const { warnings, unmount: _unmount, ...data } = await mountRoot(target, options)
  return { data, warnings, silent: true, done: `'${data.target}' is mounted, and stays`, text: () => renderMounted(data) }
}

async function boot({ positionals, text, flag }: Call): Promise<Outcome> {
  if (flag['mkdir'] === true) throw usageError('--mkdir has nothing to make: --boot is for a system that is there', undefined, 'root')
  const dryRun = flag['dry-run'] === true
  const data = (dryRun ? planOfBootRoot : writeBootRoot)(positionals[0] as string, given({ size: text['size'], device: text['upper'] }))
  return { data: { ...data, dryRun }, ...(dryRun ? {} : { done: 'the files are written' }), text: () => renderBoot(data, dryRun) }
}
