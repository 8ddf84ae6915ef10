/** Images that were copied while they were mounted: said at mount and at diagnose; clean ones are not accused. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { mount } from '../../../src/ops/mount.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { spec } from '../findings/rows.ts'

const ground = makeGround()
const sh = (script: string, cwd: string): string => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

function fresh(): string {
  const dir = mkdtempSync(`${ground}/i-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm', 'disk']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** `img` as it was left by umount, and `dirty` as it was a moment before: a file of it written and synced. */
function copies(dir: string, make: string): void {
  sh(`truncate -s 320M img; ${make} img; mount -o loop img disk; echo old >disk/file; sync -f disk; echo new >disk/file; sync disk/file; cp --sparse=always img dirty; umount disk`, dir)
}

describe.each([['ext4', 'mkfs.ext4 -q'], ['btrfs', 'mkfs.btrfs -q']])('%s', (type, make) => {
  test('copied while it was mounted', async () => {
    if (!hasTool(`mkfs.${type}`)) return
    const dir = fresh()
    copies(dir, make)
    const wanted = { code: 'image-not-clean', severity: 'warning', confidence: 'certain', title: expect.stringContaining(`the ${type} image`) as unknown }
    for (const trial of [true, false]) expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/dirty` }] }), trial })).findings).toMatchObject([wanted])
    expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/img` }] }) })).findings).toEqual([])
    const mounted = await mount(spec(dir, { lower: [{ path: `${dir}/dirty` }] }))
    expect(mounted.warnings).toMatchObject([wanted])
    await mounted.unmount()
    const clean = await mount(spec(dir, { lower: [{ path: `${dir}/img` }] }))
    expect(clean.warnings).toEqual([])
    expect(sh('cat m/file', dir)).toBe('new\n')
    await clean.unmount()
  })
})

test('ext4 without a journal: never unmounted is seen as well', async () => {
  if (!hasTool('mkfs.ext4')) return
  const dir = fresh()
  copies(dir, 'mkfs.ext4 -q -O ^has_journal')
  expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/dirty` }] }), trial: false })).findings.map(({ code }) => code)).toEqual(['image-not-clean'])
  expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/img` }] }), trial: false })).findings).toEqual([])
})

test('xfs does not tell, and that is said', async () => {
  if (!hasTool('mkfs.xfs')) return
  const dir = fresh()
  copies(dir, 'mkfs.xfs -q')
  const { findings, unseen } = await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/dirty` }] }), trial: false })
  expect(findings).toEqual([])
  expect(unseen).toContainEqual(expect.stringMatching(/whether the image '.*\/dirty' was cleanly unmounted/))
})
