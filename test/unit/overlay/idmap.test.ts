import { expect, test } from 'vitest'
import { formatIdRanges, parseIdmap } from '../../../src/overlay/idmap.ts'

const range = ([disk, mount, count]: number[]): object => ({ disk, mount, count })

test.each([
  ['b:0:100000:65536', [[0, 100_000, 65_536]], [[0, 100_000, 65_536]]],
  ['0:100000:65536', [[0, 100_000, 65_536]], [[0, 100_000, 65_536]]],
  ['u:1000:0:1 g:1001:1:2 5000:1000:2', [[1000, 0, 1], [5000, 1000, 2]], [[1001, 1, 2], [5000, 1000, 2]]],
  ['  u:0:1:1\t g:0:2:1 ', [[0, 1, 1]], [[0, 2, 1]]],
  ['u:0:0:4294967295 g:1:0:1', [[0, 0, 4_294_967_295]], [[1, 0, 1]]],
])('%s', (text, uid, gid) => {
  expect(parseIdmap(text)).toEqual({ kind: 'map', uid: uid.map(range), gid: gid.map(range) })
})

test('a path is a namespace', () => {
  expect(parseIdmap('/proc/12/ns/user')).toEqual({ kind: 'path', path: '/proc/12/ns/user' })
  expect(parseIdmap('/a dir/ns')).toEqual({ kind: 'path', path: '/a dir/ns' })
})

test.each([
  ['', 'it is empty'], ['  ', 'it is empty'], ['x:0:1:1', 'not of the form'], ['u:0:1', 'not of the form'], ['u:0:1:1:1', 'not of the form'], ['u:-1:1:1', 'not of the form'],
  ['u:a:1:1', 'not of the form'], ['u:0:1:1', 'maps no groups'], ['g:0:1:1', 'maps no users'], ['0:1:0', 'maps no id'], ['0:4294967295:1', 'passes the last id'], ['9999999999:0:1', 'passes the last id'],
  ['0:0:10 5:100:1', 'overlap'], ['0:0:10 100:9:1', 'overlap'], ['u:0:0:1,g:0:0:1', 'not of the form'],
  [Array.from({ length: 341 }, (_, i) => `b:${i}:${i}:1`).join(' '), '340 ranges'],
])('%s is refused', (text, why) => {
  expect(() => parseIdmap(text)).toThrow(expect.objectContaining({ code: 'option-bad-value', message: expect.stringContaining(why) }))
})

test('users and groups are ranges of their own', () => {
  expect(parseIdmap('u:0:0:10 g:5:5:1')).toEqual({ kind: 'map', uid: [{ disk: 0, mount: 0, count: 10 }], gid: [{ disk: 5, mount: 5, count: 1 }] })
})

test('as the kernel takes them', () => {
  expect(formatIdRanges([{ disk: 0, mount: 100_000, count: 65_536 }, { disk: 70_000, mount: 0, count: 1 }])).toBe('0 100000 65536\n70000 0 1\n')
  expect(formatIdRanges([])).toBe('')
})
