/** `ovl list`. */

import { survey } from '../../ops/list.ts'
import type { Call, Outcome } from '../define.ts'
import { renderList } from '../output/human/list.ts'

export async function handler({ flag, signal }: Call): Promise<Outcome> {
  const { overlays, warnings } = await survey({ allNamespaces: flag['all-namespaces'] === true, signal })
  return { data: overlays, warnings, text: (view) => renderList(overlays, view) }
}
