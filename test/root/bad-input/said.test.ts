/** What was said is what is mounted, and what errors speak of: labels that mount(8) drops, images behind their parts, backslashes beside backslashes. */

import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { isOvlError, mount, overlay } from '../../../src/index.ts'
import type { MountOptions, OverlayBuilder, Step } from '../../../src/index.ts'
import { execute } from '../../../src/host/execute.ts'
import { planMount } from '../../../src/plan/plan-mount.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
afterEach(() => expectNothingLeft(ground))

function place(...names: readonly string[]): string {
  const dir = mkdtempSync(`${ground}/s-`)
  for (const name of ['l1', 'l2', 'm', ...names]) mkdirSync(`${dir}/${name}`)
  return dir
}

async function refusal(said: OverlayBuilder, options: MountOptions = {}): Promise<{ code: string; message: string } | undefined> {
  try {
    await (await mount(said, options)).unmount()
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    return { code: error.code, message: error.message }
  }
}

const hasSelinux = /\bselinuxfs$/m.test(readFileSync('/proc/filesystems', 'utf8'))

test.skipIf(hasSelinux)('a label that mount(8) drops in silence', async () => {
  const dir = place()
  const said = overlay().lower(`${dir}/l1`, `${dir}/l2`).label('system_u:object_r:container_file_t:s0').at(`${dir}/m`)
  expect(await refusal(said, { via: 'mount8' })).toEqual({ code: 'feature-dropped', message: expect.stringContaining('mount(8) left the label out') as unknown })
  for (const via of ['fsconfig', 'mount2'] as const) expect(await refusal(said, { via })).toMatchObject({ code: 'option-unknown' })
})

test('ids that cannot be mapped on an image: the image is named, not its place below the state directory', async () => {
  const dir = place()
  const plan = planMount({ spec: { ...overlay().lower({ path: '/said.iso', idmap: 'b:0:1000:10' }, `${dir}/l2`).spec, target: `${dir}/m` }, ways: ['auto'], remember: false }, {
    cwd: '/', images: new Map([['/said.iso', 'iso9660']]), missing: new Set(), pageSize: 4096,
    home: { stateDirectory: `${dir}/state`, id: 'one', pid: 1, mountNamespace: '', bootId: '' },
  })
  // Most kernels map ids on all images that they know: /proc stands for one that does not.
  const clone = plan.steps.find((step) => step.do === 'clone-idmapped')
  expect(clone).toMatchObject({ from: `${dir}/state/one/lower-0`, image: '/said.iso' })
  const error: unknown = await execute({ steps: [{ ...clone, from: '/proc' } as Step] }).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'idmap-unsupported', message: expect.stringContaining("the image '/said.iso' cannot be mounted with mapped ids") as unknown })
})

test.each(['fd', 'lowerdir+', 'lowerdir'] as const)('upper u\\x beside a sibling u\\\\x, by %s', async (form) => {
  const dir = place('w', 'u\\x', 'u\\\\x')
  expect(await refusal(overlay().lower(`${dir}/l1`).upper(`${dir}/u\\x`).work(`${dir}/w`).at(`${dir}/m`), { via: 'fsconfig', forms: [form] })).toBeUndefined()
})
