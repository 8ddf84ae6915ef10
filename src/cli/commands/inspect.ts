/** `ovl inspect TARGET`. */

import { inspect } from '../../ops/inspect.ts'
import type { Call, Outcome } from '../define.ts'
import { renderInspection } from '../output/human/inspect.ts'

export async function handler({ positionals }: Call): Promise<Outcome> {
  const [target] = positionals as readonly [string]
  const inspection = await inspect(target)
  return { data: inspection, text: (view) => renderInspection(inspection, view) }
}
