/** False alarms: random stacks on which nothing is wrong give no error, most by facts alone, some with a trial. */

import { mkdirSync, mkdtempSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeName } from '../../../src/names/bytes.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { hostileName } from '../../support/names.ts'
import { runs, seed } from '../../support/seed.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()

const stacks = fc.record({
  names: fc.uniqueArray(hostileName(), { minLength: 4, maxLength: 8 }),
  writable: fc.boolean(),
  options: fc.constantFrom<OverlaySpec['options']>({}, { metacopy: 'on' }, { index: 'on' }, { redirect_dir: 'on' }, { volatile: true }, { xino: 'on' }, { nfs_export: 'on' }, { uuid: 'off' }, { default_permissions: true }),
  flags: fc.subarray(['nosuid', 'nodev', 'noatime'] as const),
})
type Stack = typeof stacks extends fc.Arbitrary<infer T> ? T : never

function arrange({ names, writable, options, flags }: Stack): OverlaySpec {
  const dir = mkdtempSync(`${ground}/s-`)
  const [target, upper, work, ...lower] = names.map((name) => `${dir}/${name}`) as [string, string, string, ...string[]]
  for (const path of [target, upper, work, ...lower]) mkdirSync(encodeName(path))
  const spec = { ...EMPTY_SPEC, flags, target, lower: (writable ? lower : [...lower, upper]).map((path) => ({ path })) }
  return writable ? { ...spec, options, upper, work } : spec
}

async function isHealthy(stack: Stack, trial: boolean): Promise<void> {
  const { findings, unseen } = await diagnose({ spec: arrange(stack), trial })
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  if (trial) expect(unseen).toEqual([])
}

test(`500 by what can be seen (seed ${seed})`, async () => {
  await fc.assert(fc.asyncProperty(stacks, (stack) => isHealthy(stack, false)), runs(500))
})

test(`50 with a trial (seed ${seed})`, async () => {
  await fc.assert(fc.asyncProperty(stacks, (stack) => isHealthy(stack, true)), runs(50))
})
