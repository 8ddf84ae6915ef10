import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeName, encodeName, formatJsonName, isUtf8Name, nameBytes } from '../../../src/names/bytes.ts'
import { absolutePath, commonDirectory, isWithin, parentPath, pathPrefixes, relativeTo, tidyPath } from '../../../src/names/path.ts'
import { quoteShell } from '../../../src/names/shell.ts'
import { execFileSync } from 'node:child_process'

describe('names are bytes', () => {
  test('any bytes survive the round trip', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const name = decodeName(bytes)
      expect(encodeName(name)).toEqual(Buffer.from(bytes))
      expect(nameBytes(name)).toBe(bytes.length)
    }), { numRuns: 2000 })
  })

  test('a UTF-8 name looks like itself', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeName(Buffer.from(text)) === text && isUtf8Name(text)))
  })

  test.each([
    [[0xff], '\udcff'],
    [[0x61, 0xc3, 0x28], 'a\udcc3('],
    [[0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    [[0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
    [[0xc0, 0xaf], '\udcc0\udcaf'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ])('%j is %j', (bytes, name) => {
    expect(decodeName(Uint8Array.from(bytes))).toBe(name)
  })

  test('a surrogate that stands for no byte is refused', () => {
    expect(() => encodeName('\ud83d')).toThrow(RangeError)
  })

  test('JSON carries what is no UTF-8 as base64', () => {
    expect(formatJsonName('a\udcff')).toEqual({ base64: Buffer.from([0x61, 0xff]).toString('base64') })
    expect(formatJsonName('ä')).toBe('ä')
  })
})

describe('paths', () => {
  test.each([
    ['/s//1/', '/s/1'], ['//', '/'], ['a/./b', 'a/b'], ['/a/../b', '/a/../b'], ['./', '.'], ['', '.'],
  ])('tidyPath %j → %j', (path, tidy) => expect(tidyPath(path)).toBe(tidy))

  test('absolutePath', () => {
    expect(absolutePath('a/b', '/c')).toBe('/c/a/b')
    expect(absolutePath('/a', '/c')).toBe('/a')
  })

  test('isWithin knows components', () => {
    expect([isWithin('/foo/bar', '/foo'), isWithin('/foo', '/foo'), isWithin('/foobar', '/foo'), isWithin('/x', '/')]).toEqual([true, true, false, true])
  })

  test.each<[string[], string | undefined]>([
    [['/snapshots/1/fs', '/snapshots/10/fs'], '/snapshots'],
    [['/snapshots/1/fs', '/other_snapshots/1/fs'], undefined],
    [['/a/b', '/a/b/c'], '/a'],
    [['/a/b/c', '/a/b/c'], '/a/b'],
    [['/a/73/fs', '/a/79/fs', '/a/7/fs'], '/a'],
    [['/x'], undefined],
    [[], undefined],
    [['a', 'aaa'], undefined],
  ])('commonDirectory of %j is %j', (paths, common) => expect(commonDirectory(paths)).toBe(common))

  test('a relative name leads back', () => {
    expect(relativeTo('/s/1/fs', '/s')).toBe('1/fs')
    expect(pathPrefixes('/a/b')).toEqual(['/', '/a', '/a/b'])
    expect([parentPath('/a'), parentPath('/a/b'), parentPath('a')]).toEqual(['/', '/a', '.'])
  })
})

test('a quoted name is read back by the shell', () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 12 }).filter((bytes) => !bytes.includes(0)).map((bytes) => decodeName(bytes))
  fc.assert(fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (names) => {
    const printed = execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${names.map(quoteShell).join(' ')}`], { encoding: 'buffer', env: { LC_ALL: 'C' } })
    expect(printed.toString('hex')).toBe(Buffer.concat(names.map((one) => Buffer.concat([encodeName(one), Buffer.of(0)]))).toString('hex'))
  }), { numRuns: 30 })
})
