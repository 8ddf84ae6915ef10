/** Which receipt belongs to a mount, where more than one could. */

import { expect, test } from 'vitest'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { receiptOfMount } from '../../../src/mounts/receipt.ts'
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
