import { execFileSync, spawnSync } from 'node:child_process'
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { ffi } from '../../../src/host/ffi.ts'
import { bundle, makeGround } from './ground.ts'

const ground = makeGround()

test('a call gives its result, or minus the errno', () => {
  expect(ffi().umount2(Buffer.from('/no/such/place\0'), 0)).toBe(-2)
  expect(ffi().fsmount(-1, 0, 0)).toBe(-9)
  const fs = ffi().fsopen(Buffer.from('tmpfs\0'), 1)
  expect(fs).toBeGreaterThan(2)
  expect(ffi().fsconfig(fs, 6, null, null, 0)).toBe(0)
})

test('OVL_NO_FFI=1 makes the load fail, with a way on', async () => {
  vi.resetModules()
  vi.stubEnv('OVL_NO_FFI', '1')
  const fresh = await import('../../../src/host/ffi.ts')
  const error: unknown = (() => {
    try {
      return fresh.ffi()
    } catch (caught) {
      return caught
    }
  })()
  vi.unstubAllEnvs()
  expect(isOvlError(error) && error.code).toBe('ffi-unavailable')
  expect(isOvlError(error) && error.details.hint).toContain('mount8')
  expect(fresh.ffi()).toBeDefined()
})

test('koffi is found from a bundle, and where it is missing that is said', () => {
  const script = bundle(ground, 'load', `
    import { ffi } from 'src/host/ffi.ts'
    console.log(ffi().umount2(Buffer.from('/nowhere\\0'), 0))
  `)
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), `${ground}/node_modules`)
  expect(execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim()).toBe('-2')
  rmSync(`${ground}/node_modules`)
  const { stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  expect(stderr).toContain('ffi-unavailable')
  expect(stderr).toContain('koffi cannot be loaded')
})
