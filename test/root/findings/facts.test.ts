/** The facts themselves, gathered from a real system. */

import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import type { PathFact } from '../../../src/diagnose/facts.ts'
import { encodeName } from '../../../src/names/bytes.ts'
import { collectFacts } from '../../../src/host/facts.ts'
import { makeGround } from '../host/ground.ts'
import { sh, spec } from './rows.ts'

const ground = makeGround()

function fresh(): string {
  const dir = mkdtempSync(`${ground}/f-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

const lower = (path: string, dir = ground): PathFact => collectFacts(spec(dir, { lower: [{ path }] })).paths[0] as PathFact

test('a directory: what it is, and where it lies', () => {
  const dir = fresh()
  const [first] = collectFacts(spec(dir)).paths
  expect(first).toMatchObject({ role: 'lower', index: 0, path: `${dir}/l1`, absolute: `${dir}/l1`, kind: 'directory', fsType: { known: true, value: 'tmpfs' }, mountPoint: { known: true, value: ground }, mountReadOnly: { known: true, value: false }, stackDepth: { known: true, value: 0 } })
  expect(first?.place).toMatchObject({ known: true, value: { path: dir.slice(ground.length) + '/l1' } })
  // Up to the root of its mount and no further.
  expect(first?.ancestry).toHaveLength(3)
})

test('a bind mount and a symlink lie where they lead', () => {
  const dir = fresh()
  mkdirSync(`${dir}/l1/sub`)
  sh('mount --bind "$1/l1/sub" "$1/l2"', dir)
  symlinkSync('l1/sub', `${dir}/s`)
  const facts = collectFacts(spec(dir, { lower: [{ path: `${dir}/l1/sub` }, { path: `${dir}/l2` }, { path: `${dir}/s` }] })).paths.slice(0, 3)
  expect(new Set(facts.map(({ place }) => JSON.stringify(place))).size).toBe(1)
  expect(new Set(facts.map(({ mountId }) => JSON.stringify(mountId))).size).toBe(2)
  expect(facts[1]?.ancestry).toHaveLength(1)
})

test.each([
  ['missing', (dir: string) => `${dir}/no/such`, 'ENOENT', (dir: string) => `${dir}/no`, undefined],
  ['behind a symlink', (dir: string) => (symlinkSync('gone/far', `${dir}/s`), `${dir}/s/x`), 'ENOENT', (dir: string) => `${dir}/gone`, 's'],
  ['behind an absolute symlink', (dir: string) => (symlinkSync('/nowhere/x', `${dir}/s`), `${dir}/s`), 'ENOENT', () => '/nowhere', 's'],
  ['behind dots', (dir: string) => `${dir}/l1/../no/x`, 'ENOENT', (dir: string) => `${dir}/no`, undefined],
  ['behind a file', (dir: string) => (writeFileSync(`${dir}/f`, ''), `${dir}/f/x`), 'ENOTDIR', (dir: string) => `${dir}/f`, undefined],
  ['in a circle', (dir: string) => (symlinkSync('s', `${dir}/s`), `${dir}/s/x`), 'ELOOP', (dir: string) => `${dir}/s`, 's'],
  ['a descriptor that is closed', () => '/proc/self/fd/999', 'ENOENT', () => expect.stringMatching(/^\/proc\/(self|\d+)\/fd\/999$/) as string, 'self'],
])('where a path breaks off: %s', (_, make, errno, culprit, link) => {
  const dir = fresh()
  const fact = lower(make(dir))
  expect(fact).toMatchObject({ errno, culprit: culprit(dir) })
  if (link !== undefined) expect(fact.via?.link.endsWith(`/${link}`)).toBe(true)
})

test('names of any bytes', () => {
  const dir = fresh()
  const name = `${dir}/a:b,\\\n"\udcff`
  mkdirSync(encodeName(name))
  expect(lower(name)).toMatchObject({ path: name, kind: 'directory' })
  expect(lower(`${name}/x`)).toMatchObject({ errno: 'ENOENT', culprit: `${name}/x` })
})

test('longer paths that exist', () => {
  const dir = fresh()
  for (const name of ['a:b', 'c,d=e', 'x::y']) mkdirSync(`${dir}/${name}`)
  expect(collectFacts(spec(dir, { lower: [{ path: `${dir}/l1` }, { path: `${dir}/a` }, { path: 'b' }] })).joined).toEqual([{ path: `${dir}/a:b`, parts: [`${dir}/a`, 'b'], separator: ':' }])
  expect(collectFacts(spec(dir, { lower: [{ path: `${dir}/x` }], data: [{ path: 'y' }] })).joined).toEqual([{ path: `${dir}/x::y`, parts: [`${dir}/x`, 'y'], separator: ':' }])
  expect(collectFacts(spec(dir, { work: `${dir}/c`, unknown: [{ key: 'd', value: 'e' }] })).joined).toEqual([{ path: `${dir}/c,d=e`, parts: [`${dir}/c`, 'd=e'], separator: ',' }])
  expect(collectFacts(spec(dir)).joined).toEqual([])
})

test('who holds upper and work, what lies in work, how deep the stack is', () => {
  const dir = fresh()
  sh('mount -t overlay o -o "lowerdir=$1/l1,upperdir=$1/u,workdir=$1/w,volatile" "$1/m"', dir)
  const facts = collectFacts(spec(dir, { lower: [{ path: `${dir}/m` }], target: `${dir}/l2` }))
  // Whatever else this machine has mounted holds something, too.
  const holders = facts.holders.known ? facts.holders.value.filter(({ target }) => target === `${dir}/m`) : []
  expect(holders).toMatchObject([{ role: 'upper', path: `${dir}/u` }, { role: 'work', path: `${dir}/w` }])
  expect(facts.work).toEqual({ known: true, value: { work: 'directory', incompat: ['volatile'], indexJunk: [] } })
  expect(facts.paths[0]).toMatchObject({ fsType: { value: 'overlay' }, stackDepth: { known: true, value: 1 } })
})

test('what will be made is where it would be', () => {
  const dir = fresh()
  sh('mount -t tmpfs t "$1/u"', dir)
  const facts = collectFacts(spec(dir, { upper: `${dir}/u`, work: `${dir}/x/u.work`, workDerived: true }))
  expect(facts.paths.find(({ role }) => role === 'work')).toMatchObject({ errno: 'ENOENT', made: true, mountPoint: { value: ground }, place: { value: { path: `${dir.slice(ground.length)}/x/u.work` } } })
})

test('nothing of it needs FFI', () => {
  const dir = fresh()
  const said = spec(dir, { lower: [{ path: `${dir}/l1` }, { path: '/no' }] })
  const whole = collectFacts(said)
  vi.stubEnv('OVL_NO_FFI', '1')
  const without = collectFacts(said)
  vi.unstubAllEnvs()
  expect(without).toEqual(whole)
})

test('the system', () => {
  const { system } = collectFacts(spec(ground))
  expect(system).toMatchObject({ overlayRegistered: { known: true, value: true }, capSysAdmin: { known: true, value: true }, mayMount: { known: true, value: true }, inUserNamespace: { known: true, value: false }, uid: 0, pageSize: 4096 })
  expect(system.moduleParameters).toMatchObject({ known: true, value: { redirect_dir: expect.stringMatching(/^[YN]$/), xino_auto: expect.stringMatching(/^[YN]$/) } })
})

test('500 layers are looked at', () => {
  const dir = fresh()
  const layers = Array.from({ length: 500 }, (_, i) => ({ path: `${dir}/many/deep/down/${i}` }))
  for (const { path } of layers) mkdirSync(path, { recursive: true })
  expect(collectFacts(spec(dir, { lower: layers })).paths).toHaveLength(503)
})
