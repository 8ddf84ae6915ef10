/** `ovl --version`, against a Node that does nothing: what must not be loaded for it is not loaded. */

import { OVL } from '../ground.mjs'
import { interleave, timedEmptyNode, timedProcess } from '../measure.mjs'

const ROUNDS = 60

export async function measure() {
  timedVersion()
  timedEmptyNode()
  const times = await interleave(ROUNDS, { ours: timedVersion, nothing: timedEmptyNode })
  return [{ work: 'ovl --version', ours: times.ours, against: 'node -e 0', theirs: times.nothing, target: { most: 1.1 } }]
}

const timedVersion = () => timedProcess(process.execPath, [OVL, '--version'])
