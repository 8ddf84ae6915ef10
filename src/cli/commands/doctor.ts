/** `ovl doctor [DIR]`: 1 when overlays cannot be used here at all, 2 when that could not be found out. */

import { doctor } from '../../ops/doctor.ts'
import type { Call, Outcome } from '../define.ts'
import { renderCheckup } from '../output/human/doctor.ts'

const EXITS = { yes: 0, no: 1, unknown: 2 } as const

export async function handler({ positionals: [dir], signal }: Call): Promise<Outcome> {
  const checkup = await doctor({ signal, ...(dir === undefined ? {} : { dir }) })
  return { data: checkup, exit: EXITS[checkup.usable], text: (view) => renderCheckup(checkup, view) }
}
