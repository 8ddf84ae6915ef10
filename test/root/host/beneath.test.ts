/** Below a directory that somebody else owns: nothing that lies in it leads out of it, with openat2 and without. */

import { execFileSync } from 'node:child_process'
import { constants, fstatSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { assert, constantFrom, array, property } from 'fast-check'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { holdDirectory, linkBelow, listBelow, makeDirectoriesBelow, makeDirectoryBelow, openBelow, readBelow, readLinkBelow, removeBelow, removeDirectoryBelow, renameBelow, statBelow, symlinkBelow, writeBelow } from '../../../src/host/beneath.ts'
import { walk } from '../../../src/host/held-directory.ts'
import type { Links } from '../../../src/host/held-directory.ts'
import { OwnedFd } from '../../../src/host/fd.ts'
import { codeOf, makeGround } from './ground.ts'

const ground = makeGround()
/** A tree with every kind of way out, and what lies outside. */
function tree(): { root: string; outside: string } {
  const root = mkdtempSync(`${ground}/t`)
  const outside = mkdtempSync(`${ground}/o`)
  writeFileSync(`${outside}/secret`, 'outside')
  mkdirSync(`${root}/etc`)
  mkdirSync(`${root}/usr/lib`, { recursive: true })
  writeFileSync(`${root}/usr/lib/file`, 'inside')
  writeFileSync(`${root}/plain`, 'plain')
  symlinkSync('usr/lib', `${root}/lib`)
  symlinkSync('/usr/lib/file', `${root}/absolute`)
  symlinkSync(outside, `${root}/out`)
  symlinkSync(`../${outside.slice(outside.lastIndexOf('/') + 1)}`, `${root}/up`)
  symlinkSync('..', `${root}/etc/parent`)
  symlinkSync('../../../../../../../../usr/lib/file', `${root}/etc/climb`)
  symlinkSync('loop', `${root}/loop`)
  symlinkSync('/proc/self/root', `${root}/magic`)
  symlinkSync('gone', `${root}/dangling`)
  execFileSync('mkfifo', [`${root}/fifo`])
  return { root, outside }
}

test('what is written follows no symlink, wherever on the way it lies', () => {
  const { root, outside } = tree()
  using top = holdDirectory(root)
  for (const name of ['out/new', 'up/new', 'lib/new', 'etc/parent/new', 'out/secret']) {
    expect([name, codeOf(() => writeBelow(top, name, 'x', 0o644))]).toEqual([name, 'unsafe-path'])
    expect([name, codeOf(() => makeDirectoryBelow(top, name))]).toEqual([name, 'unsafe-path'])
    expect([name, codeOf(() => removeBelow(top, name))]).toEqual([name, 'unsafe-path'])
    expect([name, codeOf(() => renameBelow(top, 'plain', name))]).toEqual([name, 'unsafe-path'])
    expect([name, codeOf(() => symlinkBelow(top, name, 'x'))]).toEqual([name, 'unsafe-path'])
    expect([name, codeOf(() => linkBelow(top, 'plain', name))]).toEqual([name, 'unsafe-path'])
  }
  for (const name of ['out', 'absolute', 'dangling', 'fifo', 'etc']) expect([name, codeOf(() => writeBelow(top, name, 'x', 0o644))]).toEqual([name, 'unsafe-path'])
  expect(codeOf(() => makeDirectoryBelow(top, '../escaped'))).toBe('unsafe-path')
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('outside')
  expect(readFileSync(`${root}/plain`, 'utf8')).toBe('plain')
})

test('what is read follows symlinks as in a root directory', () => {
  const { root, outside } = tree()
  using top = holdDirectory(root)
  expect(readBelow(top, 'absolute').toString()).toBe('inside')
  expect(readBelow(top, 'etc/climb').toString()).toBe('inside')
  expect(readBelow(top, '/lib/file').toString()).toBe('inside')
  expect(codeOf(() => readBelow(top, 'out/secret'))).toBe('ENOENT')
  expect(codeOf(() => readBelow(top, `magic${outside}/secret`))).toMatch(/^(ENOENT|ELOOP)$/)
  expect(codeOf(() => readBelow(top, 'fifo'))).toBe('unsafe-path')
  expect(codeOf(() => readBelow(top, 'etc'))).toBe('unsafe-path')
  expect(codeOf(() => readBelow(top, 'plain', { limit: 4 }))).toBe('file-too-large')
  expect(readBelow(top, 'plain', { limit: 5 }).toString()).toBe('plain')
  expect(statBelow(top, 'absolute')).toMatchObject({ kind: 'symlink' })
  expect(statBelow(top, 'absolute', 'inside')).toMatchObject({ kind: 'file' })
  expect(statBelow(top, 'lib/file')).toBe('ELOOP')
  expect(listBelow(top, 'lib', 'inside')).toEqual(['file'])
  expect(readLinkBelow(top, 'lib')).toBe('usr/lib')
})

test('what is made is there, with owner and mode', () => {
  const { root } = tree()
  using top = holdDirectory(root)
  makeDirectoriesBelow(top, 'a/b/c')
  expect(makeDirectoryBelow(top, 'a/b/c')).toBe(false)
  expect(makeDirectoryBelow(top, 'a/given', 0o755, { uid: 4711, gid: 4712, mode: 0o6755 })).toBe(true)
  expect(lstatSync(`${root}/a/given`)).toMatchObject({ uid: 4711, gid: 4712, mode: constants.S_IFDIR | 0o6755 })
  writeBelow(top, 'a/file', 'one', 0o666)
  writeBelow(top, 'a/file', 'two', 0o640)
  expect(readFileSync(`${root}/a/file`, 'utf8')).toBe('two')
  expect(lstatSync(`${root}/a/file`).mode & 0o777).toBe(0o640)
  symlinkBelow(top, 'a/link', '../x', { uid: 5, gid: 6 })
  expect(readlinkSync(`${root}/a/link`)).toBe('../x')
  linkBelow(top, 'a/file', 'a/second')
  expect(codeOf(() => linkBelow(top, 'a/file', 'a/second'))).toBe('EEXIST')
  renameBelow(top, 'a/second', 'a/b/third')
  removeBelow(top, 'a/b/third')
  removeDirectoryBelow(top, 'a/b/c')
  expect(listBelow(top, 'a').sort()).toEqual(['b', 'file', 'given', 'link'])
})

test('a held directory stays the same one when somebody renames it and puts a link in its place', () => {
  const { root, outside } = tree()
  using top = holdDirectory(root)
  execFileSync('mv', [root, `${root}.moved`])
  symlinkSync(outside, root)
  writeBelow(top, 'secret', 'ours', 0o600)
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('outside')
  expect(readFileSync(`${root}.moved/secret`, 'utf8')).toBe('ours')
})

test('the walk without openat2 comes to the same end', () => {
  const { root } = tree()
  using top = holdDirectory(root)
  const inode = (found: number | string): string => {
    if (typeof found === 'string') return found
    using file = new OwnedFd(found)
    return String(fstatSync(file.fd).ino)
  }
  const word = constantFrom('..', 'etc', 'usr', 'lib', 'file', 'plain', 'absolute', 'out', 'up', 'parent', 'climb', 'loop', 'dangling', 'missing', 'secret')
  const O_PATH = 0x20_0000
  assert(property(array(word, { minLength: 1, maxLength: 5 }), constantFrom<Links>('none', 'inside'), constantFrom(0, constants.O_NOFOLLOW, constants.O_DIRECTORY), (words, links, flags) => {
    const path = words.join('/')
    const walked = inode(walk(top, path, O_PATH | flags, 0, links))
    let resolved: string
    try {
      using file = openBelow(top, path, O_PATH | flags, { links })
      resolved = String(fstatSync(file.fd).ino)
    } catch (error) {
      resolved = isOvlError(error) ? (error.errno ?? '') : String(error)
    }
    // Both refuse, though not always for the same reason: a missing name behind a link, a link behind a file.
    expect(walked.startsWith('E') ? 'refused' : walked).toBe(resolved.startsWith('E') ? 'refused' : resolved)
  }), { numRuns: 1500 })
})
