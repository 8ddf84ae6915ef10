/** The same tables through the public `mount(spec)`: it rejects with the finding first, and warns of what a mount lacks. */

import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { mount } from '../../../src/ops/mount.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MOUNTED_ROWS } from './mounted-rows.ts'
import { ROWS } from './rows.ts'

const ground = makeGround()

function fresh(): string {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

const mountsIn = (dir: string): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(` ${dir}/`))

test.each(ROWS.filter(({ rawOnly }) => rawOnly !== true).flatMap((row) => (['fsconfig', 'mount2'] as const).map((via) => ({ ...row, via }))))('$name ($via): $code', async ({ arrange, code, title, via, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const dir = fresh()
  const spec = arrange(dir)
  const before = mountsIn(dir)
  const error: unknown = await mount(spec, { via }).then(async (mounted) => {
    await mounted.unmount()
  }, (caught: unknown) => caught)
  if (!isOvlError(error)) throw error ?? new Error('it was mounted')
  expect({ code: error.code, first: error.findings[0]?.code, confidence: error.findings[0]?.confidence }, JSON.stringify({ message: error.message, findings: error.findings }, null, 1)).toEqual({ code, first: code, confidence: 'certain' })
  if (title !== undefined) expect(error.findings[0]?.title).toContain(title)
  expect(mountsIn(dir)).toEqual(before)
})

// `mount` looks closer only when the kernel or the mount table gives a reason to.
test.each(MOUNTED_ROWS)('a warning: $name', async ({ arrange, codes, tools = [] }) => {
  if (!tools.every(hasTool)) return
  await using mounted = await mount(arrange(fresh()))
  expect(mounted.warnings.map(({ code }) => code)).toEqual(codes)
})

test('an overlay that hides its own upper is mounted all the same', async () => {
  const dir = fresh()
  for (const name of ['u', 'w']) mkdirSync(`${dir}/m/${name}`)
  await using mounted = await mount({ ...EMPTY_SPEC, lower: [{ path: `${dir}/l1` }], upper: `${dir}/m/u`, work: `${dir}/m/w`, target: `${dir}/m` })
  expect(mounted.readOnly).toBe(false)
})

test('its own handle takes down what somebody has mounted over it since with all of its parts', async () => {
  const dir = fresh()
  const below = await mount({ ...EMPTY_SPEC, lower: [{ path: `${dir}/l1` }], upper: `${dir}/u`, work: `${dir}/w`, target: `${dir}/m` })
  const above = await mount({ ...EMPTY_SPEC, lower: [{ path: `${dir}/l2` }], tmpfs: {}, target: `${dir}/m` })
  const parts = above.parts.map(({ at }) => at)
  expect(parts).not.toEqual([])
  await below.unmount()
  expect(readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => parts.some((at) => line.includes(` ${at} `)))).toEqual([])
  await below.unmount()
  expect(mountsIn(dir)).toEqual([])
})
