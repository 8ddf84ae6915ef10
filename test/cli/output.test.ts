/** Names, widths and values on their way out. */

import { describe, expect, it } from 'vitest'
import { escapeText, showName } from '../../src/cli/output/escape.ts'
import { exact, renderEnvelope } from '../../src/cli/output/json.ts'
import { isUtf8Locale } from '../../src/cli/output/terminal.ts'
import { cells, shortenMiddle, wrap } from '../../src/cli/output/width.ts'
import { sizeOf } from '../../src/cli/output/human/words.ts'
import { runChild } from '../support/command.ts'

describe('showName', () => {
  it.each([
    ['/plain/näme.语', '/plain/näme.语'],
    ['', "''"],
    ['a b', "'a b'"],
    ["it's", String.raw`$'it\'s'`],
    ['say "x"', `'say "x"'`],
    ['back\\slash', String.raw`'back\slash'`],
    ['new\nline', String.raw`$'new\nline'`],
    ['\u001b[31mred\u0007', String.raw`$'\x1b[31mred\x07'`],
    ['right\u202eleft', String.raw`$'right\u202eleft'`],
    ['zero\u200bwidth', String.raw`$'zero\u200bwidth'`],
    ['c1\u009b', String.raw`$'c1\u009b'`],
    ['tag\u{e0041}', String.raw`$'tag\U000e0041'`],
    ['byte\udcff', String.raw`$'byte\xff'`],
    ['both\\\udc80', String.raw`$'both\\\x80'`],
  ])('%j → %s', (name, shown) => {
    expect(showName(name)).toBe(shown)
  })

  it('is what bash reads back', () => {
    const name = 'a\nb\t\u001b\u202e\\ \'"$x`'
    expect(runChild('bash', ['-c', `printf %s ${showName(name)}`]).stdout).toBe(name)
  })
})

it('escapes prose without quoting it', () => {
  expect(escapeText("cannot open 'a b\n\udcff'")).toBe(String.raw`cannot open 'a b\n\xff'`)
})

describe('width', () => {
  it('counts cells', () => {
    expect([cells('abc'), cells('语言'), cells('e\u0301'), cells('🦀')]).toEqual([3, 4, 1, 2])
  })

  it('cuts the middle and keeps more of the end', () => {
    expect(shortenMiddle('/var/lib/docker/overlay2/merged', 20, true)).toBe('/var/l…erlay2/merged')
    expect(shortenMiddle('/var/lib/docker/overlay2/merged', 20, false)).toBe('/var/...rlay2/merged')
    expect(cells(shortenMiddle('语言语言语言语言', 9, true))).toBeLessThanOrEqual(9)
    expect(shortenMiddle('short', 5, true)).toBe('short')
  })

  it('wraps at blanks and never breaks a word', () => {
    expect(wrap('one two /a/very/long/path three', 10, '  ')).toEqual(['  one two', '  /a/very/long/path', '  three'])
  })

  it.each([[0, '0 B'], [1023, '1023 B'], [1024, '1.0 KiB'], [1536, '1.5 KiB'], [5e11, '466 GiB']])('%d bytes are %s', (bytes, shown) => {
    expect(sizeOf(bytes)).toBe(shown)
  })
})

const keys = (text: string): string[] => Object.keys(JSON.parse(text) as object)

describe('json', () => {
  it('is exact', () => {
    expect(exact({ a: 'b\udcff', list: ['ok', '\udc80'], big: 2n ** 60n, small: 7n, nothing: null, missing: undefined })).toEqual({
      a: { base64: 'Yv8=' }, list: ['ok', { base64: 'gA==' }], big: '1152921504606846976', small: 7, nothing: null, missing: undefined,
    })
  })

  it('keeps findings as prose wherever they are', () => {
    const finding = { code: 'lower-missing', severity: 'error', title: "'\udcff\n' is missing", evidence: [{ fact: '\udc80', source: 'stat' }] }
    expect(exact({ findings: [finding] })).toEqual({ findings: [{ ...finding, title: "'\\xff\n' is missing", evidence: [{ fact: '\\x80', source: 'stat' }] }] })
  })

  it('has the same keys in the same order, always', () => {
    const all = ['schema', 'kind', 'ok', 'data', 'warnings', 'error']
    expect(keys(renderEnvelope({ kind: 'list', ok: true, data: [] }))).toEqual(all)
    expect(keys(renderEnvelope({ kind: 'error', ok: false, error: new TypeError('x') }))).toEqual(all)
  })

  it('calls what is no OvlError a bug', () => {
    expect(JSON.parse(renderEnvelope({ kind: 'error', ok: false, error: new TypeError('oh') }))).toMatchObject({ error: { code: 'internal', message: 'oh' } })
  })
})

it.each([
  [{}, false], [{ LANG: 'C' }, false], [{ LANG: 'de_DE.UTF-8' }, true], [{ LANG: 'en_US.utf8', LC_ALL: 'C' }, false], [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, true], [{ LC_ALL: '', LANG: 'C.UTF-8' }, true],
])('locale %j speaks UTF-8: %s', (env, expected) => {
  expect(isUtf8Locale(env)).toBe(expected)
})
