/** Killed at any moment of a mount, by the clock. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seed } from '../../support/seed.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft, makeScene } from './scene.ts'

const ground = makeGround()
const KILLS = 200

test(`${KILLS} kills at random moments (OVL_SEED=${seed})`, { skip: !hasTool('mksquashfs') }, () => {
  const { kill } = makeScene(ground)
  const finished = kill(Array.from({ length: 9 }, () => ({ doing: 'mount' })))
  finished.forEach(expectNothingLeft)
  expect(finished.map(({ whole }) => whole)).toEqual(Array(9).fill(true))
  const usual = finished.map(({ took = 0 }) => took).sort((a, b) => a - b)[4] as number

  const moments = fc.sample(fc.noBias(fc.nat({ max: 1_000_000 })), { seed, numRuns: KILLS }).map((part) => (part / 1_000_000) * 1.2 * usual)
  const reports = kill(moments.map((after) => ({ doing: 'mount', after })))
  reports.forEach(expectNothingLeft)
  expect(reports).toHaveLength(KILLS)

  const stages = new Map<string, number>()
  for (const { stage } of reports) stages.set(stage, (stages.get(stage) ?? 0) + 1)
  console.log(`OVL_SEED=${seed}, a mount takes ${usual.toFixed(1)} ms; killed at: ${[...stages].sort().map(([stage, count]) => `${stage}: ${count}`).join(' | ')}`)
  expect(stages.size).toBeGreaterThan(3)
})
