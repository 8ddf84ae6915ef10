/** Ten that take down the ten overlays of one mount point at once: each takes one, with all that is its own. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mount, overlay, unmount } from '../../../src/index.ts'
import { lockTarget } from '../../../src/host/target-lock.ts'
import { BIN, ROOT } from '../../support/command.ts'
import { bundle, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const target = `${ground}/m`
for (const name of ['l', 'm']) mkdirSync(`${ground}/${name}`)
const ROUNDS = 3

// Whoever else tests on this machine has his receipts in the same place.
beforeAll(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'run', '/run']))
afterAll(() => execFileSync('umount', ['--lazy', '/run']))

test('ten umounts of ten stacked mounts', { timeout: 120_000 }, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < 10; n++) await mount(overlay().lower(`${ground}/l`).tmpfs('1m').at(target))
    const ends = await Promise.all(Array.from({ length: 10 }, async () => {
      const child = spawn(process.execPath, [BIN, 'umount', target], { stdio: ['ignore', 'ignore', 'pipe'] })
      let stderr = ''
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
      const [code] = (await once(child, 'close')) as [number]
      return { code, stderr }
    }))
    expect(ends).toEqual(Array.from({ length: 10 }, () => ({ code: 0, stderr: '' })))
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('/run/ovl/')
    await expectNothingLeft(ground)
  }
})

test('a holder that is killed keeps nobody waiting', async () => {
  await mount(overlay().lower(`${ground}/l`).tmpfs('1m').at(target))
  const script = bundle(ground, 'holder', `
    import { lockTarget } from 'src/host/target-lock.ts'
    await lockTarget(process.argv[2])
    console.log('held')
    setInterval(() => undefined, 1000)
  `)
  const holder = spawn(process.execPath, [script, target], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_PATH: `${ROOT}node_modules` } })
  await once(holder.stdout, 'data')
  const done = unmount(target)
  expect(await Promise.race([done.then(() => 'done'), sleep(200, 'waits')])).toBe('waits')
  holder.kill('SIGKILL')
  await done
  expect(readdirSync('/run/ovl')).toEqual([])
})

test('whoever waits for another to finish can be interrupted', async () => {
  await mount(overlay().lower(`${ground}/l`).tmpfs('1m').at(target))
  const held = await lockTarget(target)
  const given = new AbortController()
  const waits = unmount(target, { signal: given.signal })
  setTimeout(() => given.abort(), 100)
  await expect(waits).rejects.toMatchObject({ code: 'interrupted' })
  held[Symbol.dispose]()
  await unmount(target)
  expect(existsSync('/run/ovl') ? readdirSync('/run/ovl') : []).toEqual([])
})
