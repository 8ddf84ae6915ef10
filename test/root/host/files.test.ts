import { assert, property, uniqueArray } from 'fast-check'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { lstatName, makeDirectory, readDirectory, readFileBytes, realName, removeDirectory, removeFile, statName, writeFileAtomic } from '../../../src/host/files.ts'
import { directoryEntryTypes, makeWhiteout, openDirectory, statfsType } from '../../../src/host/syscalls/files.ts'
import { getXattr, listXattr, removeXattr, setXattr } from '../../../src/host/syscalls/xattr.ts'
import { hostileName } from '../../support/names.ts'
import { makeGround } from './ground.ts'

const ground = makeGround()
const fresh = (): string => mkdtempSync(`${ground}/t`)
const errnoOf = (act: () => unknown): string | undefined => {
  try {
    act()
  } catch (error) {
    return isOvlError(error) ? (error.errno ?? error.code) : String(error)
  }
  return undefined
}

test('names of any bytes go there and come back', () => {
  assert(property(uniqueArray(hostileName(), { minLength: 1, maxLength: 6 }), (names) => {
    const at = fresh()
    for (const name of names) expect(makeDirectory(`${at}/${name}`)).toBe(true)
    expect(readDirectory(at).sort()).toEqual([...names].sort())
    expect(directoryEntryTypes(at).map(({ name }) => name).sort()).toEqual([...names].sort())
    for (const name of names) {
      const path = `${at}/${name}`
      expect(realName(path)).toBe(path)
      expect(statName(path)).toMatchObject({ kind: 'directory' })
      writeFileAtomic(`${path}/x`, name)
      setXattr(path, 'trusted.overlay.redirect', Buffer.from(name, 'utf16le'))
      expect(getXattr(path, 'trusted.overlay.redirect')).toEqual(Buffer.from(name, 'utf16le'))
      removeFile(`${path}/x`)
      expect(removeDirectory(path)).toBe(true)
      expect(removeDirectory(path)).toBe(false)
    }
  }), { numRuns: 60 })
})

test('each kind of entry is told by stat and by the directory', () => {
  const at = fresh()
  mkdirSync(`${at}/directory`)
  writeFileSync(`${at}/file`, '')
  symlinkSync('file', `${at}/symlink`)
  execFileSync('sh', ['-c', 'mkfifo fifo; mknod block b 7 9; mknod char c 1 3; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'socket\')"'], { cwd: at })
  const entries = directoryEntryTypes(at).sort((a, b) => (a.name < b.name ? -1 : 1))
  expect(entries.map(({ name }) => name)).toEqual(readdirSync(at).sort())
  for (const { name, type } of entries) {
    expect(type).toBe(name)
    expect(lstatName(`${at}/${name}`)).toMatchObject({ kind: name })
  }
  expect(statName(`${at}/symlink`)).toMatchObject({ kind: 'file' })
  expect(statName(`${at}/char`)).toMatchObject({ rdev: BigInt(statSync(`${at}/char`).rdev) })
})

test('a directory of more entries than one call returns is read to its end', () => {
  const at = fresh()
  for (let i = 0; i < 5000; i++) writeFileSync(`${at}/file-with-a-longish-name-${i}`, '')
  const entries = directoryEntryTypes(at)
  expect(new Set(entries.map(({ name }) => name)).size).toBe(5000)
  expect(entries.every(({ type }) => type === 'file')).toBe(true)
})

test('a whiteout is the character device 0:0', () => {
  const at = fresh()
  makeWhiteout(`${at}/gone`)
  expect(lstatName(`${at}/gone`)).toMatchObject({ kind: 'char', rdev: 0n, mode: 0 })
  expect(directoryEntryTypes(at)).toEqual([{ name: 'gone', type: 'char' }])
  expect(errnoOf(() => makeWhiteout(`${at}/gone`))).toBe('EEXIST')
})

test('failures have their errno', () => {
  const at = fresh()
  writeFileSync(`${at}/file`, '')
  symlinkSync('loop', `${at}/loop`)
  expect(statName(`${at}/none`)).toBe('ENOENT')
  expect(statName(`${at}/file/x`)).toBe('ENOTDIR')
  expect(statName(`${at}/loop`)).toBe('ELOOP')
  expect(statName(`${at}/${'x'.repeat(256)}`)).toBe('ENAMETOOLONG')
  expect(errnoOf(() => statName(`${at}/a\0b`))).toBe('usage')
  expect(errnoOf(() => makeDirectory(`${at}/file`))).toBe('EEXIST')
  expect(errnoOf(() => makeDirectory(`${at}/none/x`))).toBe('ENOENT')
  expect(makeDirectory(at)).toBe(false)
  expect(errnoOf(() => removeDirectory(at))).toBe('ENOTEMPTY')
  expect(errnoOf(() => removeDirectory(`${at}/file`))).toBe('ENOTDIR')
  expect(errnoOf(() => openDirectory(`${at}/file`))).toBe('ENOTDIR')
  expect(errnoOf(() => directoryEntryTypes(`${at}/none`))).toBe('ENOENT')
  expect(errnoOf(() => readDirectory(`${at}/none`))).toBe('ENOENT')
  expect(errnoOf(() => realName(`${at}/none`))).toBe('ENOENT')
  expect(errnoOf(() => statfsType(`${at}/none`))).toBe('ENOENT')
  expect(errnoOf(() => getXattr(`${at}/none`, 'user.a'))).toBe('ENOENT')
  expect(errnoOf(() => setXattr(`${at}/file`, 'nonsense', Buffer.of(1)))).toBe('EOPNOTSUPP')
  expect(errnoOf(() => writeFileAtomic(`${at}/none/x`, ''))).toBe('ENOENT')
})

test('attributes: none, empty, long, listed, removed, of a symlink itself', () => {
  const at = fresh()
  symlinkSync('nowhere', `${at}/link`)
  expect(listXattr(`${at}/link`).filter((name) => name.startsWith('trusted'))).toEqual([])
  expect(getXattr(`${at}/link`, 'trusted.overlay.x')).toBeUndefined()
  expect(removeXattr(`${at}/link`, 'trusted.overlay.x')).toBe(false)
  setXattr(`${at}/link`, 'trusted.overlay.empty', Buffer.alloc(0))
  setXattr(`${at}/link`, 'trusted.overlay.long', Buffer.alloc(40_000, 7))
  expect(listXattr(`${at}/link`).sort()).toEqual(expect.arrayContaining(['trusted.overlay.empty', 'trusted.overlay.long']))
  expect(getXattr(`${at}/link`, 'trusted.overlay.empty')).toHaveLength(0)
  expect(getXattr(`${at}/link`, 'trusted.overlay.long')).toEqual(Buffer.alloc(40_000, 7))
  expect(removeXattr(`${at}/link`, 'trusted.overlay.long')).toBe(true)
  expect(getXattr(`${at}/link`, 'trusted.overlay.long')).toBeUndefined()
  for (let i = 0; i < 40; i++) setXattr(at, `user.a-long-enough-name-${i}`, Buffer.of(i))
  expect(listXattr(at).filter((name) => name.startsWith('user.'))).toHaveLength(40)
})

test('an atomic write replaces the file and leaves nothing beside it', () => {
  const at = fresh()
  writeFileAtomic(`${at}/f`, 'one')
  writeFileAtomic(`${at}/f`, Buffer.from('two'), 0o644)
  expect(readFileBytes(`${at}/f`).toString()).toBe('two')
  expect(statSync(`${at}/f`).mode & 0o777).toBe(0o644)
  mkdirSync(`${at}/d`)
  expect(errnoOf(() => writeFileAtomic(`${at}/d`, 'x'))).toBe('EISDIR')
  expect(readdirSync(at).sort()).toEqual(['d', 'f'])
  symlinkSync('/etc/passwd', `${at}/g.${process.pid}.new`)
  // The name it writes to at first cannot be guessed.
  writeFileAtomic(`${at}/g`, 'x')
  expect(readFileSync(`${at}/g`, 'utf8')).toBe('x')
  expect(readFileSync('/etc/passwd', 'utf8')).not.toBe('x')
})

test('file system types', () => {
  expect(statfsType(ground)).toBe(0x01021994)
  expect(statfsType('/proc')).toBe(0x9fa0)
  mkdirSync(`${ground}/o/m`, { recursive: true })
  execFileSync('mount', ['-t', 'overlay', 'o', '-o', `lowerdir=/etc:${ground}/o`, `${ground}/o/m`])
  expect(statfsType(`${ground}/o/m`)).toBe(0x794c7630)
})
