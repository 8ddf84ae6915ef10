/** Views for render tests. */

import { PLAIN_STYLE } from '../../src/cli/output/view.ts'
import type { View } from '../../src/cli/output/view.ts'

/** A plain UTF-8 terminal of 80 columns, unless said otherwise. */
export function view(more: Partial<View> = {}): View {
  return { columns: 80, unicode: true, verbose: false, style: PLAIN_STYLE, ...more }
}
