/** What the kernel mounts otherwise than it was said: a warning, and under `strict` a failure that undoes it. */

import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { OvlError, list, mount, overlay, unmount } from '../../../src/index.ts'
import type { OverlayBuilder } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
afterEach(() => expectNothingLeft(ground))

interface Place {
  readonly dir: string
  readonly said: OverlayBuilder
}

function place(): Place {
  const dir = mkdtempSync(`${ground}/p-`)
  for (const name of ['l', 'u', 'w', 'm', 'bare']) mkdirSync(`${dir}/${name}`)
  return { dir, said: overlay().lower(`${dir}/l`).upper(`${dir}/u`).work(`${dir}/w`).at(`${dir}/m`) }
}

type Case = readonly [what: string, codes: readonly string[], arrange: (place: Place) => { said?: OverlayBuilder; after?: () => void }]
const CASES: readonly Case[] = [
  ['leavings nested in work', ['work-dir-unusable', 'mounted-read-only'], ({ dir }) => {
    mkdirSync(`${dir}/w/work/a/b/c/d`, { recursive: true })
    return {}
  }],
  ['a mount point in work', ['work-dir-unusable', 'mounted-read-only'], ({ dir }) => {
    mkdirSync(`${dir}/w/work`)
    execFileSync('mount', ['-t', 'tmpfs', 'in-work', `${dir}/w/work`])
    return { after: () => execFileSync('umount', [`${dir}/w/work`]) }
  }],
  ['a feature that the kernel drops, on a file system without attributes', ['feature-dropped', 'upper-no-xattr'], ({ dir, said }) => {
    execFileSync('mount', ['-t', 'ramfs', 'bare', `${dir}/bare`])
    for (const name of ['u', 'w']) mkdirSync(`${dir}/bare/${name}`)
    return { said: said.upper(`${dir}/bare/u`).work(`${dir}/bare/w`).redirectDir('on'), after: () => execFileSync('umount', [`${dir}/bare`]) }
  }],
]

describe.each(CASES)('%s', (_, codes, arrange) => {
  test('is a warning', async () => {
    const { dir, said } = place()
    const { said: changed = said, after } = arrange({ dir, said })
    try {
      const { warnings, readOnly, unmount } = await mount(changed)
      await unmount()
      expect(warnings.map(({ code }) => code)).toEqual(expect.arrayContaining([...codes]))
      expect(readOnly).toBe(codes.includes('mounted-read-only'))
    } finally {
      after?.()
    }
  })

  test('is a failure under strict', async () => {
    const { dir, said } = place()
    const { said: changed = said, after } = arrange({ dir, said })
    try {
      const error = await mount(changed, { strict: true }).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(OvlError)
      expect(codes).toContain((error as OvlError).code)
      expect((error as OvlError).findings.map(({ code }) => code)).toEqual(expect.arrayContaining([...codes]))
      expect((await list()).filter(({ target }) => target === `${dir}/m`)).toEqual([])
    } finally {
      after?.()
    }
  })
})

test('immutable leavings', async () => {
  // A tmpfs knows no immutable files before Linux 6.0: there this proves that nothing is undone without need.
  const { dir, said } = place()
  mkdirSync(`${dir}/w/work`)
  mkdirSync(`${dir}/w/work/kept`)
  let immutable = true
  try {
    execFileSync('chattr', ['+i', `${dir}/w/work/kept`], { stdio: 'ignore' })
  } catch {
    immutable = false
  }
  try {
    const error = await mount(said, { strict: true }).then(({ unmount }) => unmount(), (error: unknown) => error)
    expect(error instanceof OvlError).toBe(immutable)
    if (error instanceof OvlError) expect(error.findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['work-dir-unusable', 'mounted-read-only']))
  } finally {
    if (immutable) execFileSync('chattr', ['-i', `${dir}/w/work/kept`])
  }
})

test('strict takes down the parts and the directories that were made, too', async () => {
  const { dir, said } = place()
  await mount(said)
  const again = overlay().lower(`${dir}/l`).upper(`${dir}/u`).work(`${dir}/w`).mkdir().at(`${dir}/new/m`)
  await expect(mount(again, { strict: true })).rejects.toMatchObject({ code: expect.stringMatching(/^(upper|work)-in-use$/) as unknown })
  expect(() => rmdirSync(`${dir}/new`)).toThrow(/ENOENT/)
  await unmount(`${dir}/m`)
})

test('nothing to warn of is no failure', async () => {
  const { said } = place()
  const { warnings, unmount } = await mount(said, { strict: true })
  expect(warnings).toEqual([])
  await unmount()
})

describe('the kernel log, which is everybody’s', () => {
  /** Asked for between two steps, that is, inside the time whose lines are looked at. */
  class Telling extends AbortController {
    lines: number
    constructor(lines: number) {
      super()
      this.lines = lines
      const tell = (): void => {
        if (this.lines-- > 0) writeFileSync('/dev/kmsg', '<4>overlayfs: upperdir is in-use as upperdir/workdir of another mount, accessing files from both mounts will result in undefined behavior.')
      }
      Object.defineProperty(this.signal, 'aborted', { get: () => tell() })
    }
  }

  test('a line of somebody else’s mount, in the same moment, is no failure', async () => {
    const { said } = place()
    const { warnings, unmount } = await mount(said, { strict: true, signal: new Telling(1).signal })
    expect(warnings).toEqual([])
    await unmount()
  })

  test('nor is it a warning', async () => {
    const { said } = place()
    const { warnings, unmount } = await mount(said, { signal: new Telling(1).signal })
    expect(warnings).toEqual([])
    await unmount()
  })

  test('an overlay that was detached while a file of it is open: the kernel says it each time', async () => {
    const { dir, said } = place()
    await mount(said)
    const held = openSync(`${dir}/m`, 'r')
    try {
      await unmount(`${dir}/m`, { lazy: true })
      await expect(mount(said, { strict: true })).rejects.toMatchObject({ code: 'upper-in-use', message: expect.stringContaining('detached') as unknown })
    } finally {
      closeSync(held)
    }
  })
})
