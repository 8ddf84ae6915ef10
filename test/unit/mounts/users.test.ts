import { expect, test } from 'vitest'
import { decodeOverlays } from '../../../src/mounts/decode.ts'
import { layersOf, usersOf } from '../../../src/mounts/users.ts'
import { overlayLine, parseLine } from './lines.ts'

const overlays = decodeOverlays([
  parseLine(overlayLine('rw,lowerdir=/l/a:/l/b::/d,upperdir=/v/u,workdir=/v/w', { target: '/one', device: '0:1' })),
  parseLine(overlayLine('rw,lowerdir=/l/a/sub,upperdir=/v/u/in,workdir=/v/w2', { target: '/two', device: '0:2' })),
  parseLine(overlayLine('ro,lowerdir=l/a:relative', { target: '/three', device: '0:3' })),
])
const users = (directory: string): string[] => usersOf(directory, overlays).map(({ overlay, role, index, relation }) => `${overlay.target} ${role}${index} ${relation}`)

test('the same directory, one inside it, one around it', () => {
  expect(users('/v/u')).toEqual(['/one upper0 same', '/two upper0 inside'])
  expect(users('/l/a/sub')).toEqual(['/one lower0 around', '/two lower0 same'])
  expect(users('/v')).toEqual(['/one upper0 inside', '/one work0 inside', '/two upper0 inside', '/two work0 inside'])
  expect(users('/l/b')).toEqual(['/one lower1 same'])
  expect(users('/d/x')).toEqual(['/one data0 around'])
  expect(users('/va')).toEqual([])
})

test('layers in the order of the kernel', () => {
  expect(layersOf(overlays[0] as never).map(({ role, index }) => `${role}${index}`)).toEqual(['lower0', 'lower1', 'data0', 'upper0', 'work0'])
})
