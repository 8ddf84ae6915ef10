/** The kernel’s own parser is the oracle: what ovl mounts of a text for -o, mount(2) mounts of the same text, or ovl does not mount. */

import { mkdirSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isOvlError, list, mount, specFromWords } from '../../../src/index.ts'
import type { Via } from '../../../src/index.ts'
import { mountLegacy, unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { runs, seed } from '../../support/seed.ts'
import { makeGround } from '../host/ground.ts'
import { look, makeDirectories, usedIn } from './directories.ts'
import { randomText } from './text.ts'

const ground = makeGround()
const base = `${ground}/d`
const target = `${ground}/m`
const home = process.cwd()

beforeAll(() => mkdirSync(target))
afterAll(() => process.chdir(home))

/** Mounts by `act` from within fresh directories; what is there then, or the code or errno of the refusal. */
async function outcomeOf(act: () => unknown): Promise<{ mounted: unknown } | { refused: string }> {
  process.chdir(ground)
  makeDirectories(base)
  process.chdir(base)
  try {
    await act()
  } catch (error) {
    if (!isOvlError(error)) throw error
    return { refused: error.code === 'unknown' ? (error.errno ?? error.message) : error.code }
  }
  const seen = look(target)
  unmount(target)
  return { mounted: { ...seen, ...usedIn(base) } }
}

const byKernel = (text: string) => outcomeOf(() => mountLegacy('overlay', target, 'overlay', 0, text))
const byOvl = (text: string, via: Via) => outcomeOf(() => mount(specFromWords({ lower: [], data: [], tmpfs: false, options: [text], readOnly: false, mkdir: false, positionals: [target], typed: {} }), { via }))

test(`random and malformed texts (OVL_SEED=${seed})`, async () => {
  const count = new Map<string, number>()
  const note = (what: string): unknown => count.set(what, (count.get(what) ?? 0) + 1)
  await fc.assert(fc.asyncProperty(randomText(base), async (text) => {
    const raw = await byKernel(text)
    for (const via of ['auto', 'mount2'] as const) {
      const own = await byOvl(text, via)
      if ('mounted' in own) expect(own, `${JSON.stringify(text)} via ${via}`).toEqual(raw)
      note('mounted' in own ? 'both mount' : 'mounted' in raw ? `only the kernel mounts (${own.refused})` : `neither mounts (${raw.refused}, ${own.refused})`)
    }
  }), runs(300))
  console.log(`OVL_SEED=${seed}: ${[...count].sort().map((pair) => pair.join(' ')).join(', ')}`)
  expect(count.get('both mount') ?? 0).toBeGreaterThan(100)
  expect((await list()).filter((overlay) => overlay.target.startsWith(ground))).toEqual([])
})
