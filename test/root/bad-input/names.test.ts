/** Names that are none, and words that TypeScript would not have let through: refused by name, before anything is tried. */

import { mkdirSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { OvlError, encode, inspect, list, mount, overlay, planOfMount, planOfUnmount, remount, specFromWords, unmount } from '../../../src/index.ts'
import type { OverlaySpec } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
const at = (name: string): string => `${ground}/${name}`
for (const name of ['l1', 'l2', 'l3', 'm']) mkdirSync(at(name))
const good = overlay().lower(at('l1'), at('l2')).at(at('m'))
afterAll(() => expectNothingLeft(ground))

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act()
    return 'done'
  } catch (error) {
    expect(error).toBeInstanceOf(OvlError)
    return (error as OvlError).code
  }
}

/** As if from JavaScript. */
const untyped = (part: object): OverlaySpec => ({ ...good.spec, ...part })

test.each<[string, OverlaySpec]>([
  ['NUL in a lower', good.lower(at('a\0b')).spec],
  ['NUL in a data layer', good.data(at('a\0b')).spec],
  ['NUL in upper', good.upper(at('a\0b')).spec],
  ['NUL in work', good.upper(at('u')).work(at('a\0b')).spec],
  ['NUL in the target', good.at(at('m\0')).spec],
  ['NUL in the source', good.source('a\0').spec],
  ['NUL in the label', good.label('a\0').spec],
  ['NUL in the size', good.tmpfs('1\0').spec],
  ['NUL in an option', untyped({ options: { index: 'on\0' } })],
  ['half a character', good.lower('/\ud800').spec],
  ['an empty lower', good.lower('').spec],
  ['an empty target', good.at('').spec],
  ['an unknown flag', untyped({ flags: ['bogus'] })],
  ['an unknown propagation', untyped({ propagation: 'bogus' })],
])('%s', async (_, spec) => {
  expect(await codeOf(() => mount(spec))).toBe('option-bad-value')
  expect(await codeOf(() => planOfMount(spec))).toBe('option-bad-value')
  expect(await codeOf(() => encode(spec))).toBe('option-bad-value')
})

test('NUL where only the mount itself looks', async () => {
  expect(await codeOf(() => mount(good.lower({ path: at('l3'), idmap: 'b:0:\0:1' })))).toBe('option-bad-value')
  expect(await codeOf(() => mount(untyped({ unknown: [{ key: 'a\0b' }] })))).toBe('usage')
  expect(await codeOf(() => mount(untyped({ unknown: [{ key: 'a', value: '\0' }] })))).toBe('usage')
})

test('NUL in the words of the command line', async () => {
  const words = { lower: [], data: [], tmpfs: false, options: ['lowerdir=/a\0:/b'], readOnly: false, mkdir: false, positionals: [at('m')], typed: {} }
  expect(await codeOf(() => specFromWords(words))).toBe('option-bad-value')
})

test('two times of access', async () => {
  expect(await codeOf(() => mount(good.flags('noatime', 'strictatime')))).toBe('option-conflict')
  expect(await codeOf(() => mount(good.flags('noatime', 'noatime')).then(({ unmount }) => unmount()))).toBe('done')
})

test.each(['/m\0nt', '/\ud800', ''])('a target to take down or to look at: %j', async (target) => {
  for (const act of [unmount, planOfUnmount]) expect(['usage', 'not-mounted']).toContain(await codeOf(() => act(target)))
  // That there is no such path is all these can say.
  for (const act of [inspect, (path: string) => remount(path, 'ro')]) expect(['usage', 'not-mounted', 'target-missing', 'unknown']).toContain(await codeOf(() => act(target)))
  // Where / is an overlay itself, as in a container, it would be the one around such a name.
  expect(await codeOf(() => inspect(target))).toBe(target === '' ? 'target-missing' : 'usage')
})

test('an empty target is not the working directory', async () => {
  const home = process.cwd()
  await mount(good)
  process.chdir(at('m'))
  try {
    expect(await codeOf(() => unmount(''))).toBe('usage')
    expect((await list()).map(({ target }) => target)).toContain(at('m'))
  } finally {
    process.chdir(home)
    await unmount(at('m'))
  }
})

test.each(['fsconfig', 'mount2', 'mount8', 'fuse'] as const)('a form that %s does not have', async (via) => {
  expect(await codeOf(() => mount(good, { via, forms: [via === 'mount2' ? 'fd' : 'absolute'] }))).toBe('way-cannot-say')
})

test('a form that no way has is not passed over', async () => {
  expect(await codeOf(() => mount(good, { forms: ['bogus' as 'fd'] }))).not.toBe('done')
  expect(await codeOf(() => mount(good, { via: 'bogus' as 'auto' }))).not.toBe('done')
})

/** As JavaScript hands them over. */
test.each<[string, (value: never) => unknown]>([['mount', mount], ['planOfMount', planOfMount], ['encode', encode], ['inspect', inspect], ['unmount', unmount], ['remount', (value) => remount(at('m'), value)]])('%s of what is none', async (_, verb) => {
  for (const value of [undefined, null, {}, 5, { lower: 'a' }, { ...good.spec, lower: [{}] }, { ...good.spec, lower: undefined }, { ...good.spec, upper: 5 }]) {
    expect(await codeOf(() => verb(value as never)), JSON.stringify(value)).toBe('usage')
  }
})
