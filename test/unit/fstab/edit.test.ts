/** Edits of an fstab: one line changes, everything else stays byte for byte. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDiff } from '../../../src/fstab/diff.ts'
import { removeEntry, replaceEntry } from '../../../src/fstab/edit.ts'
import { parseFstab } from '../../../src/fstab/file.ts'
import { runs } from '../../support/seed.ts'

const LINE = 'overlay /m overlay lowerdir=/a:/b 0 0'
const OLD = 'overlay /m/ overlay lowerdir=/old:/b 0 0'
const put = (text: string, comment?: string) => replaceEntry(parseFstab(text), { target: '/m', line: LINE, ...(comment === undefined ? {} : { comment }) })

describe('replaceEntry', () => {
  const rows: readonly (readonly [name: string, before: string, after: string, did: string])[] = [
    ['an empty file', '', `${LINE}\n`, 'added'],
    ['at the end', '# a\n', `# a\n${LINE}\n`, 'added'],
    ['after a last line without a newline', '# a', `# a\n${LINE}\n`, 'added'],
    ['as the lines end', 'a /x ext4\r\n', `a /x ext4\r\n${LINE}\r\n`, 'added'],
    ['in the place of the old one', `# a\n\n${OLD}\nb /y  ext4 \n`, `# a\n\n${LINE}\nb /y  ext4 \n`, 'replaced'],
    ['a last line keeps its end', `x\n${OLD}`, `x\n${LINE}`, 'replaced'],
    ['which says it already', `${LINE}\n`, `${LINE}\n`, 'unchanged'],
    ['a type of old', 'overlayfs /m overlayfs lowerdir=/x 0 0\n', `${LINE}\n`, 'replaced'],
  ]
  test.each(rows)('%s', (_, before, text, did) => expect(put(before)).toMatchObject({ text, did }))

  test('a comment of ours is replaced, one of theirs is not', () => {
    expect(put(`# ovl: was\n${OLD}\n`, '# ovl: is').text).toBe(`# ovl: is\n${LINE}\n`)
    expect(put(`# mine\n${OLD}\n`, '# ovl: is').text).toBe(`# mine\n# ovl: is\n${LINE}\n`)
    expect(put(`# ovl: was\n${OLD}\n`).text).toBe(`# ovl: was\n${LINE}\n`)
  })

  test('what it does not touch', () => {
    expect(() => put('UUID=1 /m ext4 defaults 0 2\n')).toThrow("line 1 mounts 'UUID=1' (ext4) on '/m', which would be hidden")
    expect(() => put(`${OLD}\n\n${OLD}\n`)).toThrow("lines 1 and 3 both mount an overlay on '/m'")
  })
})

describe('removeEntry', () => {
  test('every overlay line of the target, with our comment', () => {
    expect(removeEntry(parseFstab(`a /x ext4\n# ovl: why\n${OLD}\n# mine\n${LINE}\nlast`), '/m')).toEqual({ text: 'a /x ext4\n# mine\nlast', did: 'removed', lines: [3, 5] })
  })
  test('none, or no overlay', () => {
    expect(() => removeEntry(parseFstab('a /x ext4\n'), '/m')).toThrow("no line of '/etc/fstab' mounts an overlay on '/m'")
    expect(() => removeEntry(parseFstab('a /m ext4\n'), '/m')).toThrow('and no overlay')
  })
})

test('random files: the rest stays', () => {
  const line = fc.constantFrom('# c', '', '  ', 'bad', 'a /x ext4 defaults 0 2', 'b\t/y\text4', '\udcff /z ext4', OLD)
  fc.assert(fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean(), (lines, end, open) => {
    if (lines.filter((text) => text === OLD).length > 1) return
    const text = lines.join(end) + (open ? '' : end)
    const after = put(text)
    const back = parseFstab(after.text).lines.filter(({ raw }) => raw !== LINE).map(({ raw }) => raw)
    expect(back).toEqual(parseFstab(text).lines.filter(({ raw }) => raw !== OLD).map(({ raw }) => raw))
    expect(removeEntry(parseFstab(after.text), '/m').text.replaceAll(/\r?\n/g, '')).toBe(back.join(''))
  }), runs(300))
})

test('the diff is what patch(1) takes', () => {
  expect(formatDiff('a\nb\nc\nd\ne\n', 'a\nb\nc\nd\nX\ne\n', 'f')).toBe('--- f\n+++ f\n@@ -2,4 +2,5 @@\n b\n c\n d\n+X\n e\n')
  expect(formatDiff('a', 'a\nb\n', 'f')).toBe('--- f\n+++ f\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n')
  expect(formatDiff('', 'a\n', 'f')).toBe('--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n')
  const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n'), { maxLength: 12 })
  fc.assert(fc.property(lines, lines, (before, after) => {
    const diff = formatDiff(before.join(''), after.join(''), 'f')
    const kept = diff.split('\n').filter((row) => /^[ +]/.test(row) && !row.startsWith('+++')).map((row) => row.slice(1)).join('')
    expect(before.join('') === after.join('') || after.join('').replaceAll('\n', '').includes(kept)).toBe(true)
  }), runs(300))
})

test('a target without a line: the file is named, and in the next step too', () => {
  expect(() => removeEntry(parseFstab(''), '/m', '/a b')).toThrow(expect.objectContaining({ message: "no line of '/a b' mounts an overlay on '/m'", details: expect.objectContaining({ hint: "See which it has: grep -n overlay '/a b'" }) as unknown }))
})
