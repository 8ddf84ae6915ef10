/** Many mounts of one process at once, while somebody clears up all the time: each comes to its end. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { list, mount, overlay, unmount, unmountStale } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const COUNT = 20
afterAll(() => expectNothingLeft(ground))

test(`${COUNT} at once`, async () => {
  const targets = Array.from({ length: COUNT }, (_, n) => `${ground}/m${n}`)
  for (const name of ['l', 'mapped', ...targets.map((target) => target.slice(ground.length + 1))]) mkdirSync(`${ground}/${name}`)
  writeFileSync(`${ground}/l/id`, 'l')
  // Id mapping waits for a process: the others go on meanwhile.
  const mounting = Promise.all(targets.map((target) => mount(overlay().lower(`${ground}/l`, { path: `${ground}/mapped`, idmap: 'b:0:1000:10' }).tmpfs('1m').at(target))))
  const cleared: string[] = []
  for (let done: unknown; done === undefined; done = await Promise.race([mounting, sleep(1)])) cleared.push(...(await unmountStale()).map(({ target }) => target))
  expect(cleared.filter((target) => targets.includes(target))).toEqual([])
  expect(targets.map((target) => readFileSync(`${target}/id`, 'utf8'))).toEqual(targets.map(() => 'l'))
  expect((await list()).filter(({ target }) => targets.includes(target))).toHaveLength(COUNT)

  const down = await Promise.all(targets.map((target) => unmount(target)))
  expect(down.map(({ unmounted }) => unmounted.length)).toEqual(targets.map(() => 3))
})

test('one target, mounted twice: the last comes down first, each with its own parts', async () => {
  mkdirSync(`${ground}/m`)
  for (let n = 0; n < 2; n++) await mount(overlay().lower(`${ground}/l`).tmpfs('1m').at(`${ground}/m`))
  expect((await unmountStale()).filter(({ target }) => target === `${ground}/m`)).toEqual([])
  for (const left of [1, 0]) {
    expect((await unmount(`${ground}/m`)).unmounted).toHaveLength(2)
    expect((await list()).filter(({ target }) => target === `${ground}/m`)).toHaveLength(left)
  }
})
