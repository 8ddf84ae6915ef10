/** Which receipt belongs to a mount, where more than one could. */

import { expect, test } from 'vitest'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { fateOf, receiptOfMount } from '../../../src/mounts/receipt.ts'
import type { Surroundings } from '../../../src/mounts/receipt.ts'
import type { Receipt } from '../../../src/plan/step.ts'

const mountOf = (lower: string, upper: string): OverlayMount => ({ id: 1, parentId: 0, target: '/m', source: 'overlay', type: 'overlay', device: '0:50', lower: [lower], data: [], upper, options: {}, flags: [], maker: { name: 'ovl' } }) as unknown as OverlayMount
const receipt = (directory: string, device?: string): Receipt => ({ version: 1, state: 'mounted', pid: 1, mountNamespace: '4', bootId: 'b', target: '/m', directory, parts: [], madeDirs: [], layers: { lower: [`${directory}/l`], data: [], upper: '/u' }, ...(device === undefined ? {} : { device }) })
const [dead, own] = [receipt('/run/ovl/dead', '0:50'), receipt('/run/ovl/own', '0:50')]

test('one that a dead namespace left, with the same numbers, does not hide the mount’s own', () => {
  expect(receiptOfMount(mountOf('/run/ovl/own/l', '/run/ovl/own/rw'), [dead, own])).toBe(own)
  expect(receiptOfMount(mountOf('/run/ovl/dead/l', '/u'), [own, dead])).toBe(dead)
})

test('layers that lie elsewhere are told by the device', () => {
  expect(receiptOfMount(mountOf('/a', '/u'), [receipt('/run/ovl/x', '0:51'), own])).toBe(own)
  expect(receiptOfMount(mountOf('/a', '/u'), [receipt('/run/ovl/x', '0:51')])).toBeUndefined()
})

const FIRST = '4026531836'
const here: Surroundings = { bootId: 'b', mountNamespace: { inode: '4', id: '40' }, pidNamespace: FIRST, overlays: [mountOf('/run/ovl/own/l', '/u')], isRunning: (pid) => pid === 7, namespaces: () => ({ inodes: new Set(['4', '5']) }), elsewhere: () => [{ device: '0:77', target: '/srv/m' }] }
const listed = (ids: readonly string[]): Partial<Surroundings> => ({ namespaces: () => ({ inodes: new Set(['4', '5']), ids: new Set(['40', ...ids]) }) })
const unknown = { unknown: expect.any(String) as string }

test.each<[title: string, receipt: Partial<Receipt>, here: Partial<Surroundings>, fate: unknown]>([
  ['of another boot', { bootId: 'a', mountNamespace: '5' }, {}, 'stale'],
  ['mounted here', {}, {}, 'live'],
  ['not mounted here any more', { device: '0:51' }, {}, 'stale'],
  ['being made by a process that runs', { state: 'making', pid: 7, device: '0:51' }, {}, 'live'],
  ['being made by a process that has ended', { state: 'making', pid: 8, device: '0:51' }, {}, 'stale'],
  ['left by a mount that could not be undone', { state: 'making', pid: 0, pidNamespace: '9', device: '0:51' }, {}, 'stale'],
  ['being made in another pid namespace', { state: 'making', pid: 8, pidNamespace: '9', device: '0:51' }, {}, unknown],
  ['being made, and /proc is that of another pid namespace', { state: 'making', pid: 8, pidNamespace: FIRST, device: '0:51' }, { isRunning: () => undefined }, unknown],
  ['made in another pid namespace, and mounted here', { pidNamespace: '9' }, {}, 'live'],
  ['a number of a mount namespace that is used again', { mountNamespaceId: '39' }, listed([]), 'stale'],
  ['elsewhere, and found there', { mountNamespace: '5' }, {}, 'live'],
  ['elsewhere, and found nowhere', { mountNamespace: '6' }, {}, 'stale'],
  ['elsewhere, and not all could be looked at', { mountNamespace: '6' }, { namespaces: () => ({ inodes: new Set(['4']), unseen: 'process 1 may not be looked into' }) }, { unknown: 'it was mounted in another mount namespace, and process 1 may not be looked into' }],
  ['elsewhere, and the kernel lists it', { mountNamespace: '6', mountNamespaceId: '60' }, listed(['60']), 'live'],
  ['elsewhere, and the kernel lists another of that number', { mountNamespace: '5', mountNamespaceId: '50' }, listed(['51']), 'stale'],
  ['elsewhere, of old, and the kernel lists that number', { mountNamespace: '5' }, listed(['51']), 'live'],
  ['elsewhere, gone, and copied to a namespace that lives', { mountNamespace: '6', device: '0:77' }, {}, 'live'],
  ['elsewhere, gone, and another of its device number lives', { mountNamespace: '6', device: '0:77', target: '/n' }, {}, 'stale'],
  ['elsewhere, of another pid namespace, asked from within one', { mountNamespace: '6', pidNamespace: '9' }, { pidNamespace: '10' }, unknown],
  ['elsewhere, of old, asked from within a pid namespace', { mountNamespace: '6' }, { pidNamespace: '10' }, unknown],
  ['elsewhere, of the pid namespace it is asked from', { mountNamespace: '6', pidNamespace: '10' }, { pidNamespace: '10' }, 'stale'],
])('the fate of a receipt: %s', (_, of, where, fate) => {
  expect(fateOf({ ...own, ...of }, { ...here, ...where })).toEqual(fate)
})
