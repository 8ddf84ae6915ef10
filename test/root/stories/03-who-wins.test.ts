/** Story 3: of A{a,b,c}, B{a,d} and the upper C{b,e}, which one gives a file. Relative paths, as the document has them. */

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inspect, list, mount, overlay } from '../../../src/index.ts'
import { makeShell } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

const WINNERS = { a: 'A', b: 'C', c: 'A', d: 'B', e: 'C' }

function tree(): string {
  const dir = place()
  for (const name of ['A', 'B', 'C', 'worker', 'merged']) mkdirSync(`${dir}/${name}`)
  for (const file of ['A/a', 'A/b', 'A/c', 'B/a', 'B/d', 'C/b', 'C/e']) writeFileSync(`${dir}/${file}`, file.charAt(0))
  return dir
}

const shown = (merged: string): Record<string, string> => Object.fromEntries(readdirSync(merged).map((name) => [name, readFileSync(`${merged}/${name}`, 'utf8')]))

test('the words of the document are right as they stand', async () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -t overlay overlay -o lowerdir=A:B,upperdir=C,workdir=worker merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(shown(`${dir}/merged`)).toEqual(WINNERS)
  // Whoever looks later, from anywhere, is told true paths.
  const mounted = (await list()).find(({ target }) => target === `${dir}/merged`)
  expect([mounted?.lower, mounted?.upper, mounted?.work]).toEqual([[`${dir}/A`, `${dir}/B`], `${dir}/C`, `${dir}/worker`])
  const { layers } = await inspect(`${dir}/merged/a`)
  expect(layers.map(({ role, path, exists }) => [role, path, exists])).toEqual([['lower', `${dir}/A`, true], ['lower', `${dir}/B`, true], ['upper', `${dir}/C`, true], ['work', `${dir}/worker`, true]])
  expect(sh('/', 'ovl inspect "$1"', [`${dir}/merged`]).stdout).toMatch(/upper +\S+\/C[\s\S]*lower 1 +\S+\/A[\s\S]*lower 2 +\S+\/B/)
  expect(sh(dir, 'ovl umount merged').code).toBe(0)
})

test.each(['fsconfig', 'mount2', 'mount8'] as const)('the same by %s, and the other way round', async (via) => {
  const dir = tree()
  const said = overlay().upper(`${dir}/C`).work(`${dir}/worker`).at(`${dir}/merged`)
  const mounted = await mount(said.lower(`${dir}/A`, `${dir}/B`), { via })
  expect(shown(`${dir}/merged`)).toEqual(WINNERS)
  await mounted.unmount()
  const turned = await mount(said.lower(`${dir}/B`, `${dir}/A`), { via })
  expect(shown(`${dir}/merged`)).toEqual({ ...WINNERS, a: 'B' })
  await turned.unmount()
})
