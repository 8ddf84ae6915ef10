/** Real users' texts and the findings they must lead to; and texts of our own, written before the patterns were. Prints the score. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'

interface Case {
  readonly id: string
  readonly text: string
  readonly first: readonly string[]
  readonly within3: readonly string[]
}

const FIXTURES = join(import.meta.dirname, '../../fixtures/messages')

describe.each(['cases.json', 'more.json'])('%s', (file) => {
  const cases = JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')) as readonly Case[]
  const judged = cases.map(({ id, text, first, within3 }) => {
    const codes = judgeMessage(text).map(({ code }) => code)
    return { id, codes, first: first.includes(codes[0] ?? ''), within3: codes.slice(0, 3).some((code) => within3.includes(code)) }
  })

  test('the right code comes first', () => {
    const wrong = judged.filter(({ first }) => !first)
    const score = (judged.length - wrong.length) / judged.length
    console.log(`${file}: right first ${judged.length - wrong.length}/${judged.length} (${(100 * score).toFixed(1)} %), within three ${judged.filter(({ within3 }) => within3).length}/${judged.length}`)
    expect(score, wrong.map(({ id, codes }) => `${id}: ${codes.join(' ')}`).join('\n')).toBeGreaterThanOrEqual(0.95)
  })

  test('or among the first three', () => {
    expect(judged.filter(({ within3 }) => !within3)).toEqual([])
  })
})

describe('what every answer has', () => {
  const texts = ['cases.json', 'more.json'].flatMap((file) => JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')) as readonly Case[])

  test.each(texts)('$id', ({ text }) => {
    const findings = judgeMessage(text)
    expect(findings.length).toBeGreaterThan(0)
    expect(new Set(findings.map(({ code }) => code)).size).toBe(findings.length)
    for (const { title, evidence, fix, confidence, code } of findings) {
      expect(title).not.toMatch(/[\p{Cc}\p{Cf}]|\{\}/u)
      expect(title.length).toBeLessThanOrEqual(240)
      expect(evidence.every(({ source, fact }) => source === 'message' && fact.length <= 240 && !/\p{Cc}/u.test(fact))).toBe(true)
      if (confidence !== 'certain') expect(fix.length, code).toBeGreaterThan(0)
    }
  })
})
