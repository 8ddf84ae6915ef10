/** No room, below upper or below the receipts: said with its cause, and nothing is left. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isOvlError, mount, overlay } from '../../../src/index.ts'
import { inNamespace } from '../../support/own-namespace.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
const small = `${ground}/small`
for (const name of ['l', 'm', 'small']) mkdirSync(`${ground}/${name}`)

/** Mounts with upper and work on a fresh tmpfs, prepared by `fill`; takes it down again. */
async function mountOn(options: string, fill: () => void): Promise<{ code?: string; readOnly?: boolean; warnings?: string[] }> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'small', small])
  try {
    for (const name of ['u', 'w']) mkdirSync(`${small}/${name}`)
    fill()
    const { readOnly, warnings, unmount } = await mount(overlay().lower(`${ground}/l`).upper(`${small}/u`).work(`${small}/w`).at(`${ground}/m`))
    await unmount()
    return { readOnly, warnings: warnings.map(({ code }) => code) }
  } catch (error) {
    if (!isOvlError(error)) throw error
    return { code: error.code }
  } finally {
    execFileSync('umount', [small])
    await expectNothingLeft(ground)
  }
}

const leaveInodes = (free: number) => (): void => {
  const now = Number(execFileSync('stat', ['--file-system', '--format=%d', small], { encoding: 'utf8' }))
  for (let n = 0; n < now - free; n++) writeFileSync(`${small}/${n}`, '')
}

describe('below upper', () => {
  test('no inode at all: mounted read-only, which is told', async () => {
    expect(await mountOn('nr_inodes=20', leaveInodes(0))).toEqual({ readOnly: true, warnings: expect.arrayContaining(['work-dir-unusable', 'no-inodes', 'mounted-read-only']) as unknown })
  })
  test.each([1, 2])('%i inodes are too few', async (free) => {
    expect(await mountOn('nr_inodes=20', leaveInodes(free))).toEqual({ code: 'no-inodes' })
  })
  test('ten are enough', async () => {
    expect(await mountOn('nr_inodes=20', leaveInodes(10))).toEqual({ readOnly: false, warnings: [] })
  })
  test('no page is needed to mount', async () => {
    expect(await mountOn('size=4k', () => writeFileSync(`${small}/page`, ' '.repeat(4096)))).toMatchObject({ readOnly: false })
  })
})

describe('below the receipts', () => {
  test.each([
    ['no page', 'size=4k', 'head -c 4096 /dev/zero > /run/ovl/full', 'no-space', "no space is left on the file system at '/run/ovl' for ovl's notes of the mount"],
    ['no inode', 'nr_inodes=1', ':', 'no-inodes', "no inode is left on the file system at '/run/ovl' for ovl's notes of the mount"],
    ['no inode after the receipt', 'nr_inodes=2', ':', 'no-inodes', "no inode is left on the file system at '/run/ovl' to make '/run/ovl/"],
    ['no inode for the last directory', 'nr_inodes=3', ':', 'no-inodes', "no inode is left on the file system at '/run/ovl' to make '/run/ovl/"],
    ['no inode to write the receipt again', 'nr_inodes=4', ':', 'no-inodes', "no inode is left on the file system at '/run/ovl' for ovl's notes of the mount"],
  ])('%s', async (_, options, fill, code, message) => {
    const outcome = inNamespace({ prepare: `mkdir -p /run/ovl; mount -t tmpfs -o mode=700,${options} state /run/ovl; ${fill}`, words: [ground] }, async (ovl, fs, ground) => {
      const mounts = (): number => fs.readFileSync('/proc/self/mounts', 'utf8').split('\n').length
      const before = mounts()
      const said = ovl.overlay().lower(`${ground}/l`, `${ground}/m`).tmpfs('1m').mkdir().at(`${ground}/new/target`)
      const error = await ovl.mount(said).catch(({ code, message, findings, details }) => ({ code, message, first: findings[0].title, undo: details.undo }))
      return { error, state: fs.readdirSync('/run/ovl').filter((name) => name !== 'full'), made: fs.existsSync(`${ground}/new`), mounts: mounts() - before }
    })
    expect(outcome).toEqual({ error: { code, message: expect.stringContaining(message) as unknown, first: expect.stringContaining(message) as unknown }, state: [], made: false, mounts: 0 })
  })
})
