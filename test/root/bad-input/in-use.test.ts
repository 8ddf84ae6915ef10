/** Upper and work that another live overlay holds, by whatever name: a warning, EBUSY with index=on, and never two at once under strict. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { mount, overlay, unmount } from '../../../src/index.ts'
import type { OverlayBuilder } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
afterEach(() => expectNothingLeft(ground))

/** A live overlay, and a second one that shares what `said` says. */
async function second(change: (said: OverlayBuilder, dir: string) => OverlayBuilder, before: (dir: string) => () => void = () => () => undefined): Promise<{ warnings: string[] } | { code: string }> {
  const dir = mkdtempSync(`${ground}/p-`)
  for (const name of ['l', 'u', 'w', 'u2', 'w2', 'm', 'm2', 'bind']) mkdirSync(`${dir}/${name}`)
  await mount(overlay().lower(`${dir}/l`).upper(`${dir}/u`).work(`${dir}/w`).at(`${dir}/m`))
  const after = before(dir)
  try {
    const { warnings, target } = await mount(change(overlay().lower(`${dir}/l`).at(`${dir}/m2`), dir))
    await unmount(target)
    return { warnings: warnings.map(({ code, title }) => `${code}: ${title.replaceAll(dir, '')}`) }
  } catch (error) {
    return { code: (error as { code: string }).code }
  } finally {
    after()
    await unmount(`${dir}/m`)
  }
}

const UPPER = expect.stringMatching(/^upper-in-use: .*'\/(u|link)'.* '\/m'/)
const WORK = expect.stringMatching(/^work-in-use: .*'\/w'.* '\/m'/)

test('both are one cause', async () => expect(await second((said, dir) => said.upper(`${dir}/u`).work(`${dir}/w`))).toEqual({ warnings: [UPPER] }))
test('upper alone', async () => expect(await second((said, dir) => said.upper(`${dir}/u`).work(`${dir}/w2`))).toEqual({ warnings: [UPPER] }))
test('work alone', async () => expect(await second((said, dir) => said.upper(`${dir}/u2`).work(`${dir}/w`))).toEqual({ warnings: [WORK] }))
test('neither', async () => expect(await second((said, dir) => said.upper(`${dir}/u2`).work(`${dir}/w2`))).toEqual({ warnings: [] }))

test('through a symlink', async () => {
  expect(await second((said, dir) => said.upper(`${dir}/link`).work(`${dir}/w2`), (dir) => {
    symlinkSync('u', `${dir}/link`)
    return () => undefined
  })).toEqual({ warnings: [UPPER] })
})

test('through a bind mount', async () => {
  expect(await second((said, dir) => said.upper(`${dir}/bind/u`).work(`${dir}/bind/w2`), (dir) => {
    execFileSync('mount', ['--bind', dir, `${dir}/bind`])
    return () => execFileSync('umount', [`${dir}/bind`])
  })).toEqual({ warnings: [expect.stringMatching(/^upper-in-use: .*'\/bind\/u'.* '\/m'/)] })
})

test('upper as a lower', async () => expect(await second((said, dir) => said.lower(`${dir}/u`).upper(`${dir}/u2`).work(`${dir}/w2`))).toEqual({ warnings: [expect.stringMatching(/^lower-in-use: .*'\/u'/)] }))
test('with index=on it is refused', async () => expect(await second((said, dir) => said.upper(`${dir}/u`).work(`${dir}/w2`).index())).toEqual({ code: 'upper-in-use' }))
