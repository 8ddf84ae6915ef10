/** `ovl live status TARGET`. */

import { liveStatus } from '../../ops/live-status.ts'
import type { Call, Outcome } from '../define.ts'
import { renderLiveStatus } from '../output/human/live.ts'

export async function handler({ positionals }: Call): Promise<Outcome> {
  const [target] = positionals as readonly [string]
  const status = await liveStatus(target)
  return { data: status, text: (view) => renderLiveStatus(status, view) }
}
