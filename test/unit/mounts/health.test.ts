import { expect, test } from 'vitest'
import { decodeOverlay } from '../../../src/mounts/decode.ts'
import { judgeHealth } from '../../../src/mounts/health.ts'
import type { HealthFacts, LayerState } from '../../../src/mounts/health.ts'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { overlayLine, parseLine } from './lines.ts'

const overlay = (options: string, where = {}): OverlayMount => decodeOverlay(parseLine(overlayLine(options, where)))
const RW = overlay('rw,lowerdir=/l/a:/l/b,upperdir=/v/u,workdir=/v/w')
const LAYERS: LayerState[] = [
  { role: 'lower', index: 0, path: '/l/a', exists: true, onWritableMount: false },
  { role: 'lower', index: 1, path: '/l/b', exists: true, onWritableMount: false },
  { role: 'upper', index: 0, path: '/v/u', exists: true, onWritableMount: false },
  { role: 'work', index: 0, path: '/v/w', exists: true, onWritableMount: true },
]
const HEALTHY: HealthFacts = { overlay: RW, layers: LAYERS, shared: [], workInWork: true, room: { bytes: { free: 50n << 30n, total: 100n << 30n }, inodes: { free: 1_000_000n, total: 2_000_000n } } }
const judge = (facts: Partial<HealthFacts>): string[] => judgeHealth({ ...HEALTHY, ...facts }).map(({ severity, code, title }) => `${severity} ${code}: ${title}`)
const changed = (at: number, change: Partial<LayerState>): LayerState[] => LAYERS.map((layer, i) => (i === at ? { ...layer, ...change } : layer))

test('nothing is said of a healthy mount, nor of what could not be looked at', () => {
  expect(judge({})).toEqual([])
  expect(judgeHealth({ overlay: RW, layers: LAYERS.map(({ role, index, path }) => ({ role, index, path })), shared: [] })).toEqual([])
})

test('missing layers', () => {
  expect(judge({ layers: changed(1, { exists: false }) })).toEqual(["warning lower-missing: lower layer 2 '/l/b' does not exist any more"])
  expect(judge({ layers: changed(2, { exists: false }) })).toEqual(["error upper-missing: upper '/v/u' does not exist any more"])
  expect(judge({ layers: changed(3, { exists: false }) })).toEqual(["error work-missing: work '/v/w' does not exist any more"])
  expect(judge({ layers: LAYERS.map((layer) => ({ ...layer, exists: false })) })).toEqual([
    "error upper-missing: upper '/v/u' does not exist any more",
    "error work-missing: work '/v/w' does not exist any more",
    "warning lower-missing: 2 layers, lower layer 1 '/l/a' among them, do not exist any more",
  ])
  expect(judgeHealth({ ...HEALTHY, layers: changed(0, { exists: false }) })[0]?.confidence).toBe('likely')
  expect(judgeHealth({ ...HEALTHY, layers: changed(0, { exists: false, deleted: true }) })[0]).toMatchObject({ confidence: 'certain', evidence: [{ source: 'mountinfo' }] })
})

test('a root file system named its layers elsewhere: that is a note', () => {
  const root = overlay('rw,lowerdir=/minimal.squashfs,upperdir=/cow/upper,workdir=/cow/work', { target: '/', source: '/cow' })
  expect(judge({ overlay: root, layers: changed(2, { exists: false, path: '/cow/upper' }) })).toEqual(["note upper-missing: upper '/cow/upper' does not exist under this name here"])
})

test('a work directory without its work', () => {
  expect(judge({ workInWork: false })).toEqual(["error work-dir-unusable: '/v/w/work' is missing"])
  expect(judgeHealth({ ...HEALTHY, workInWork: false })[0]?.explanation).toContain('somebody removed it')
  const silent = overlay('ro,lowerdir=/l/a,upperdir=/v/u,workdir=/v/w')
  expect(judge({ overlay: silent, workInWork: false })).toEqual([
    "error work-dir-unusable: '/v/w/work' is missing, so the kernel mounted read-only",
    "warning mounted-read-only: '/t/merged' has an upper and is read-only all the same",
  ])
})

test('read-only: silently, on request, by having no upper', () => {
  expect(judge({ overlay: overlay('ro,lowerdir=/l,upperdir=/v/u,workdir=/v/w') })[0]).toMatch(/^warning mounted-read-only/)
  const asked = { ...overlay('ro,lowerdir=/l,upperdir=/v/u,workdir=/v/w'), flags: ['ro', 'relatime'] }
  expect(judge({ overlay: asked })).toEqual(["note read-only-overlay: '/t/merged' is read-only: it is mounted ro"])
  const { room: _, workInWork: __, ...rest } = HEALTHY
  expect(judgeHealth({ ...rest, overlay: overlay('ro,lowerdir=/a:/b'), layers: LAYERS.slice(0, 2) }).map(({ title }) => title)).toEqual(["'/t/merged' is read-only: it has no upper"])
})

test.each([
  ['full', 0n, 100n << 30n, "error no-space: the file system of upper '/v/u' is full: 0 bytes of 100 GiB left"],
  ['nearly', 700n << 20n, 100n << 30n, "warning no-space: the file system of upper '/v/u' is nearly full: 700 MiB of 100 GiB left"],
  ['little, but a good part of it', 700n << 20n, 1n << 30n, undefined],
  ['a small part, but much', 2n << 30n, 100n << 30n, undefined],
])('bytes: %s', (_, free, total, expected) => {
  expect(judge({ room: { bytes: { free, total }, inodes: { free: 9n, total: 10n } } })).toEqual(expected === undefined ? [] : [expected])
})

test.each([
  ['none left', 0n, 1000n, "error no-inodes: the file system of upper '/v/u' is full: 0 of 1000 inodes left"],
  ['few left', 10n, 1000n, "warning no-inodes: the file system of upper '/v/u' is nearly full: 10 of 1000 inodes left"],
  ['no fixed number', 0n, 0n, undefined],
])('inodes: %s', (_, free, total, expected) => {
  expect(judge({ room: { ...HEALTHY.room, bytes: { free: 9n << 40n, total: 10n << 40n }, inodes: { free, total } } })).toEqual(expected === undefined ? [] : [expected])
})

test('a layer that another overlay holds', () => {
  const other = overlay('rw,lowerdir=/l,upperdir=/v/u,workdir=/v/w', { target: '/other', device: '0:9' })
  const shared = (role: LayerState['role'], otherRole: LayerState['role'], certain = true, namespace?: OverlayMount['namespace']): string[] =>
    judge({ shared: [{ role, path: '/v/u', other: namespace === undefined ? other : { ...other, namespace }, otherRole, certain }] })
  expect(shared('upper', 'upper')).toEqual(["error upper-in-use: upper '/v/u' is also upper of the overlay at '/other'"])
  expect(shared('work', 'work', true, { inode: '4', pid: 77 })).toEqual(["error work-in-use: work '/v/u' is also work of the overlay at '/other' (in the mount namespace of process 77)"])
  expect(shared('lower', 'upper')).toEqual(["warning lower-in-use: lower '/v/u' is also upper of the overlay at '/other'"])
  expect(shared('upper', 'lower')).toEqual(["warning upper-in-use: upper '/v/u' is also lower of the overlay at '/other'"])
})

test('layers on writable mounts can be edited behind the mount: a note', () => {
  const open = LAYERS.map((layer) => ({ ...layer, onWritableMount: true }))
  expect(judge({ layers: open })).toEqual(['note lower-modified: upper and 2 lower layers can be edited behind the mount'])
  expect(judge({ layers: open.slice(0, 1) })).toEqual(['note lower-modified: 1 lower layer can be edited behind the mount'])
  expect(judge({ layers: open.slice(2) })).toEqual(['note lower-modified: upper can be edited behind the mount'])
})
