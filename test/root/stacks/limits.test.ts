/** What fits, and the first that does not: layers, a page of options, a string of fsconfig. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { OvlError, list, mount, overlay, unmount } from '../../../src/index.ts'
import type { Form, MountOptions, OverlayBuilder, Via } from '../../../src/index.ts'
import { readReceipts } from '../../../src/host/receipts.ts'
import { encodeMountData } from '../../../src/overlay/encode.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
let dir: string

beforeEach(() => {
  dir = mkdtempSync(`${ground}/l-`)
  mkdirSync(`${dir}/m`)
})
afterEach(async () => {
  expect((await list()).filter(({ target }) => target.startsWith(ground))).toEqual([])
  expect(readReceipts().filter(({ target }) => target.startsWith(ground))).toEqual([])
  rmSync(dir, { recursive: true })
})

/** `count` layers in `parent`, each path `bytes` long and with a file of its own. */
function layers(count: number, parent: string, bytes: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const path = longPath(`${parent}/${n}-`, bytes)
    mkdirSync(path, { recursive: true })
    writeFileSync(`${path}/id-${n}`, '')
    return path
  })
}

/** Components have 255 bytes at most. */
function longPath(start: string, bytes: number): string {
  let path = start
  while (path.length < bytes) path += path.length - path.lastIndexOf('/') > 200 && bytes - path.length > 1 ? '/' : 'x'
  return path
}

async function seen(said: OverlayBuilder, options: MountOptions): Promise<{ via: Via; form: Form; ids: number }> {
  const { via, form, target } = await mount(said.at(`${dir}/m`), options)
  const ids = readdirSync(target).filter((name) => name.startsWith('id-')).length
  await unmount(target)
  return { via, form, ids }
}

async function refusal(said: OverlayBuilder, options: MountOptions): Promise<{ code: string; message: string }> {
  const error = await mount(said.at(`${dir}/m`), options).then(() => undefined, (error: unknown) => error)
  expect(error).toBeInstanceOf(OvlError)
  const { code, message } = error as OvlError
  return { code, message }
}

describe('500 layers', () => {
  test('with paths of 200 bytes, by whatever way comes first', async () => {
    expect(await seen(overlay().lower(...layers(500, dir, 200)).upper(`${dir}/u`).mkdir(), {})).toMatchObject({ via: 'fsconfig', ids: 500 })
  })

  test('by mount(2), relative to a long directory', async () => {
    const parent = longPath(`${dir}/`, 1500)
    const paths = Array.from({ length: 500 }, (_, n) => `${parent}/${n}`)
    for (const [n, path] of paths.entries()) {
      mkdirSync(path, { recursive: true })
      writeFileSync(`${path}/id-${n}`, '')
    }
    expect(await seen(overlay().lower(...paths), { via: 'mount2', remember: true })).toEqual({ via: 'mount2', form: 'relative', ids: 500 })
  })

  test('by mount(2), by descriptor', async () => {
    expect(await seen(overlay().lower(...layers(500, dir, 300)), { via: 'mount2', remember: true })).toEqual({ via: 'mount2', form: 'proc-fd', ids: 500 })
  })

  test('data-only layers count, too', async () => {
    const paths = layers(500, dir, 60)
    expect(await seen(overlay().lower(...paths.slice(0, 3)).data(...paths.slice(3)).metacopy(), {})).toMatchObject({ ids: 3 })
  })

  test.each<Via>(['auto', 'fsconfig', 'mount2', 'mount8'])('501 are refused, via %s', async (via) => {
    const paths = layers(501, dir, 40)
    for (const said of [overlay().lower(...paths), overlay().lower(...paths.slice(1)).data(paths[0] as string)]) expect(await refusal(said, { via })).toEqual({ code: 'too-many-layers', message: '501 layers: the kernel’s limit is 500' })
  })
})

/** Two lowers whose mount(2) data is exactly so long. */
function dataOf(bytes: number): OverlayBuilder {
  const [one] = layers(1, dir, 60) as [string]
  const path = longPath(`${dir}/2-`, bytes - encodeMountData(paramsOf(overlay().lower(one, '').spec)).length)
  mkdirSync(path, { recursive: true })
  const said = overlay().lower(one, path)
  expect(encodeMountData(paramsOf(said.spec))).toHaveLength(bytes)
  return said
}

describe('a page of options', () => {
  const ways: [Via, Form][] = [['mount2', 'absolute'], ['mount8', 'argv']]

  test.each(ways)('4095 bytes are mounted via %s', async (via, form) => {
    expect(await seen(dataOf(4095), { via, forms: [form] })).toEqual({ via, form, ids: 1 })
  })

  test.each(ways)('4096 bytes are not told to the kernel via %s, which would cut them', async (via, form) => {
    expect(await refusal(dataOf(4096), { via, forms: [form] })).toEqual({ code: 'options-too-long', message: expect.stringContaining('absolute 4096 bytes, the limit is 4095') as string })
  })

  test('4096 bytes are mounted by another form, and by another way', async () => {
    expect(await seen(dataOf(4096), { via: 'mount2' })).toMatchObject({ via: 'mount2', ids: 1 })
    expect(await seen(dataOf(4096), {})).toMatchObject({ via: 'fsconfig', ids: 1 })
  })

  test('a path that fits only because it would be cut at an existing directory', async () => {
    const said = dataOf(4098)
    for (const { path } of said.spec.lower.slice(1)) mkdirSync(path.slice(0, -3), { recursive: true })
    expect(await refusal(said, { via: 'mount2', forms: ['absolute'] })).toMatchObject({ code: 'options-too-long' })
    expect(await refusal(said, { via: 'mount8' })).toMatchObject({ code: 'options-too-long' })
  })
})

describe('a string of fsconfig', () => {
  const said = (bytes: number): OverlayBuilder => overlay().lower(...layers(2, dir, bytes)).upper(`${dir}/u`).mkdir()

  test.each<Form>(['lowerdir+', 'fd'])('255 bytes are mounted as %s', async (form) => {
    expect(await seen(said(255), { via: 'fsconfig', forms: [form] })).toEqual({ via: 'fsconfig', form, ids: 2 })
  })

  test('256 bytes are refused as lowerdir+, and mounted by descriptor', async () => {
    expect(await refusal(said(256), { via: 'fsconfig', forms: ['lowerdir+'] })).toEqual({ code: 'value-too-long', message: 'lowerdir+= is 256 bytes long, fsconfig takes 255' })
    expect(await seen(said(256), { via: 'fsconfig' })).toEqual({ via: 'fsconfig', form: 'fd', ids: 2 })
  })

  test('as lowerdir, 255 bytes are for all layers together', async () => {
    const pair = (bytes: number): OverlayBuilder => overlay().lower(...layers(1, dir, 60), ...layers(2, dir, bytes).slice(1))
    expect(await seen(pair(194), { via: 'fsconfig', forms: ['lowerdir'] })).toEqual({ via: 'fsconfig', form: 'lowerdir', ids: 2 })
    expect(await refusal(pair(195), { via: 'fsconfig', forms: ['lowerdir'] })).toEqual({ code: 'value-too-long', message: 'lowerdir= is 256 bytes long, fsconfig takes 255' })
  })

  test.each([['upper', 256], ['work', 256]] as const)('%s of %i bytes', async (role, bytes) => {
    const path = longPath(`${dir}/${role}`, bytes)
    const base = overlay().lower(...layers(2, dir, 40)).upper(role === 'upper' ? path : `${dir}/u`).work(role === 'work' ? path : `${dir}/w`).mkdir()
    expect(await refusal(base, { via: 'fsconfig', forms: ['lowerdir+', 'lowerdir'] })).toMatchObject({ code: 'value-too-long' })
    expect(await seen(base, {})).toMatchObject({ form: 'fd', ids: 2 })
  })

  test('a source of 256 bytes goes by another way', async () => {
    const named = said(60).source('s'.repeat(256))
    expect(await refusal(named, { via: 'fsconfig' })).toMatchObject({ code: 'value-too-long', message: 'source= is 256 bytes long, fsconfig takes 255' })
    expect(await seen(named, {})).toMatchObject({ via: 'mount2', ids: 2 })
    expect(await seen(said(60).source('s'.repeat(255)), {})).toMatchObject({ via: 'fsconfig', ids: 2 })
  })
})

describe('names that one way cannot say', () => {
  const cases: [string, string, { via: Via; forms?: Form[] }][] = [
    ['a double quote', 'a"b', { via: 'mount8' }],
    ['a comma at the end', 'a,', { via: 'mount8' }],
    ['two commas', 'a,,b', { via: 'mount8' }],
    ['a comma before a word of libmount', 'a,ro', { via: 'mount8' }],
    ['a comma before a word of userspace', 'a,x-b', { via: 'mount8' }],
    ['a comma before a user id', 'a,uid=root', { via: 'mount8' }],
  ]
  test.each(cases)('%s', async (_, name, options) => {
    for (const path of [`${dir}/${name}`, `${dir}/a`, `${dir}/b`]) mkdirSync(path)
    writeFileSync(`${dir}/${name}/id-1`, '')
    const said = overlay().lower(`${dir}/b`, `${dir}/${name}`)
    const { code, message } = await refusal(said, options)
    expect(code).toBe('way-cannot-say')
    expect(message).toContain(name)
    expect(await seen(said, {})).toMatchObject({ ids: 1 })
  })

  test.each(['a\n,b', 'a,lowerdir=b', 'a\\,b', 'a,index=on', 'a:,b'])('%j is said by every other one', async (name) => {
    for (const path of [name, 'b', 'w']) mkdirSync(`${dir}/${path}`)
    writeFileSync(`${dir}/${name}/id-1`, '')
    const ways: [Via, Form][] = [['fsconfig', 'fd'], ['fsconfig', 'lowerdir+'], ['fsconfig', 'lowerdir'], ['mount2', 'absolute'], ['mount2', 'relative'], ['mount2', 'proc-fd'], ['mount8', 'argv']]
    for (const [via, form] of ways) {
      expect(await seen(overlay().lower(`${dir}/b`, `${dir}/${name}`), { via, forms: [form] }), `${via} ${form}`).toEqual({ via, form, ids: 1 })
    }
  })
})
