/** A text and a look at the mount it is about: what was found comes first, what is seen to be otherwise last. */

import { expect, test } from 'vitest'
import { compareWithFound } from '../../../src/diagnose/messages/compare.ts'
import { judgeMessage } from '../../../src/diagnose/messages/judge.ts'
import { finding } from '../../../src/errors/make-finding.ts'
import type { Finding } from '../../../src/errors/finding.ts'
import { facts, paths, refused } from '../diagnose/make-facts.ts'

const text = 'mount -t overlay overlay -o lowerdir=/l1:/l2,upperdir=/u,workdir=/w /m\nmount: /m: special device overlay does not exist.'
const codes = (findings: readonly Finding[]): string[] => findings.map(({ code, confidence }) => `${code} ${confidence}`)
const found = (code: Finding['code'], severity: Finding['severity'] = 'error'): Finding => finding(code, { title: code, severity })

test('what the text suspects and the look finds is certain', () => {
  expect(codes(compareWithFound(judgeMessage(text), [found('work-missing')], facts({ paths: paths(refused('work', '/w', 'ENOENT')) })))[0]).toBe('work-missing certain')
})

test('what is there now is only possible, and says so', () => {
  const here = facts()
  const last = compareWithFound(judgeMessage(text), [], here).filter(({ code }) => code === 'lower-missing')
  expect(last).toMatchObject([{ confidence: 'possible', evidence: expect.arrayContaining([{ fact: 'it is there now', source: 'stat' }]) }])
})

test('a certain text comes before errors of another kind; unknown gives way', () => {
  expect(codes(compareWithFound(judgeMessage('overlayfs: maximum fs stacking depth exceeded'), [found('no-space')]))).toEqual(['stack-too-deep certain', 'no-space certain'])
  expect(codes(compareWithFound(judgeMessage('something went wrong'), [found('no-space')]))).toEqual(['no-space certain'])
  expect(codes(compareWithFound(judgeMessage('something went wrong'), [found('feature-dropped', 'note')]))).toEqual(['unknown possible', 'feature-dropped certain'])
})
