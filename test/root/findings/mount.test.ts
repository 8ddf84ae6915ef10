/** The same tables through the public `mount(spec)`: it rejects with the finding first, and warns of what a mount lacks. */

import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { mount } from '../../../src/ops/mount.ts'
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
