/** The kernel's limit of 500 layers, each with a path of 200 bytes: far beyond what a mount(2) string holds. */

import { join } from 'node:path'
import { mount, overlay } from '../../../dist/index.js'
import { layOut } from '../ground.mjs'
import { interleave, timed } from '../measure.mjs'
import { runPeer } from './library.mjs'

const LAYERS = 500
const PATH_BYTES = 200
const ROUNDS = 20

export async function measure({ place, peer }) {
  // OVL_MAX_STACK counts the lowers; upper comes on top of them.
  const lower = Array.from({ length: LAYERS }, (_, i) => join(place, 'many', `${i}-`.padEnd(PATH_BYTES - join(place, 'many/').length, 'x')))
  const many = layOut(place, 'many', lower)
  const spec = overlay().lower(...lower).upper(many.upper).work(many.work).at(many.target)
  let mounted
  const ours = async () => {
    const took = await timed(async () => (mounted = await mount(spec)))
    await mounted.unmount()
    return took
  }
  await ours()
  const times = await interleave(ROUNDS, { ours, c: () => (peer.program === undefined ? undefined : runPeer(peer.program, 1, many).map(([up]) => up)) })
  const work = `mount() of ${LAYERS} layers of ${PATH_BYTES}-byte paths`
  return [{ work, ours: times.ours, against: 'the same system calls in C', theirs: times.c, missing: peer.why, target: { mostMs: 10 } }]
}
