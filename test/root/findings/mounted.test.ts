/** Mounts that succeed with less than was asked for, for real, judged with and without a readable kernel log. */

import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { judgeMounted } from '../../../src/diagnose/judge.ts'
import { collectFacts } from '../../../src/host/facts.ts'
import { decodeOverlays } from '../../../src/mounts/decode.ts'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { takeDown, tryMount } from './attempt.ts'
import { MOUNTED_ROWS } from './mounted-rows.ts'

const ground = makeGround()

test.each(MOUNTED_ROWS)('$name', async ({ arrange, codes, deaf, title, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  const spec = arrange(dir)
  const { trial, failed } = await tryMount(spec, 'fd')
  expect(failed, JSON.stringify(trial)).toBe(false)
  const overlay = decodeOverlays(parseMountinfo(readFileSync('/proc/self/mountinfo')).mounts).findLast(({ target }) => target === spec.target)
  const mounted = overlay === undefined ? ({ known: false, why: 'not in the table' } as const) : ({ known: true, value: overlay } as const)
  const facts = collectFacts(spec, { trial, mounted })
  const heard = judgeMounted(facts)
  const unheard = judgeMounted({ ...facts, trial: { ...trial, kernel: { known: false, why: 'kernel.dmesg_restrict' } } })
  takeDown(spec)
  expect(heard.map(({ code }) => code), JSON.stringify({ trial, heard, overlay }, null, 1)).toEqual(codes)
  expect(unheard.map(({ code }) => code), JSON.stringify({ trial, unheard, overlay }, null, 1)).toEqual(deaf ?? codes)
  for (const finding of [...heard, ...unheard]) {
    expect(finding).toMatchObject({ severity: expect.stringMatching(/^(warning|note)$/), confidence: 'certain' })
    expect(finding.fix.length).toBeGreaterThan(0)
  }
  if (title !== undefined) expect(heard[0]?.title).toContain(title)
})
