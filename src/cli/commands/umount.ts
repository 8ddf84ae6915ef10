/** `ovl umount TARGET…`: each on its own, so that one that is busy does not keep the others mounted. */

import { clearStale, foreseeStale, planOfUnmount, unmount } from '../../ops/unmount.ts'
import type { StaleOptions, Unmounted, UnmountOptions } from '../../ops/unmount.ts'
import type { Finding } from '../../errors/finding.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { EXIT_PARTIAL } from '../exit-codes.ts'
import { renderUnmounted } from '../output/human/unmounted.ts'
import { planOutcome } from '../plan-outcome.ts'
import { usageError } from '../usage-error.ts'

export async function handler({ positionals: targets, flag, signal }: Call): Promise<Outcome> {
  const options = { lazy: flag['lazy'] === true, recursive: flag['recursive'] === true, force: flag['force'] === true, signal }
  const stale = flag['stale'] === true
  if (stale && targets.length > 0) throw usageError('--stale takes no TARGET', undefined, 'umount')
  if (!stale && targets.length === 0) throw usageError('TARGET is missing', undefined, 'umount')
  if (flag['dry-run'] === true) {
    if (!stale) return planOutcome({ steps: targets.flatMap((target) => planOfUnmount(target, options).steps) })
    const { plan, warnings } = foreseeStale(options)
    return { ...planOutcome(plan), warnings }
  }
  const { done, errors, warnings } = stale ? await clear(options) : { ...(await unmountEach(targets, options)), warnings: [] }
  if (done.length === 0 && errors.length === 1) throw errors[0]
  const exit = errors.length > 0 && done.length > 0 && !signal.aborted ? { exit: EXIT_PARTIAL } : {}
  return { data: done, errors, warnings, silent: true, ...given({ done: done.length === 0 ? undefined : `${done.map(({ target }) => `'${target}'`).join(', ')} ${done.length === 1 ? 'is' : 'are'} unmounted` }), text: () => renderUnmounted(done), ...exit }
}

async function clear(options: StaleOptions): Promise<{ done: readonly Unmounted[]; errors: readonly unknown[]; warnings: readonly Finding[] }> {
  const { cleared: done, errors, warnings } = await clearStale(options)
  return { done, errors, warnings }
}

async function unmountEach(targets: readonly string[], options: UnmountOptions & { readonly signal: AbortSignal }): Promise<{ done: Unmounted[]; errors: unknown[] }> {
  const done: Unmounted[] = []
  const errors: unknown[] = []
  for (const target of targets) {
    if (options.signal.aborted && errors.length > 0) break
    try {
      done.push(await unmount(target, options))
    } catch (error) {
      errors.push(error)
    }
  }
  return { done, errors }
}
