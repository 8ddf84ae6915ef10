/** What `ovl diagnose --code` says: no code without its parts, and nothing that breaks a terminal or a shell. */

import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FINDING_CODES } from '../../../src/errors/codes.ts'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { longText, renderLongText } from '../../../src/errors/long.ts'

const SENTENCE_END = /[.!?](?=\s|$)/g
const UNFINISHED = /\b(todo|fixme|xxx|tbd|lorem|placeholder|foo|bar)\b/i

/** Commands of a text: all that is to be seen with, and what follows the words of a fix. */
function commandsOf(code: FindingCode): string[] {
  const { see, fix } = longText(code)
  return [...see, ...fix.flatMap((way) => way.split('\n').slice(1))]
}

describe.each(FINDING_CODES)('%s', (code) => {
  const { what, why, see, fix, since, reads } = longText(code)
  const ways = fix.map((way) => way.split('\n')[0] as string)
  const rendered = renderLongText(code)

  test('has every part, as sentences', () => {
    for (const text of [what, why, ...ways, ...(since === undefined ? [] : [since])]) expect(text).toMatch(/^[\p{Lu}“/a-z0-9].*[.)]$/u)
    for (const text of [what, why]) expect(text).toMatch(/^(ovl |umount |casper |“|\p{Lu})/u)
    expect(see.length).toBeGreaterThan(0)
    expect(fix.length).toBeGreaterThan(0)
    expect(reads?.length).not.toBe(0)
  })

  test('is short', () => {
    expect(`${what} ${why}`.match(SENTENCE_END)?.length).toBeLessThanOrEqual(6)
    expect(rendered.split('\n').length).toBeLessThan(60)
  })

  test('fits into 80 columns, without unfinished words', () => {
    for (const line of rendered.split('\n')) {
      expect([...line].length, line).toBeLessThanOrEqual(80)
      expect(line).not.toMatch(/\s$|\t|\u001b/)
    }
    expect(rendered).not.toMatch(UNFINISHED)
    expect(rendered).not.toMatch(/\[object|\n\n\n/)
    expect(rendered.startsWith(`${code} (`) && rendered.endsWith('\n')).toBe(true)
  })

  test('shows every part under its heading, commands unbroken', () => {
    expect(rendered.split('\n').filter((line) => /^[A-Z]/.test(line))).toEqual([
      'What it is', expect.stringMatching(/^Why/), ...(reads === undefined ? [] : ['How it reads']), 'How to see it', 'How to fix it', ...(since === undefined ? [] : ['Since when']),
    ])
    const lines = new Set(rendered.split('\n').map((line) => line.trim()))
    for (const command of commandsOf(code)) expect(lines).toContain(command)
    const flat = rendered.replaceAll(/\s+/g, ' ')
    for (const text of [what, why, ...ways, ...(reads ?? []), ...(since === undefined ? [] : [since])]) expect(flat).toContain(text)
  })

  test('has commands that a shell can parse', () => {
    for (const command of commandsOf(code)) {
      expect(command).toMatch(/^[\u0020-\u007e]+$/)
      expect(spawnSync('sh', ['-n', '-c', command], { encoding: 'utf8' }), command).toMatchObject({ status: 0, stderr: '' })
    }
  })
})

test('no code stands in two families, and each file of a family is used', () => {
  const folder = join(import.meta.dirname, '../../../src/errors/long')
  const rows = readdirSync(folder).flatMap((file) => Array.from(readFileSync(join(folder, file), 'utf8').matchAll(/^ {2}'?([a-z-]+)'?: \{$/gm), ([, code]) => code as string))
  expect(rows.toSorted()).toEqual(FINDING_CODES.toSorted())
})

test('a code that is named in a text exists', () => {
  for (const code of FINDING_CODES) {
    for (const [, named] of renderLongText(code).replaceAll(/\s+/g, ' ').matchAll(/\(?see:? ([a-z]+(?:-[a-z]+)+)/g)) expect(FINDING_CODES).toContain(named)
  }
})
