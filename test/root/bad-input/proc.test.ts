/** No /proc: what cannot be looked at is said to be so, nothing is mounted that could not be found again, and nothing is left. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inNamespace } from '../../support/own-namespace.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
for (const name of ['l1', 'l2', 'm']) mkdirSync(`${ground}/${name}`)

const NO_PROC = { prepare: 'mount -t tmpfs none /proc', words: [ground] }
const told = { code: 'not-mounted', message: expect.stringMatching(/^cannot .*\/proc\/.*ENOENT/s), hint: expect.stringContaining('mount -t proc') }

test('what needs the mount table or a receipt says what it needs', async () => {
  expect(inNamespace(NO_PROC, (ovl) => ovl.list())).toMatchObject(told)
  expect(inNamespace(NO_PROC, (ovl) => ovl.list({ allNamespaces: true }))).toMatchObject(told)
  expect(inNamespace(NO_PROC, (ovl) => ovl.unmountStale())).toMatchObject(told)
  expect(inNamespace(NO_PROC, (ovl, _, ground) => ovl.inspect(`${ground}/m`))).toMatchObject(told)
  expect(inNamespace(NO_PROC, (ovl, _, ground) => ovl.mount(ovl.overlay().lower(`${ground}/l1`).tmpfs().at(`${ground}/m`)))).toMatchObject(told)
  await expectNothingLeft(ground)
})

test('what needs neither works', () => {
  expect(inNamespace(NO_PROC, (ovl) => ovl.encode(ovl.overlay().lower('/a', '/b')).text)).toBe('lowerdir=/a:/b')
  expect(inNamespace(NO_PROC, (ovl, _, ground) => ovl.planOfMount(ovl.overlay().lower(`${ground}/l1`, `${ground}/l2`).at(`${ground}/m`)))).toMatchObject({ steps: [{ do: 'mount-overlay' }] })
})

/** statmount(2), where there is one, tells what was mounted; else it is undone. */
test('a mount that cannot be read back is undone', async () => {
  const outcome = inNamespace(NO_PROC, async (ovl, fs, ground) => {
    fs.writeFileSync(`${ground}/l2/id`, '')
    const attempt = await ovl.mount(ovl.overlay().lower(`${ground}/l1`, `${ground}/l2`).at(`${ground}/m`)).then(({ target }) => ({ target }), ({ code }) => ({ code }))
    return { ...attempt, there: fs.existsSync(`${ground}/m/id`) }
  })
  expect([{ target: `${ground}/m`, there: true }, { code: 'not-mounted', there: false }]).toContainEqual(outcome)
  await expectNothingLeft(ground)
})
