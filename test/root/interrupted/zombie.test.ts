/** A killed process whose parent has not noticed yet is dead: what it left half-way is cleared. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mount, overlay, unmountStale } from '../../../src/index.ts'
import { readReceipts } from '../../../src/host/receipts.ts'
import { unmount as unmountOne } from '../../../src/host/syscalls/mount-legacy.ts'
import { receiptPath } from '../../../src/plan/plan-mount.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'

const ground = makeGround()
const target = `${ground}/m`
for (const name of ['l', 'm']) mkdirSync(`${ground}/${name}`)

test('of the dead, the undead and the living', async () => {
  // sleep(1) never asks after the child that it inherits.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const undead = Number(String((await once(parent.stdout, 'data'))[0]))
    await expect.poll(() => readFileSync(`/proc/${undead}/stat`, 'utf8'), { timeout: 20_000 }).toMatch(/\) Z/)
    expect(await clearedOf(parent.pid as number)).toBe(false)
    expect(await clearedOf(undead)).toBe(true)
  } finally {
    parent.kill('SIGKILL')
  }
  await once(parent, 'close')
  expect(await clearedOf(parent.pid as number)).toBe(true)
  await expectNothingLeft(ground)
})

/** Leaves a mount half-way in the name of process `pid`; whether it was cleared. */
async function clearedOf(pid: number): Promise<boolean> {
  if (readReceipts().every((receipt) => receipt.target !== target)) {
    await mount(overlay().lower(`${ground}/l`).tmpfs('1m').at(target))
    unmountOne(target)
  }
  const receipt = readReceipts().find((one) => one.target === target)
  if (receipt === undefined) throw new Error('there is no receipt')
  writeFileSync(receiptPath(receipt.directory), JSON.stringify({ ...receipt, pid, state: 'making' }))
  return (await unmountStale()).some((cleared) => cleared.target === target)
}
