/** `ovl list` with a thousand overlays, against findmnt(8), each less its own start-up: the same command with none. */

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mountLegacy } from '../../../dist/host/syscalls/mount-legacy.js'
import { layOut, mountTmpfs, OVL } from '../ground.mjs'
import { interleave, timedProcess } from '../measure.mjs'

const MOUNTS = 1000
/** With and without the mounts by turns: start-up drifts by more than the work takes. */
const TURNS = 4
const ROUNDS = 12

export async function measure({ place }) {
  const crowd = join(place, 'crowd')
  mkdirSync(crowd)
  const contestants = {
    list: () => timedProcess(process.execPath, [OVL, 'list']),
    json: () => timedProcess(process.execPath, [OVL, 'list', '--json']),
    // It fails where there is nothing to list, and that is its start-up all the same.
    findmnt: () => timedProcess('sh', ['-c', 'findmnt -J -t overlay || test $? = 1']),
  }
  const without = []
  const withAll = []
  for (let turn = 0; turn < TURNS; turn++) {
    without.push(await interleave(ROUNDS, contestants))
    mountMany(crowd)
    withAll.push(await interleave(ROUNDS, contestants))
    // Lazily, all overlays with the tmpfs they stand on; their last pieces go in the background.
    spawnSync('umount', ['--lazy', crowd])
  }
  const net = (name) => Math.max(0, average(withAll, name) - average(without, name))
  const against = { against: 'findmnt -J -t overlay, less start-up', theirs: net('findmnt'), target: { most: 1 } }
  return [
    { work: `ovl list, ${MOUNTS} overlays, less start-up`, ours: net('list'), ...against },
    { work: `ovl list --json, ${MOUNTS} overlays, less start-up`, ours: net('json'), ...against },
  ]
}

/** By the system call: a thousand mounts by mount() are another row. */
function mountMany(crowd) {
  mountTmpfs(crowd)
  for (let i = 0; i < MOUNTS; i++) {
    const { target, upper, work, lower } = layOut(crowd, String(i), [join(crowd, `${i}/lower1`), join(crowd, `${i}/lower2`)])
    mountLegacy('overlay', target, 'overlay', 0, `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`)
  }
}

const average = (turns, name) => turns.reduce((sum, turn) => sum + turn[name], 0) / turns.length
