/** persistence.conf, by persistence.conf(5) and get_custom_mounts of live-boot 20230131. */

import { describe, expect, it } from 'vitest'
import type { LiveLayer } from '../../../src/live/live-plan.ts'
import { findReversal, parsePersistence, unionLayers } from '../../../src/live/persistence.ts'

const said = (text: string): string[] => parsePersistence(text).mounts.map(({ target, source, method }) => `${method} ${target} ${source}`)
const findings = (text: string): string[] => parsePersistence(text).findings.map(({ title }) => title)

describe('mounts', () => {
  it.each<[rule: string, text: string, mounts: string[]]>([
    ['bind is the default, the source is the directory', '/home\n', ['bind /home home']],
    ['/ is the top of the volume', '/ union\n', ['union / .']],
    ['comments and empty lines', '# a\n\n  # b\n/a\n', ['bind /a a']],
    ['options by comma', '/a union,source=x/y\n', ['union /a x/y']],
    ['the last method wins', '/a link,union,bind\n', ['bind /a a']],
    ['source=. is the top', '/a source=.\n', ['bind /a .']],
    ['slashes are tidied', '/a//b/ source=x//y/\n', ['bind /a/b x/y']],
    ['parents come before what is inside them, links last', '/home/u/x bind,source=1\n/etc link\n/home source=2\n/a\n', ['bind /a a', 'bind /home 2', 'bind /home/u/x 1', 'link /etc etc']],
    ['blanks and tabs', '  /a\t union \t\n', ['union /a a']],
    ['a backslash takes the next character, but a blank still ends the name', '/a\\b\n/c\\ d source=e\n', ['bind /ab ab', 'bind /c e']],
    ['the same line twice is one', '/a bind\n/a bind\n', ['bind /a a']],
  ])('%s', (_rule, text, mounts) => {
    expect(said(text)).toEqual(mounts)
    expect(findings(text)).toEqual([])
  })
})

describe('what is skipped', () => {
  it.each<[line: string, title: string]>([
    ['home', 'line 1 of persistence.conf is skipped: its directory is no absolute path'],
    ['/lib', "line 1 of persistence.conf is skipped: what begins with '/lib' must not be covered"],
    ['/lib64 union', "line 1 of persistence.conf is skipped: what begins with '/lib' must not be covered"],
    ['/run/live/x', "line 1 of persistence.conf is skipped: '/run/live' is live-boot's own"],
    ['/a/../b', "line 1 of persistence.conf is skipped: its path holds '.' or '..'"],
    ['/a/.', "line 1 of persistence.conf is skipped: its path holds '.' or '..'"],
    ['/a frob', "line 1 of persistence.conf is skipped: it has the unknown option 'frob'"],
    ['/a union\r', 'line 1 of persistence.conf is skipped: it ends in a carriage return: the file has DOS line ends'],
    ['/a source=/x', "line 1 of persistence.conf is skipped: its source '/x' is no path below the top of the volume"],
    ['/a source=x/../y', "line 1 of persistence.conf is skipped: its source 'x/../y' is no path below the top of the volume"],
  ])('%j', (line, title) => {
    expect(parsePersistence(`${line}\n`).mounts).toEqual([])
    expect(findings(`${line}\n`)).toEqual([title])
  })

  it('a last line without its newline, which read(1) gives back with a failure', () => {
    expect(said('/a\n/b')).toEqual(['bind /a a'])
    expect(findings('/a\n/b')).toEqual(['line 2 of persistence.conf is skipped: it does not end in a newline'])
    expect(findings('/a\n# end')).toEqual([])
  })

  it('names like those that are refused are not', () => {
    expect(said('/run/lively\n/a/.b\n/usr/lib\n')).toEqual(['bind /a/.b a/.b', 'bind /run/lively run/lively', 'bind /usr/lib usr/lib'])
  })
})

describe('sources', () => {
  it.each<[text: string, severity: string, title: string]>([
    ['/ union\n/home\n', 'error', "persistence.conf: '/home' (line 2) is kept inside what '/' (line 1) keeps: live-boot stops the boot"],
    ['/a\n/a/b\n', 'error', "persistence.conf: '/a/b' (line 2) is kept inside what '/a' (line 1) keeps: live-boot stops the boot"],
    ['/a source=x\n/b source=x\n', 'error', "persistence.conf: lines 1 and 2 keep '/a' and '/b' in the same place: live-boot stops the boot"],
    ['/ union\n/x source=.\n', 'error', "persistence.conf: lines 1 and 2 keep '/' and '/x' in the same place: live-boot stops the boot"],
    // It compares by grep, where a dot is any one character.
    ['/xy source=.\n/a\n', 'error', "persistence.conf: '/a' (line 2) is kept inside what '/xy' (line 1) keeps: live-boot stops the boot"],
    ['/xy source=.\n/home\n', 'warning', "persistence.conf: '/home' (line 2) is kept inside what '/xy' (line 1) keeps"],
    // It compares neighbours by sort(1), and '-' is before '/'.
    ['/a\n/a-b\n/a/c\n', 'warning', "persistence.conf: '/a/c' (line 3) is kept inside what '/a' (line 1) keeps"],
  ])('%j', (text, severity, title) => {
    expect(parsePersistence(text).findings).toMatchObject([{ code: 'persistence-sources-nested', severity, title }])
  })

  it('may be beside each other', () => {
    expect(findings('/ union,source=rootfs\n/home source=home\n/a\n/ab\n')).toEqual([])
  })

  it('a second line for one directory is told', () => {
    expect(findings('/a source=x\n/a source=y\n')).toEqual(["line 2 of persistence.conf says '/a' again, after line 1: it is skipped"])
    expect(said('/a source=x\n/a source=y\n/ union,source=u\n/ union,source=v\n')).toEqual(['union / v', 'bind /a x'])
    // Where symlinks are made nothing is mounted.
    expect([said('/a link,source=x\n/a link,source=y\n'), findings('/a link,source=x\n/a link,source=y\n')]).toEqual([['link /a x', 'link /a y'], []])
  })
})

describe('a union over several images', () => {
  const layer = (name: string, kind: LiveLayer['kind'] = 'file'): LiveLayer => ({ name, path: `/live/${name}`, size: 1, role: 'module', kind })

  it('has the first name on top, and no directories', () => {
    expect(unionLayers([layer('c'), layer('b', 'directory'), layer('a')]).map(({ name }) => name)).toEqual(['a', 'c'])
  })

  it('is told where that is another order', () => {
    expect(findReversal([layer('b'), layer('a')])?.evidence.map(({ fact }) => fact)).toEqual(['without persistence: b over a', 'under / union: a over b'])
    expect(findReversal([layer('a'), layer('b')])).toBeUndefined()
    expect(findReversal([layer('a')])).toBeUndefined()
  })
})

it('a hostile text costs no more than its length', () => {
  const before = process.cpuUsage()
  for (const text of [`${' '.repeat(200_000)}x\n`, `/${'a/'.repeat(100_000)}\n`, `/a ${','.repeat(200_000)}\n`, `/a ${' '.repeat(200_000)}\r\n`, `${'\\'.repeat(200_001)}\n`]) parsePersistence(text)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(2)
})
