/** What could not be looked at, in words: each unknown fact that a verdict may hang on. */

import type { Facts, Known } from './facts.ts'

/** Facts → one line for each blind spot; empty when everything was seen. */
export function unseenFacts({ paths, spec, work, overlays, holders, system, trial }: Facts): string[] {
  const lines: (string | undefined)[] = [
    trial === undefined ? undefined : blind('the kernel log', trial.kernel),
    blind('the mount table', overlays),
    overlays.known ? blind('who else uses upper and work', holders) : undefined,
    spec?.work === undefined || paths.some(({ role, errno }) => role === 'work' && errno !== undefined) ? undefined : blind('what lies in the work directory', work),
    ...paths.map(({ path, imageState }) => (imageState === undefined ? undefined : blind(`whether the image '${path}' was cleanly unmounted`, imageState))),
    blind('the defaults of the overlay module', system.moduleParameters),
    blind('whether this process may mount', system.mayMount),
    blind('whether overlay is registered', system.overlayRegistered),
  ]
  return lines.filter((line) => line !== undefined)
}

function blind(what: string, fact: Known<unknown>): string | undefined {
  return fact.known ? undefined : `${what}: ${fact.why}`
}
