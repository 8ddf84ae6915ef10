import { expect, test } from 'vitest'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import { coveringMount, growTree, stackedMounts, submounts } from '../../../src/mounts/tree.ts'
import type { MountTree } from '../../../src/mounts/tree.ts'

/** `id parent target` a line. */
const tree = (...lines: string[]): MountTree =>
  growTree(parseMountinfo(lines.map((line) => line.split(' ')).map(([id, parent, target]) => `${id} ${parent} 0:${id} / ${target} rw - tmpfs none rw`).join('\n')).mounts)

const HOST = tree('1 0 /', '2 1 /a', '3 2 /a/b', '4 1 /ab', '5 3 /a/b/c/d', '6 1 /z')

test.each([
  ['/', 1], ['/x', 1], ['/a', 2], ['/a/x', 2], ['/ab', 4], ['/abc', 1], ['/a/b', 3], ['/a/bc', 2], ['/a/b/c', 3], ['/a/b/c/d/e', 5],
])('%s lies on mount %i', (path, id) => {
  expect(coveringMount(HOST, path)?.id).toBe(id)
})

test('a later mount hides what is below its mount point', () => {
  const hidden = tree('1 0 /', '2 1 /a/b', '3 1 /a', '4 3 /a/c')
  expect(coveringMount(hidden, '/a/b/x')?.id).toBe(3)
  expect(coveringMount(hidden, '/a/c')?.id).toBe(4)
})

test('stacked mounts: the visible one first', () => {
  const stack = tree('1 0 /', '2 1 /m', '3 2 /m', '4 3 /m', '5 4 /m/x')
  expect(coveringMount(stack, '/m')?.id).toBe(4)
  expect(stackedMounts(stack, '/m').map(({ id }) => id)).toEqual([4, 3, 2])
  expect(stackedMounts(stack, '/m/x').map(({ id }) => id)).toEqual([5])
  expect(stackedMounts(stack, '/n')).toEqual([])
  expect(stackedMounts(tree('1 1 /', '2 1 /'), '/').map(({ id }) => id)).toEqual([2, 1])
})

test('submounts can be unmounted in their order', () => {
  expect(submounts(HOST, '/a').map(({ target }) => target)).toEqual(['/a/b/c/d', '/a/b'])
  expect(submounts(HOST, '/a/b/c').map(({ target }) => target)).toEqual(['/a/b/c/d'])
  expect(submounts(HOST, '/').map(({ id }) => id).indexOf(5)).toBeLessThan(submounts(HOST, '/').map(({ id }) => id).indexOf(2))
  expect(submounts(HOST, '/')).toHaveLength(5)
  expect(submounts(HOST, '/z')).toEqual([])
  expect(submounts(HOST, '/nowhere')).toEqual([])
})

test('what hides another mount comes before it, a stack from the top', () => {
  expect(submounts(tree('1 0 /', '2 1 /m/a/b', '3 1 /m/a'), '/m').map(({ id }) => id)).toEqual([3, 2])
  expect(submounts(tree('1 0 /', '2 1 /m/a', '3 2 /m/a', '4 3 /m/a/x'), '/m').map(({ id }) => id)).toEqual([4, 3, 2])
  expect(submounts(tree('1 0 /', '2 1 /m', '3 2 /m/below', '4 2 /m', '5 4 /m/x'), '/m').map(({ id }) => id)).toEqual([5])
})

test('a root whose parent is out of sight, or its own, or missing', () => {
  expect(coveringMount(tree('9 9 /', '10 9 /a'), '/a/b')?.id).toBe(10)
  expect(coveringMount(tree('7 400 /a', '8 7 /a/b'), '/a/b/c')?.id).toBe(8)
  expect(coveringMount(tree('7 400 /a'), '/b')).toBeUndefined()
  expect(coveringMount(tree(), '/')).toBeUndefined()
})
