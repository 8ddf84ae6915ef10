/** `ovl doctor` for an ordinary user: what it says of user namespaces is what is met in them. */

import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mount, overlay } from '../../src/index.ts'
import { doctor } from '../../src/ops/doctor.ts'
import { makeGround } from '../root/host/ground.ts'

const ground = makeGround()

test('inside a user namespace', async () => {
  const dir = mkdtempSync(`${ground}/place-`)
  const checkup = await doctor({ dir })
  expect(checkup).toMatchObject({ usable: 'yes', inUserNamespace: true, layer: { lower: 'yes', upper: 'yes' } })
  expect(readdirSync(dir)).toEqual([])
  const state = (id: string): string | undefined => checkup.rows.find((row) => row.id === id)?.state
  expect(['overlay', 'layer-fd', 'limit-layers', 'userns', 'rootless-userxattr', 'dir-upper', 'dir-rename', 'dir-whiteout'].map(state)).toEqual(Array(8).fill('works'))
  expect(['rootless-plain', 'rootless-redirect', 'rootless-metacopy', 'option-redirect_dir', 'option-metacopy', 'images', 'loop'].map(state)).toEqual(Array(7).fill('refused'))
  expect(checkup.findings.map(({ code }) => code)).toEqual(['userns-needs-userxattr'])
})

test('each value of each option is what a mount of it says', async () => {
  const { rows } = await doctor({ dir: ground })
  for (const { what, group, state, parts } of rows) {
    if (group !== 'options' || what === 'userxattr') continue
    for (const part of parts ?? [{ name: true as const, state }]) {
      const dir = mkdtempSync(`${ground}/option-`)
      for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(`${dir}/${name}`)
      const plain = overlay().lower(`${dir}/lower`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)
      const say = (said: typeof plain) => mount(said.option(what, part.name)).then(async (mounted) => {
        await mounted.unmount()
        return mounted.warnings.some(({ code, title }) => code === 'feature-dropped' && title.includes(what)) ? 'refused' : 'works'
      }, () => 'refused')
      const met = await say(plain.userxattr()) === 'works' ? 'works' : await say(plain)
      expect([what, part.name, met]).toEqual([what, part.name, part.state === 'missing' ? 'refused' : part.state])
    }
  }
})
