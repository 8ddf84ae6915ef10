/** `--via fuse`, where this system lets an ordinary user open /dev/fuse. (Where it does not, root plays that user in test/root/stories.) */

import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError, list, mount, overlay } from '../../src/index.ts'
import { hasTool, makeGround } from '../root/host/ground.ts'

const ground = makeGround()

function isUsable(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

function place(): string {
  const dir = mkdtempSync(`${ground}/place-`)
  for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(`${dir}/${name}`)
  writeFileSync(`${dir}/lower/file`, 'from lower')
  return dir
}

test.skipIf(!hasTool('fuse-overlayfs'))(isUsable('/dev/fuse') ? 'mounted, used and taken down' : '/dev/fuse is closed: it fails, and nothing stays mounted', async () => {
  const dir = place()
  const said = overlay().lower(`${dir}/lower`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)
  if (!isUsable('/dev/fuse')) {
    const error: unknown = await mount(said, { via: 'fuse' }).catch((error: unknown) => error)
    expect(isOvlError(error) && error.details.kernel?.join('\n')).toContain('/dev/fuse')
    expect((await list()).filter(({ target }) => target === `${dir}/merged`)).toEqual([])
    return
  }
  const mounted = await mount(said, { via: 'fuse' })
  expect([mounted.via, mounted.warnings]).toEqual(['fuse', []])
  expect(readFileSync(`${dir}/merged/file`, 'utf8')).toBe('from lower')
  writeFileSync(`${dir}/merged/new`, 'new')
  rmSync(`${dir}/merged/file`)
  expect((await list()).find(({ target }) => target === `${dir}/merged`)).toMatchObject({ type: 'fuse.fuse-overlayfs', lower: [`${dir}/lower`], upper: `${dir}/upper` })
  await mounted.unmount()
  expect([readdirSync(`${dir}/merged`), readFileSync(`${dir}/upper/new`, 'utf8'), readdirSync(`${dir}/lower`)]).toEqual([[], 'new', ['file']])
})
