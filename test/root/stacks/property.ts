/** The property: each way mounts exactly the directories that were said, or refuses with the reason; and it comes down without a trace. */

import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { OvlError, list, mount, unmount } from '../../../src/index.ts'
import { readReceipts } from '../../../src/host/receipts.ts'
import { runs, seed } from '../../support/seed.ts'
import { makeGround } from '../host/ground.ts'
import { build, freshUpper } from './build.ts'
import type { Built } from './build.ts'
import { proveContent, proveListed } from './prove.ts'
import { randomStack } from './stack.ts'
import type { Way } from './ways.ts'

/** Tries `count` random stacks on all `ways`, and sees that each was taken at least once. */
export function testStacks(title: string, { count, layers, names, ways }: { readonly count: number; readonly layers: fc.Arbitrary<number>; readonly names?: fc.Arbitrary<string>; readonly ways: readonly Way[] }): void {
  const ground = makeGround()
  const base = `${ground}/s`

  test(`${title} (OVL_SEED=${seed})`, async () => {
    const taken = new Map<string, number>()
    const property = fc.asyncProperty(randomStack(layers, names), async (stack) => {
      try {
        const built = build(stack, base)
        for (const way of ways) {
          freshUpper(built)
          const outcome = await tryWay(built, way)
          taken.set(`${way.name}: ${outcome}`, (taken.get(`${way.name}: ${outcome}`) ?? 0) + 1)
        }
      } finally {
        rmSync(base, { recursive: true, force: true })
      }
    })
    await fc.assert(property, runs(count))
    console.log(`${title}, OVL_SEED=${seed}: ${[...taken].sort().map((pair) => pair.join(' ')).join(', ')}`)
    for (const { name } of ways) expect(taken.get(`${name}: mounted`) ?? 0).toBeGreaterThan(0)
  })

  afterAll(async () => {
    expect((await list()).filter(({ target }) => target.startsWith(ground))).toEqual([])
    expect(readReceipts().filter(({ target }) => target.startsWith(ground))).toEqual([])
  })
}

async function tryWay(built: Built, { name, via, form, refuses, needsReceipt }: Way): Promise<string> {
  const attempt = mount(built.spec, { via, forms: [form], remember: needsReceipt === true })
  const code = refuses(built)
  if (code !== undefined) {
    const error = await attempt.then(() => undefined, (error: unknown) => error)
    expect(error, `${name} cannot say this`).toBeInstanceOf(OvlError)
    expect((error as OvlError).code).toBe(code)
    expect((error as OvlError).message).toMatch(REASONS[code] as RegExp)
    return code
  }
  const result = await attempt
  try {
    expect(result).toMatchObject({ via, form })
    proveContent(built)
    await proveListed(built, result)
  } finally {
    const { unmounted } = await unmount(built.target)
    expect(unmounted).toEqual([built.target])
  }
  return 'mounted'
}

const REASONS: Readonly<Record<string, RegExp>> = {
  'value-too-long': /^(lowerdir\+?|datadir\+|upperdir|workdir)= is \d+ bytes long, fsconfig takes 255$/,
  'options-too-long': /too long for mount.*\d+ bytes, the limit is 4095/s,
  'way-cannot-say': /mount.*(double quote|UTF-8|comma)|UTF-8.*mount/s,
}
