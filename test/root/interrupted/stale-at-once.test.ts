/** Two that clear the same remains at once: each comes to its end, and what the other was faster at is no failure. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { execute } from '../../../src/host/execute.ts'
import { unmount as unmountOne } from '../../../src/host/syscalls/mount-legacy.ts'
import { mount, overlay, planOfUnmount, planOfUnmountStale, unmountStale } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const target = `${ground}/m`
for (const name of ['l1', 'l2', 'm']) mkdirSync(`${ground}/${name}`)

async function remains(): Promise<void> {
  await mount(overlay().lower({ path: `${ground}/l1`, idmap: 'b:0:1000:10' }, { path: `${ground}/l2`, idmap: 'b:0:1000:10' }).tmpfs('1m').at(target))
  unmountOne(target)
}

test('one plan after the other has done all of it', async () => {
  await remains()
  const late = planOfUnmountStale()
  expect(late.steps.filter(({ do: what }) => what === 'unmount').length).toBeGreaterThanOrEqual(3)
  await unmountStale()
  expect(await execute(late)).toMatchObject({ unmounted: [], removed: [] })
  await expectNothingLeft(ground)
})

test('one plan after the other has done a part of it', async () => {
  await remains()
  const plan = planOfUnmount(target)
  await execute({ steps: plan.steps.slice(0, 2) })
  const { unmounted } = await execute(plan)
  expect(unmounted).toHaveLength(plan.steps.filter(({ do: what }) => what === 'unmount').length - 2)
  await expectNothingLeft(ground)
})

test('an overlay that is gone is told all the same', async () => {
  await mount(overlay().lower(`${ground}/l1`, `${ground}/l2`).at(target))
  const plan = planOfUnmount(target)
  await execute(plan)
  await expect(execute(plan)).rejects.toMatchObject({ code: 'not-mounted' })
})
