/** Without FFI: what needs no system call of its own works, a mount goes up and down through mount(8) and umount(8), and the rest says what is missing. */

import { mkdirSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import type { MountOptions } from '../../../src/index.ts'
import { inNamespace } from '../../support/own-namespace.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
for (const name of ['l1', 'l2', 'l1/in-l1', 'u', 'm']) mkdirSync(`${ground}/${name}`)
const NO_FFI = { env: { OVL_NO_FFI: '1' }, words: [ground] }
afterEach(() => expectNothingLeft(ground))

const mountWith = (options: MountOptions) => inNamespace({ ...NO_FFI, words: [ground, JSON.stringify(options)] }, async (ovl, fs, ground, options) => {
  const { via, form, warnings } = await ovl.mount(ovl.overlay().lower(`${ground}/l1`, `${ground}/l2`).upper(`${ground}/u`).at(`${ground}/m`), JSON.parse(options as string))
  const [listed] = (await ovl.list()).filter(({ target }) => target === `${ground}/m`)
  const inspected = await ovl.inspect(`${ground}/m`)
  const names = fs.readdirSync(`${ground}/m`)
  const down = await ovl.unmount(`${ground}/m`)
  return { via, form, warnings, lower: listed?.lower, inspected: inspected.target, names, down: down.unmounted, left: (await ovl.list()).filter(({ target }) => target === `${ground}/m`) }
})

test.each<MountOptions>([{}, { via: 'mount8' }, { strict: true }, { remember: true }])('mounts, is seen and comes down with %j', (options) => {
  expect(mountWith(options)).toEqual({ via: 'mount8', form: 'argv', warnings: [], lower: [`${ground}/l1`, `${ground}/l2`], inspected: `${ground}/m`, names: ['in-l1'], down: [`${ground}/m`], left: [] })
})

test.each(['fsconfig', 'mount2'] as const)('%s is not to be had', (via) => {
  expect(mountWith({ via })).toMatchObject({ code: 'ffi-unavailable', message: expect.stringContaining('no direct system calls'), hint: expect.stringContaining('mount8') })
})

test('a tmpfs is not to be had, and what was made for it is gone', () => {
  expect(inNamespace(NO_FFI, async (ovl, fs, ground) => {
    const error = await ovl.mount(ovl.overlay().lower(`${ground}/l1`).tmpfs().mkdir().at(`${ground}/new/m`)).catch(({ code, details }) => ({ code, undo: details.undo }))
    return { error, made: fs.existsSync(`${ground}/new`) }
  })).toEqual({ error: { code: 'ffi-unavailable' }, made: false })
})

test('what was not wanted after all is undone', () => {
  expect(inNamespace(NO_FFI, async (ovl, _, ground) => {
    const said = ovl.overlay().lower(`${ground}/l1`).upper(`${ground}/u`).at(`${ground}/m`)
    await ovl.mount(said)
    const { code, details } = await ovl.mount(said, { strict: true }).catch((error: unknown) => error as InstanceType<typeof ovl.OvlError>) as InstanceType<typeof ovl.OvlError>
    const mounts = (await ovl.list()).filter(({ target }) => target === `${ground}/m`).length
    await ovl.unmount(`${ground}/m`)
    return { code, undo: details.undo, mounts }
  })).toEqual({ code: 'upper-in-use', mounts: 1 })
})

test('encoding and planning need none', () => {
  expect(inNamespace(NO_FFI, (ovl) => ovl.encode(ovl.overlay().lower('/a:', '/b')).text)).toBe('lowerdir=/a\\::/b')
  expect(inNamespace(NO_FFI, (ovl, _, ground) => ovl.planOfMount(ovl.overlay().lower(`${ground}/l1`).tmpfs().at(`${ground}/m`)))).toMatchObject({ steps: expect.arrayContaining([expect.objectContaining({ do: 'mount-tmpfs' })]) })
})

test('a remount says what is missing', () => {
  expect(inNamespace(NO_FFI, async (ovl, _, ground) => {
    await ovl.mount(ovl.overlay().lower(`${ground}/l1`).upper(`${ground}/u`).at(`${ground}/m`))
    const { code, findings } = await ovl.remount(`${ground}/m`, 'ro,noatime').catch((error: unknown) => error as InstanceType<typeof ovl.OvlError>) as InstanceType<typeof ovl.OvlError>
    await ovl.unmount(`${ground}/m`)
    return { code, command: findings[0]?.fix[0]?.command?.replace(ground, '') }
  })).toEqual({ code: 'ffi-unavailable', command: 'mount -o remount,ro,noatime /m' })
})

test('a busy one is said to be busy', () => {
  expect(inNamespace(NO_FFI, async (ovl, fs, ground) => {
    await ovl.mount(ovl.overlay().lower(`${ground}/l1`).upper(`${ground}/u`).at(`${ground}/m`))
    const held = fs.openSync(`${ground}/m`, 'r')
    const { code } = await ovl.unmount(`${ground}/m`).catch((error: unknown) => error as InstanceType<typeof ovl.OvlError>) as { code?: string }
    fs.closeSync(held)
    await ovl.unmount(`${ground}/m`)
    return code
  })).toBe('umount-busy')
})
