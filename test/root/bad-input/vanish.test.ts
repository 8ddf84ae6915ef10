/** What was there when the mount was planned, and is gone or something else when its turn comes. */

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OvlError, mount, overlay, planOfMount, unmount, unmountStale } from '../../../src/index.ts'
import type { MountOptions, Via } from '../../../src/index.ts'
import { mountLegacy, unmount as unmountOne } from '../../../src/host/syscalls/mount-legacy.ts'
import { makeGround } from '../host/ground.ts'
import { beforeStep } from './hooked.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()

function place(): string {
  const dir = mkdtempSync(`${ground}/v-`)
  for (const name of ['l1', 'l2', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

const VIAS: readonly Via[] = ['fsconfig', 'mount2', 'mount8']
type Vanishing = readonly [what: string, code: string, act: (dir: string) => void]
const VANISHING: readonly Vanishing[] = [
  ['the target', 'target-missing', (dir) => rmdirSync(`${dir}/m`)],
  ['a lower', 'lower-missing', (dir) => rmdirSync(`${dir}/l2`)],
  ['the parent of all', 'target-missing|lower-missing', (dir) => rmSync(dir, { recursive: true })],
  ['the target, for a file', 'target-not-directory', (dir) => {
    rmdirSync(`${dir}/m`)
    writeFileSync(`${dir}/m`, '')
  }],
  ['a lower, for a file', 'layer-not-directory', (dir) => {
    rmdirSync(`${dir}/l2`)
    writeFileSync(`${dir}/l2`, '')
  }],
  ['a lower, for a symlink to nowhere', 'lower-missing', (dir) => {
    rmdirSync(`${dir}/l2`)
    symlinkSync('nowhere', `${dir}/l2`)
  }],
]

test.each(VIAS.flatMap((via) => VANISHING.map((row) => [via, ...row] as const)))('via %s: %s', async (via, _, codes, act) => {
  const dir = place()
  const said = overlay().lower(`${dir}/l1`, `${dir}/l2`).tmpfs('1m').at(`${dir}/m`)
  const options: MountOptions = { via }
  const last = (await planOfMount(said, options)).steps.length - 1
  const error = await mount(said, { ...options, signal: beforeStep(last, () => act(dir)) }).then(() => undefined, (error: unknown) => error)
  expect(error).toBeInstanceOf(OvlError)
  expect(codes.split('|')).toContain((error as OvlError).code)
  expect((error as OvlError).message).toContain(dir)
  await expectNothingLeft(ground)
})

test('a target that is renamed under a live mount is still taken down, parts and all', async () => {
  const dir = place()
  await mount(overlay().lower(`${dir}/l1`).tmpfs('1m').at(`${dir}/m`))
  renameSync(dir, `${dir}-moved`)
  writeFileSync(`${dir}-moved/m/written`, 'kept')
  // It is live, whatever its receipt calls it.
  await unmountStale()
  expect(readFileSync(`${dir}-moved/m/written`, 'utf8')).toBe('kept')
  await unmount(`${dir}-moved/m`)
  await unmountStale()
  await expectNothingLeft(ground)
})

test('taken down by others: what stood beside it goes with the next clearing', async () => {
  const dir = place()
  await mount(overlay().lower(`${dir}/l1`).tmpfs('1m').at(`${dir}/m`))
  unmountOne(`${dir}/m`)
  expect((await unmountStale()).map(({ target }) => target)).toContain(`${dir}/m`)
  await expectNothingLeft(ground)
})

test('taken down by others, and another mount is there by now', async () => {
  const dir = place()
  await mount(overlay().lower(`${dir}/l1`).tmpfs('1m').at(`${dir}/m`))
  unmountOne(`${dir}/m`)
  mountLegacy('overlay', `${dir}/m`, 'overlay', 0, `lowerdir=${dir}/l1:${dir}/l2`)
  writeFileSync(`${dir}/l1/there`, '')
  await unmountStale()
  expect(readFileSync(`${dir}/m/there`, 'utf8')).toBe('')
  unmountOne(`${dir}/m`)
  await unmountStale()
  await expectNothingLeft(ground)
})

test('a receipt that was damaged is no reason to fail', async () => {
  const dir = place()
  const { unmount: down } = await mount(overlay().lower(`${dir}/l1`, `${dir}/l2`).at(`${dir}/m`), { remember: true })
  const junk = `/run/ovl/junk-${process.pid}.json`
  writeFileSync(junk, '{"version":1,"target":')
  await down()
  await unmountStale()
  unlinkSync(junk)
  await expectNothingLeft(ground)
})
