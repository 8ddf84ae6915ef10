/** What a live process has half put up is not stale, however long it takes: clearing up leaves it alone, and it comes to its end. */

import { expect, test } from 'vitest'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft, makeScene } from './scene.ts'
import { whyNoTracing } from './tracing.ts'

const ground = makeGround()

test('a mount that is stopped half-way', { skip: !hasTool('mksquashfs') }, ({ skip }) => {
  const why = whyNoTracing()
  skip(why !== undefined, why)
  const { kill } = makeScene(ground)
  const reports = kill(['rename', 'mount', 'fsmount', 'mkdir'].map((every) => ({ doing: 'mount', every, pause: true })))
  for (const report of reports) {
    expectNothingLeft(report)
    expect({ cleared: report.cleared ?? [], whole: report.whole }, JSON.stringify(report)).toEqual({ cleared: [], whole: true })
  }
  expect(reports.filter(({ cleared }) => cleared !== undefined).length).toBeGreaterThan(10)
})
