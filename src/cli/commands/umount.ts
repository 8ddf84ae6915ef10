/** `ovl umount TARGET…`: each on its own, so that one that is busy does not keep the others mounted. */

import { planOfUnmount, planOfUnmountStale, unmount, unmountStale } from '../../ops/unmount.ts'
import type { Unmounted } from '../../ops/unmount.ts'
import { given } from '../define.ts'
import type { Call, Outcome } from '../define.ts'
import { EXIT_PARTIAL } from '../exit-codes.ts'
import { renderUnmounted } from '../output/human/unmounted.ts'
import { planOutcome } from '../plan-outcome.ts'
import { usageError } from '../usage-error.ts'

export async function handler({ positionals: targets, flag, signal }: Call): Promise<Outcome> {
  const options = { lazy: flag['lazy'] === true, recursive: flag['recursive'] === true, signal }
  const stale = flag['stale'] === true
  if (stale && targets.length > 0) throw usageError('--stale takes no TARGET', undefined, 'umount')
  if (!stale && targets.length === 0) throw usageError('TARGET is missing', undefined, 'umount')
  if (flag['dry-run'] === true) {
    return planOutcome(stale ? planOfUnmountStale() : { steps: targets.flatMap((target) => planOfUnmount(target, options).steps) })
  }
  const { done, errors } = stale ? { done: await unmountStale(), errors: [] } : await unmountEach(targets, options)
  if (done.length === 0 && errors.length === 1) throw errors[0]
  const exit = errors.length > 0 && done.length > 0 && !signal.aborted ? { exit: EXIT_PARTIAL } : {}
  return { data: done, errors, silent: true, ...given({ done: done.length === 0 ? undefined : `${done.map(({ target }) => `'${target}'`).join(', ')} ${done.length === 1 ? 'is' : 'are'} unmounted` }), text: () => renderUnmounted(done), ...exit }
}

async function unmountEach(targets: readonly string[], options: { lazy: boolean; recursive: boolean; signal: AbortSignal }): Promise<{ done: Unmounted[]; errors: unknown[] }> {
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
