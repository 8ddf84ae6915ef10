/** The small parts of the engine: places, commands, stages, unexpanded names. */

import { expect, test } from 'vitest'
import { readAttempt } from '../../../src/diagnose/attempt.ts'
import { canExplain, checkOrder } from '../../../src/diagnose/causes.ts'
import { formatMountCommand } from '../../../src/overlay/command.ts'
import { ancestorKeys, isInside, isSame } from '../../../src/diagnose/place.ts'
import { unexpanded } from '../../../src/diagnose/rules/unexpanded.ts'
import { CREATE, SET, SPEC, directory, facts, known, refused, unknown } from './make-facts.ts'

const at = (superblock: string, path: string, change = {}) => directory('lower', path, { place: known({ superblock, path }), ...change })

test('the same directory: by place, by inode, through bind mounts', () => {
  expect(isSame(at('8:1', '/a'), at('8:1', '/a', { inode: '77' }))).toBe(true)
  expect(isSame(at('8:1', '/a', { inode: '5', place: unknown }), at('8:1', '/b', { inode: '5', place: unknown }))).toBe(true)
  expect(isSame(at('8:1', '/a'), at('8:2', '/a', { device: '2' }))).toBe(false)
  // On an overlay two directories may have one inode number.
  expect(isSame(at('0:9', '/a', { inode: '5', fsType: known('overlay') }), at('0:9', '/b', { inode: '5', fsType: known('overlay') }))).toBe(false)
})

test('inside: strictly, by component, never across file systems', () => {
  expect(isInside(at('8:1', '/a/b'), at('8:1', '/a'))).toBe(true)
  expect(isInside(at('8:1', '/a'), at('8:1', '/a'))).toBe(false)
  expect(isInside(at('8:1', '/ab'), at('8:1', '/a'))).toBe(false)
  expect(isInside(at('8:1', '/a'), at('8:1', '/'))).toBe(true)
  expect(isInside(at('8:2', '/a/b', { device: '2' }), at('8:1', '/a'))).toBe(false)
  const noPlace = { place: unknown, device: '1', inode: '10', ancestry: ['1:10', '1:9', '1:2'] }
  expect(isInside(at('8:1', '/x', noPlace), at('8:1', '/y', { place: unknown, device: '1', inode: '9' }))).toBe(true)
  expect(ancestorKeys(at('8:1', '/a/b', { ancestry: [] }))).toEqual(['8:1 /a', '8:1 /'])
})

test('a spec as a command', () => {
  expect(formatMountCommand(SPEC)).toBe('ovl mount -l /l1 -l /l2 -u /u -w /w /m')
  expect(formatMountCommand({ ...SPEC, workDerived: true, data: [{ path: '/d d' }], options: { metacopy: 'on', volatile: true }, unknown: [{ key: 'x' }], flags: ['ro'], source: 's', label: 'a:b', mkdir: true }))
    .toBe("ovl mount -l /l1 -l /l2 --data '/d d' -u /u -o ro,metacopy=on,volatile,x --label a:b --source s --mkdir /m")
  const { upper: _upper, work: _work, ...lowers } = SPEC
  expect(formatMountCommand({ ...lowers, tmpfs: { size: '64m' }, target: '-m' })).toBe('ovl mount -l /l1 -l /l2 --tmpfs --size 64m ./-m')
  const { target: _, ...nowhere } = SPEC
  expect(formatMountCommand(nowhere)).toBeUndefined()
})

test.each([
  [{ syscall: 'mount', errno: 'EINVAL' }, ['open', 'set', 'create', 'attach'], 'EINVAL'],
  [{ syscall: 'fsopen', errno: 'EPERM' }, ['open'], 'EPERM'],
  [{ syscall: 'open', errno: 'ENOENT' }, ['set'], 'ENOENT'],
  [{ step: 'look', syscall: 'stat', errno: 'ENOENT' }, ['set'], 'ENOENT'],
  [{ syscall: SET, errno: 'EINVAL' }, ['set'], 'EINVAL'],
  [{ syscall: CREATE, errno: 'EINVAL' }, ['create'], 'EINVAL'],
  [{ syscall: 'move_mount', errno: 'ENOENT' }, ['attach'], 'ENOENT'],
  [{ step: 'make-dir', syscall: 'mkdir', errno: 'EROFS' }, ['make'], 'EROFS'],
  [{ step: 'mount-tmpfs', syscall: 'mount', errno: 'EPERM' }, ['make'], 'EPERM'],
  [{ syscall: 'mount', context: ['mount: /m: special device overlay does not exist.', 'dmesg(1) may have more information after failed mount system call.'] }, ['set'], 'ENOENT'],
  [{ syscall: 'mount', context: ['mount: /m: mount point does not exist.'] }, ['attach'], 'ENOENT'],
  [{ syscall: 'mount', context: ['mount: /m: mount(2) system call failed: Too many levels of symbolic links.'] }, ['open', 'set', 'create', 'attach'], 'ELOOP'],
  [{ syscall: 'mount', context: ['mount: /m: fsconfig() failed: Stale file handle.'] }, ['open', 'set', 'create', 'attach'], 'ESTALE'],
  [{ syscall: 'mount', context: ['mount: /m: something new.'] }, ['open', 'set', 'create', 'attach'], undefined],
])('%j', (trial, stages, errno) => {
  expect(readAttempt(facts({ trial }))).toEqual(errno === undefined ? { stages } : { stages, errno })
})

test('before 6.5 CREATE is also SET; nothing failed is no attempt', () => {
  expect(readAttempt(facts({ system: { kernelRelease: '6.4.0' }, trial: { syscall: CREATE, errno: 'ENOENT' } }))?.stages).toEqual(['set', 'create'])
  expect(readAttempt(facts())).toBeUndefined()
  expect(readAttempt(facts({ trial: { step: 'verify' } }))).toBeUndefined()
})

test('causes by stage and errno', () => {
  expect(canExplain('layers-overlap', { stages: ['create'], errno: 'ELOOP' })).toBe(true)
  expect(canExplain('layers-overlap', { stages: ['set'], errno: 'ELOOP' })).toBe(false)
  expect(canExplain('layers-overlap', { stages: ['set'] })).toBe(true)
  expect(canExplain('whiteout-copied', { stages: ['set'], errno: 'ENXIO' })).toBe(false)
  expect(checkOrder('lower-missing')).toBeLessThan(checkOrder('layers-overlap'))
  expect(checkOrder('whiteout-copied')).toBeGreaterThan(checkOrder('layers-overlap'))
})

test.each(['~/x', '~', '~user/x', '/here/~/x', '$HOME/x', '/a/${B}/c', '"/a"', "'/a'", '/a"', '“/a”', '$(pwd)/x', '`pwd`/x', '/l{1,2}', '%PWD%/x'])('%s looks unexpanded', (path) => {
  expect(unexpanded(refused('lower', path, 'ENOENT', { absolute: `/here/${path}` }), facts())?.finding.code).toBe('path-not-expanded')
})

test.each(['/a~b', '/a/b~', '/cost$', '/it\'s', '/a"b"c', '/{a}', '/100%', '/a`b'])('%s does not', (path) => {
  expect(unexpanded(refused('lower', path, 'ENOENT'), facts())).toBeUndefined()
})
