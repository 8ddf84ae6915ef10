/** `--redact` on what was really seen of random stacks: no name comes out, and the case is judged as it was. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeCase } from '../../../src/diagnose/case.ts'
import type { Case } from '../../../src/diagnose/case.ts'
import { redactCase } from '../../../src/diagnose/redact.ts'
import { examine } from '../../../src/ops/diagnose.ts'
import { build, stacks } from '../fstab/scene.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const codes = (judged: Case): string[] => judgeCase(judged).findings.map(({ code, severity, confidence }) => `${severity} ${code} ${confidence}`)
const MARK = 'sEcReT'
const keysOf = (value: unknown): unknown => (Array.isArray(value) ? value.map(keysOf) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, keysOf(field)])) : typeof value)

test('random stacks, some of them broken', async () => {
  let at = 0
  await fc.assert(fc.asyncProperty(stacks(), fc.constantFrom('right', 'lower', 'upper', 'option'), async (stack, broken) => {
    const marked = (name: string): string => `${name.slice(0, 40)}${MARK}`
    const made = build({ lower: stack.lower.map(marked), target: marked(stack.target), ...(stack.upper === undefined ? {} : { upper: marked(stack.upper), work: marked(stack.work ?? 'w') }) }, ground, at++)
    const spec = {
      ...made, source: `${MARK}-source`, userspace: [`x-${MARK}=1`],
      ...(broken === 'lower' ? { lower: [...made.lower, { path: `${ground}/${MARK}/none` }] } : {}), ...(broken === 'upper' ? { upper: `${MARK}/u`, work: `${MARK}/w` } : {}), ...(broken === 'option' ? { unknown: [{ key: `o${MARK}`, value: `v${MARK}` }] } : {}),
    }
    const { judged } = await examine({ spec })
    if (judged === undefined) throw new Error('no case')
    const redacted = redactCase(judged)
    expect(JSON.stringify(judged)).toContain(MARK)
    expect(JSON.stringify(redacted)).not.toContain(MARK)
    expect(JSON.stringify(judgeCase(redacted))).not.toContain(MARK)
    expect(codes(redacted)).toEqual(codes(judged))
    // Nothing that a case has is taken for something said: properties keep their names.
    expect(keysOf(redacted)).toEqual(keysOf(judged))
  }), { numRuns: 12, endOnFailure: true })
})
