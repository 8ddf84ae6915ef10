/** `ovl mount` as a whole process, against a Node that does nothing. */

import { must, OVL } from '../ground.mjs'
import { interleave, timedEmptyNode, timedProcess } from '../measure.mjs'

const ROUNDS = 40

export async function measure({ small: { target, upper, work, lower } }) {
  const words = ['mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`, target]
  const ours = () => {
    const took = timedProcess(process.execPath, [OVL, ...words])
    must('umount', [target])
    return took
  }
  ours()
  timedEmptyNode()
  const times = await interleave(ROUNDS, { ours, nothing: timedEmptyNode })
  return [{ work: 'ovl mount, as a process', ours: times.ours, against: 'node -e 0', theirs: times.nothing, target: { most: 1.35 } }]
}
