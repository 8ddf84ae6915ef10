/** `mount()` + `unmount()` of three layers: against the same system calls from C, and against spawning mount(8) and umount(8). */

import { execa } from 'execa'
import { mount, overlay } from '../../../dist/index.js'
import { must } from '../ground.mjs'
import { interleave, timed } from '../measure.mjs'

/** Until V8 has optimised what runs: measured, the time per mount falls until the 1,500th. */
const WARM_UP = 2000
const ROUNDS = 30
/** So many in a row, as a program does it that mounts much; few enough that the machine does not change between the contestants. */
const BATCH = 40
/** Not counted of each batch: the first ones after another process ran take several times as long, in C too. */
const COLD = 20

export async function measure({ small, peer }) {
  const { target, upper, work, lower } = small
  const spec = overlay().lower(...lower).upper(upper).work(work).at(target)
  const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`
  const ours = async () => (await mount(spec)).unmount()
  const spawned = async () => {
    await execa('mount', ['-t', 'overlay', 'overlay', '-o', options, target])
    await execa('umount', [target])
  }
  for (let i = 0; i < WARM_UP; i++) await ours()
  const times = await interleave(ROUNDS, {
    ours: () => batch(ours),
    // A process a batch, which times itself: its start is not counted.
    c: () => (peer.program === undefined ? undefined : runPeer(peer.program, BATCH, small).slice(COLD).map(([up, down]) => up + down)),
    spawned: () => timed(spawned),
  })
  const row = { work: 'mount() + unmount(), 3 layers', ours: times.ours }
  return [
    { ...row, against: 'the same system calls in C', theirs: times.c, missing: peer.why, target: { most: 2 } },
    { ...row, against: 'execa mount + execa umount', theirs: times.spawned, target: { least: 20 } },
  ]
}

/** The C program's own times, `[mount, umount]` in ms for each of `count` iterations. */
export function runPeer(program, count, { target, upper, work, lower }) {
  const printed = must(program, [String(count), target, upper, work, ...lower])
  return printed.trim().split('\n').map((line) => line.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6))
}

async function batch(work) {
  const times = []
  for (let i = 0; i < BATCH; i++) times.push(await timed(work))
  return times.slice(COLD)
}
