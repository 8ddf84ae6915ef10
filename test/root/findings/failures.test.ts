/** Every failure of the table, brought about for real on each way into the kernel, and judged with and without a readable kernel log. */

import { mkdirSync, mkdtempSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { judgeFailure } from '../../../src/diagnose/judge.ts'
import { collectFacts } from '../../../src/host/facts.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { WAYS, takeDown, tryMount } from './attempt.ts'
import type { Way } from './attempt.ts'
import { ROWS } from './rows.ts'

const ground = makeGround()

const cases = ROWS.flatMap((row) => (row.ways ?? (Object.keys(WAYS) as Way[])).map((way) => ({ ...row, way })))

describe.each(cases)('$name ($way)', ({ arrange, raw, way, errno, code, title, needsLog, tools = [] }) => {
  test.skipIf(!tools.every(hasTool))(code, async () => {
    const dir = mkdtempSync(`${ground}/row-`)
    for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
    const spec = arrange(dir)
    const { trial, failed } = await tryMount(spec, way, raw?.(dir))
    if (!failed) takeDown(spec)
    expect(failed, 'the kernel mounted it').toBe(true)
    if (way !== 'mount8' && !(errno === 'ENOTDIR' && trial.syscall === 'move_mount')) expect(trial.errno).toBe(errno)
    const heard = judgeFailure(collectFacts(spec, { trial }))
    const deaf = judgeFailure(collectFacts(spec, { trial: { ...trial, kernel: { known: false, why: 'kernel.dmesg_restrict' } } }))
    for (const [findings, confidence] of [[heard, 'certain'], [deaf, needsLog === true && way !== 'fd' && way !== 'lowerdir+' ? 'likely' : 'certain']] as const) {
      const [first] = findings
      expect({ code: first?.code, confidence: first?.confidence, severity: first?.severity }, JSON.stringify({ trial, findings }, null, 1)).toEqual({ code, confidence, severity: 'error' })
      if (title !== undefined) expect(first?.title).toContain(title)
      expect(first?.evidence.length).toBeGreaterThan(0)
      expect(first?.fix.length).toBeGreaterThan(0)
    }
  })
})
