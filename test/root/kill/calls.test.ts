/** Killed before each single system call that changes something, or that opens something, on the way up and on the way down. */

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft, makeScene } from './scene.ts'

const ground = makeGround()

const UP = ['mount', 'fsopen', 'fsconfig', 'fsmount', 'move_mount', 'mkdir', 'rename', 'fsync', 'ioctl', 'openat']
const DOWN = ['umount2', 'rmdir', 'unlink']

const canTrace = hasTool('mksquashfs') && hasTool('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

test('a kill before every call', { skip: !canTrace && 'ptrace is not to be had here' }, () => {
  const { kill } = makeScene(ground)
  const reports = kill([...UP.map((every) => ({ doing: 'mount', every }) as const), ...DOWN.map((every) => ({ doing: 'unmount', every }) as const)])
  reports.forEach(expectNothingLeft)
  const kills = new Map<string, number>()
  for (const { kill, said } of reports) if (!said.includes('done')) kills.set(kill.every as string, (kills.get(kill.every as string) ?? 0) + 1)
  console.log(`killed before: ${[...kills].map(([call, count]) => `${call} × ${count}`).join(', ')}`)
  expect(reports.filter(({ said }) => said.includes('done'))).toHaveLength(UP.length + DOWN.length)
  expect(Object.fromEntries(kills)).toMatchObject({ mount: 3, fsopen: 1, fsmount: 1, move_mount: 1, umount2: 4 })
})
