/** Where each live system keeps its changes, and what cannot keep them. */

import { describe, expect, test } from 'vitest'
import { keepInMemory, keepOnDisk } from '../../../src/live/keep.ts'
import type { DiskView } from '../../../src/live/keep.ts'
import type { LiveLayer, LivePlan, LiveSystem } from '../../../src/live/live-plan.ts'
import { bytesOfSize, judgeRoom, memoryFindings, planToram, tmpfsLimit } from '../../../src/live/room.ts'

const layer = (name: string): LiveLayer => ({ name, path: `/live/${name}`, size: 1, role: 'module', kind: 'file' })
const plan = (system: LiveSystem, names: readonly string[] = ['b', 'a']): LivePlan => ({
  system, layers: names.map(layer), mountOptions: [], layerMountOptions: [], source: 'x', cow: { kind: 'tmpfs', size: '30%' }, toram: false, findings: [],
  medium: { source: '/x.iso', kind: 'iso' }, cmdline: '', entries: [],
})
const disk = (more: Partial<DiskView> = {}): DiskView => ({ what: 'image', path: '/d.img', said: 'd.img', type: 'ext4', entries: ['lost+found'], ...more })
const none = (): boolean => false

describe('upper and work', () => {
  test('in memory, as large as the system has it, or as was said', () => {
    expect(keepInMemory(plan('live-boot'), undefined).upper).toEqual({ on: 'tmpfs', upper: 'rw', work: 'work', size: '30%' })
    expect(keepInMemory(plan('casper'), '1g').upper).toEqual({ on: 'tmpfs', upper: 'upper', work: 'work', size: '1g' })
  })

  test.each<[LiveSystem, string, string, object]>([['casper', 'writable', 'upper', {}], ['live-boot', 'persistence', 'rw', { 'persistence.conf': '/ union\n' }], ['plain', 'ovl', 'upper', {}]])('on a disk that is made: %s', (system, label, upper, files) => {
    expect(keepOnDisk(plan(system), disk({ what: 'missing' }), 4096, none).upper).toEqual({ on: 'disk', disk: { what: 'image', path: '/d.img', type: 'ext4', make: { size: 4096, label, files } }, upper, work: 'work' })
  })

  test('live-boot: under / union the first image by name is on top', () => {
    const { upper, order, findings } = keepOnDisk(plan('live-boot'), disk({ conf: '/ union,source=all\n/home\n/opt union\n/etc/x link\n' }), undefined, (at, path) => at === 0 && path === '/opt')
    expect(upper).toEqual({ on: 'disk', disk: { what: 'image', path: '/d.img', type: 'ext4' }, upper: 'all/rw', work: 'all/work', places: [{ at: '/home', source: 'home', how: 'bind', over: [] }, { at: '/opt', source: 'opt', how: 'union', over: [0] }, { at: '/etc/x', source: 'etc/x', how: 'link', over: [], shown: '/run/live/persistence/d.img/etc/x' }] })
    expect([order, findings.map(({ code }) => code)]).toEqual([[1, 0], ['live-order-reversed']])
  })

  test('live-boot: a union over nothing is all there is, and stops the boot', () => {
    const { upper, findings } = keepOnDisk(plan('live-boot'), disk({ conf: '/new union\n' }), undefined, none)
    expect(upper).toMatchObject({ on: 'tmpfs', size: '30%', places: [{ at: '/new', source: 'new/rw', how: 'bind' }] })
    expect(findings.map(({ severity, title }) => [severity, title])).toEqual([['warning', "no image has '/new': live-boot stops the boot at a union over nothing"]])
  })

  test('live-boot: links lead to where the disk is shown; / is not linked', () => {
    const { upper, findings } = keepOnDisk(plan('live-boot'), disk({ conf: '/a link,source=.\n/ link,source=b\n' }), undefined, none)
    expect(upper).toMatchObject({ on: 'tmpfs', places: [{ at: '/a', source: '.', how: 'link', shown: '/run/live/persistence/d.img' }] })
    expect(findings.filter(({ code }) => code === 'persistence-line-skipped').map(({ title }) => title)).toEqual(["'/' of persistence.conf is not shown: a link of / would take the whole live system away"])
  })
})

test.each<[string, LiveSystem, Partial<DiskView>, number | undefined, string[]]>([
  ['an empty disk', 'casper', {}, undefined, []],
  ['one that was used before', 'casper', { entries: ['upper', 'work', 'lost+found', 'mine'] }, undefined, []],
  ['one of an older casper', 'casper', { entries: ['etc', 'home'] }, undefined, ['persistence-unusable']],
  ['no persistence.conf', 'live-boot', {}, undefined, ['persistence-unusable']],
  ['nothing, and no size', 'casper', { what: 'missing' }, undefined, ['persistence-unusable']],
  ['something, and a size', 'casper', {}, 4096, ['usage']],
  ['in use', 'casper', { usedBy: 'it is mounted' }, undefined, ['upper-in-use']],
  ['in use, and empty of what live-boot wants', 'live-boot', { usedBy: 'it is mounted' }, undefined, ['upper-in-use']],
  ['squashfs', 'casper', { type: 'squashfs' }, undefined, ['upper-unsupported']],
  ['not unmounted cleanly', 'casper', { dirty: true }, undefined, ['persistence-unusable']],
])('%s', (_, system, more, bytes, codes) => {
  const { findings } = keepOnDisk(plan(system), disk(more), bytes, none)
  expect(findings.map(({ code }) => code)).toEqual(codes)
  if (more.dirty === true) expect(findings[0]?.severity).toBe('note')
})

describe('room', () => {
  const GIB = 1024 ** 3
  test.each([['64m', 64 * 1024 ** 2], ['2G', 2 * GIB], ['4GiB', 4 * GIB], ['512', 512], ['', undefined], ['50%', undefined], ['1.5g', undefined], ['-1', undefined], ['0', undefined]])('%j', (size, bytes) => expect(bytesOfSize(size)).toBe(bytes))
  test.each([[undefined, 4 * GIB], ['25%', 2 * GIB], ['1g', GIB]])('a tmpfs of %s on 8 GiB', (size, bytes) => expect(tmpfsLimit(size, { total: 8 * GIB, available: GIB })).toBe(bytes))

  test('memory that would not do is told before it is used', () => {
    const upper = { on: 'tmpfs', upper: 'u', work: 'w' } as const
    const severities = (toram: number, available: number): string[] => memoryFindings({ toram, upper, memory: { total: 8 * GIB, available } }).map(({ severity }) => severity)
    expect([severities(0, 5 * GIB), severities(0, 3 * GIB), severities(2 * GIB, 5 * GIB), severities(6 * GIB, 5 * GIB)]).toEqual([[], ['warning'], ['warning'], ['error']])
  })

  test('toram of the boot line is done where there is room, that of the caller is an order', () => {
    const layers = [{ ...layer('a'), size: 2 * GIB }]
    const say = (toram: boolean | string, asked: boolean, available: number): unknown => {
      const { bytes, findings } = planToram({ toram, layers }, asked, { total: 8 * GIB, available })
      return [bytes !== undefined, findings.map(({ severity, code }) => `${severity} ${code}`)]
    }
    expect([say(false, false, 8 * GIB), say(true, false, 8 * GIB), say('a', false, 8 * GIB), say('gone', false, 8 * GIB)]).toEqual([[false, []], [true, []], [true, []], [false, []]])
    expect([say(true, false, GIB), say(true, true, GIB), say(false, true, GIB)]).toEqual([[false, ['warning no-space']], [true, []], [true, []]])
  })

  test('a full disk is an error, a nearly full one a warning', () => {
    const judge = (free: number, inodes = 100): string[] => judgeRoom({ target: '/m', upperAt: '/rw', upperOn: 'ext4', keeps: 'everything', memory: undefined, room: { bytes: { used: 100 - free, free, total: 100 }, inodes: { used: 100 - inodes, free: inodes, total: 100 } } }).map(({ code, severity }) => `${severity} ${code}`)
    expect([judge(21), judge(20), judge(0), judge(50, 5)]).toEqual([[], ['warning no-space'], ['error no-space'], ['warning no-inodes']])
  })
})
