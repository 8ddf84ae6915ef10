/** Killed before each single system call that changes something, or that opens something, on the way up and on the way down. */

import { expect, test } from 'vitest'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft, makeScene } from './scene.ts'
import { whyNoTracing } from './tracing.ts'

const ground = makeGround()

const CALLS = {
  mount: ['mount', 'fsopen', 'fsconfig', 'fsmount', 'move_mount', 'mkdir', 'rename', 'fsync', 'ioctl', 'openat'],
  mount2: ['mount', 'rename'],
  unmount: ['umount2', 'rmdir', 'unlink'],
} as const

test('a kill before every call', { skip: !hasTool('mksquashfs') }, ({ skip }) => {
  const why = whyNoTracing()
  skip(why !== undefined, why)
  const { kill } = makeScene(ground)
  const kills = (Object.keys(CALLS) as (keyof typeof CALLS)[]).flatMap((doing) => CALLS[doing].map((every) => ({ doing, every })))
  const reports = kill(kills)
  reports.forEach(expectNothingLeft)
  const count: Record<string, number> = {}
  for (const { kill: { doing, every }, said } of reports) if (!said.includes('done')) count[`${doing}: ${every}`] = (count[`${doing}: ${every}`] ?? 0) + 1
  console.log(`killed before ${Object.entries(count).map((pair) => pair.join(' × ')).join(', ')}`)
  expect(reports.filter(({ said }) => said.includes('done')), 'each was tried until there was no further call').toHaveLength(kills.length)
  expect(count).toMatchObject({ 'mount: mount': 3, 'mount: fsopen': 1, 'mount: fsmount': 1, 'mount: move_mount': 1, 'mount2: mount': 4, 'unmount: umount2': 4 })
})
