/** `ovl diagnose WORDS` as a whole process, its trial mount included and left out, against a Node that does nothing. */

import { OVL } from '../ground.mjs'
import { interleave, timedEmptyNode, timedProcess } from '../measure.mjs'

const ROUNDS = 40
const MOST = { mostBeyondMs: 100 }

export async function measure({ small: { target, upper, work, lower } }) {
  const words = [...lower.flatMap((path) => ['-l', path]), '-u', upper, '-w', work, target]
  const withTrial = () => timedProcess(process.execPath, [OVL, 'diagnose', ...words])
  const without = () => timedProcess(process.execPath, [OVL, 'diagnose', '--no-trial', ...words])
  for (const warm of [withTrial, without, timedEmptyNode]) warm()
  const times = await interleave(ROUNDS, { withTrial, without, nothing: timedEmptyNode })
  return [
    { work: 'ovl diagnose WORDS', ours: times.withTrial, against: 'node -e 0', theirs: times.nothing, target: MOST },
    { work: 'ovl diagnose --no-trial WORDS', ours: times.without, against: 'node -e 0', theirs: times.nothing, target: MOST },
  ]
}
