/** Damaged images, and files that are none: said so, and no loop device stays behind. */

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isOvlError, mount, overlay } from '../../../src/index.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from './remains.ts'

const ground = makeGround()
const at = (name: string): string => `${ground}/${name}`

beforeAll(() => {
  for (const name of ['tree', 'good-dir', 'm']) mkdirSync(at(name))
  writeFileSync(at('tree/file'), randomBytes(300_000))
  if (hasTool('mksquashfs')) execFileSync('mksquashfs', [at('tree'), at('good.squashfs'), '-quiet', '-no-progress'], { stdio: 'ignore' })
})
afterEach(() => expectNothingLeft(ground))

/** Code and message of the refusal to mount `image` below a good directory. */
async function refusal(image: string): Promise<{ code: string; message: string; undo: unknown } | undefined> {
  try {
    await (await mount(overlay().lower(at('good-dir'), image).tmpfs('1m').at(at('m')))).unmount()
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    return { code: error.code, message: error.message, undo: error.details.undo }
  }
}

const unreadable = (image: string) => ({ code: 'image-unreadable', message: expect.stringContaining(image), undo: undefined })

describe('squashfs', { skip: !hasTool('mksquashfs') }, () => {
  const damage = (change: (image: string) => void): string => {
    copyFileSync(at('good.squashfs'), at('bad.squashfs'))
    change(at('bad.squashfs'))
    return at('bad.squashfs')
  }

  test('the good one mounts', async () => expect(await refusal(at('good.squashfs'))).toBeUndefined())

  test.each([100, 512, 4096, 0.5, 0.9])('cut at %d', async (where) => {
    const image = damage((path) => truncateSync(path, where < 1 ? Math.floor(statSync(path).size * where) : where))
    expect(await refusal(image)).toEqual(unreadable(image))
  })

  test('random bytes behind the magic', async () => {
    const image = damage((path) => writeFileSync(path, Buffer.concat([Buffer.from('hsqs'), randomBytes(100_000)])))
    expect(await refusal(image)).toEqual(unreadable(image))
  })

  test('zeros behind the superblock', async () => {
    const image = damage((path) => writeFileSync(path, Buffer.concat([readFileSync(path).subarray(0, 96), Buffer.alloc(200_000)])))
    expect(await refusal(image)).toEqual(unreadable(image))
  })

  test('every byte of the superblock, in turn', async () => {
    for (let n = 4; n < 96; n += 3) {
      const image = damage((path) => {
        const fd = openSync(path, 'r+')
        writeSync(fd, Buffer.from([0xff, 0xff]), 0, 2, n)
        closeSync(fd)
      })
      const refused = await refusal(image)
      if (refused !== undefined) expect({ n, ...refused }).toEqual({ n, ...unreadable(image) })
      await expectNothingLeft(ground)
    }
  })

  test('through a symlink', async () => {
    damage((path) => truncateSync(path, 512))
    symlinkSync('bad.squashfs', at('link'))
    expect(await refusal(at('link'))).toEqual(unreadable(at('link')))
  })
})

test.each([
  ['ext4', 1080, Buffer.from([0x53, 0xef])], ['erofs', 1024, Buffer.from([0xe2, 0xe1, 0xf5, 0xe0])], ['xfs', 0, Buffer.from('XFSB')],
  ['btrfs', 65_600, Buffer.from('_BHRfS_M')], ['iso9660', 32_769, Buffer.from('CD001')],
])('the magic of %s in a file of zeros', async (type, where, magic) => {
  const image = at(`${type}.img`)
  const bytes = Buffer.alloc(200_000)
  magic.copy(bytes, where)
  writeFileSync(image, bytes)
  const refused = await refusal(image)
  expect(['image-unreadable', 'module-missing']).toContain(refused?.code)
  expect(refused).toMatchObject({ message: expect.stringContaining(image), undo: undefined })
})

test.each([['an empty file', ''], ['a text', 'hello\n'], ['part of a magic', 'hsq']])('%s', async (_, content) => {
  writeFileSync(at('no-image'), content)
  expect(await refusal(at('no-image'))).toMatchObject({ message: expect.stringContaining(at('no-image')), undo: undefined })
})

test('a good image, then a bad one: the first comes down again', { skip: !hasTool('mksquashfs') }, async () => {
  writeFileSync(at('none.squashfs'), Buffer.concat([Buffer.from('hsqs'), randomBytes(1000)]))
  const error = await mount(overlay().lower(at('good.squashfs'), at('none.squashfs')).at(at('m'))).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'image-unreadable' })
})
