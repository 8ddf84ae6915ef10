/** What a live system would stack from a medium: read it, then ask the rules. */

import { readMedium } from '../host/medium.ts'
import type { ReadMediumOptions } from '../host/medium.ts'
import { planLive } from '../live/live-plan.ts'
import type { LivePlan, LivePlanOptions } from '../live/live-plan.ts'

export { readMedium }
export type { ReadMediumOptions }

/**
 * The plan of a live medium. Nothing is mounted; no root is needed.
 * @throws OvlError live-not-found, image-unreadable, usage, interrupted
 */
export async function planLiveMedium(sources: string | readonly string[], options: LivePlanOptions & ReadMediumOptions = {}): Promise<LivePlan> {
  return planLive(await readMedium(sources, options), options)
}
