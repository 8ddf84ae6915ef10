/** ISO images read without mounting: names and bytes against the trees they were made from, and images made by hand to mislead. */

import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { readIso } from '../../../src/host/iso9660.ts'
import type { Iso, ReadBytes } from '../../../src/host/iso9660.ts'
import { readMedium } from '../../../src/host/medium.ts'
import { decodeName, encodeName } from '../../../src/names/bytes.ts'
import { makeIso } from '../../support/live-media.ts'
import { hostileName } from '../../support/names.ts'
import { runs } from '../../support/seed.ts'
import { hasTool, makeGround } from './ground.ts'

const ground = makeGround()
let count = 0
const place = (): string => {
  const path = join(ground, `place ${count++}`)
  mkdirSync(path)
  return path
}
const namesIn = (directory: string): string[] => readdirSync(Buffer.from(directory), { encoding: 'buffer' }).map((name) => decodeName(name)).sort()

describe.skipIf(!hasTool('xorriso') || !hasTool('genisoimage'))('an image of a tree', () => {
  it.each<[names: string, program: 'xorriso' | 'genisoimage', options: string[], shown: (name: string) => string]>([
    ['Rock Ridge', 'xorriso', ['-r'], (name) => name],
    ['Rock Ridge beside Joliet', 'genisoimage', ['-r', '-J', '-joliet-long'], (name) => name],
    ['Joliet', 'genisoimage', ['-J', '-joliet-long'], (name) => name],
    ['plain names, as the kernel shows them', 'genisoimage', ['-iso-level', '3'], (name) => name.toLowerCase().replaceAll(/[^a-z0-9_./]/g, '_')],
  ])('%s by %s', async (_names, program, options, shown) => {
    const top = place()
    const tree: Readonly<Record<string, string>> = { '/a': 'content of a', '/empty': '', '/Dir/b c': 'x'.repeat(70), '/Dir/sub/d.squashfs': 'y'.repeat(80) }
    for (const [path, content] of Object.entries(tree)) {
      mkdirSync(join(top, path, '..'), { recursive: true })
      writeFileSync(join(top, path), content)
    }
    makeIso(top, `${top}.iso`, [...options, '-V', 'A LABEL'], program)
    const { volumeId, files, kind } = await readMedium(`${top}.iso`)
    expect({ kind, volumeId: volumeId?.replace('_', ' ') }).toEqual({ kind: 'iso', volumeId: 'A LABEL' })
    const bytes = readFileSync(`${top}.iso`)
    const found = files.filter(({ kind: of }) => of === 'file').map(({ path, size, extents = [] }) => {
      expect(extents.reduce((sum, { length }) => sum + length, 0)).toBe(size)
      return [path, Buffer.concat(extents.map(({ offset, length }) => bytes.subarray(offset, offset + length))).toString()]
    })
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(Object.entries(tree).map(([path, content]) => [shown(path), content])))
    expect(files.filter(({ kind: of }) => of === 'directory').map(({ path }) => path).sort()).toEqual([shown('/Dir'), shown('/Dir/sub')].sort())
  })

  it('finds what was moved because it lay too deep', async () => {
    const top = place()
    const deep = '/1/2/3/4/5/6/7/8/9/10'
    mkdirSync(join(top, deep), { recursive: true })
    writeFileSync(join(top, deep, 'f'), 'deep')
    makeIso(top, `${top}.iso`, ['-r'], 'genisoimage')
    const { files } = await readMedium(`${top}.iso`)
    const [extent] = files.find(({ path }) => path === `${deep}/f`)?.extents ?? []
    expect(extent).toBeDefined()
    expect(readFileSync(`${top}.iso`).toString('latin1', extent?.offset, (extent?.offset ?? 0) + 4)).toBe('deep')
  })

  it('keeps every byte of every name', async () => {
    await fc.assert(fc.asyncProperty(fc.uniqueArray(hostileName(), { minLength: 1, maxLength: 20 }), async (names) => {
      const top = place()
      for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${top}/`), encodeName(name)]), name)
      makeIso(top, `${top}.iso`, ['-r'])
      const { files } = await readMedium(`${top}.iso`)
      expect(files.map(({ path }) => path.slice(1)).sort()).toEqual(namesIn(top))
    }), runs(8))
  })

  it('sees what an ISO is cut off from', async () => {
    const top = place()
    for (const name of ['a', 'b']) writeFileSync(join(top, name), name.repeat(10_000))
    makeIso(top, `${top}.iso`, ['-r'])
    const whole = readFileSync(`${top}.iso`)
    writeFileSync(`${top}.cut`, whole.subarray(0, whole.indexOf('bbbb') + 100))
    const { files } = await readMedium(`${top}.cut`)
    expect(files.map(({ path, cutShort = false }) => [path, cutShort])).toEqual([['/a', false], ['/b', true]])
    expect(statSync(`${top}.cut`).size).toBeLessThan(whole.length)
  })
})

/** One directory record: name, first block, length, flags, block of nothing else. */
function record(name: string, block: number, length: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(34 + name.length + ((34 + name.length) % 2))
  bytes.writeUInt8(bytes.length, 0)
  bytes.writeUInt32LE(block, 2)
  bytes.writeUInt32LE(length, 10)
  bytes.writeUInt8(flags, 25)
  bytes.writeUInt8(name.length, 32)
  bytes.write(name, 33, 'latin1')
  return bytes
}

/** An image of one directory with these records, at block 20. */
function handmade(...records: readonly Buffer[]): Buffer {
  const image = Buffer.alloc(64 * 2048)
  image.write('\u0001CD001', 16 * 2048, 'latin1')
  image.writeUInt16LE(2048, 16 * 2048 + 128)
  record('\0', 20, 2048, 2).copy(image, 16 * 2048 + 156)
  image.write('\u00ffCD001', 17 * 2048, 'latin1')
  Buffer.concat([record('\0', 20, 2048, 2), record('\u0001', 20, 2048, 2), ...records]).copy(image, 20 * 2048)
  return image
}

async function read(image: Buffer): Promise<Iso> {
  const bytes: ReadBytes = (at, length) => image.subarray(at, at + length)
  return readIso('/hand.iso', bytes, image.length)
}

describe('an image made by hand', () => {
  it('has a file in several parts, of which those that follow each other are one', async () => {
    const { files } = await read(handmade(record('BIG.;1', 30, 2048, 0x80), record('BIG.;1', 31, 2048, 0x80), record('BIG.;1', 40, 100)))
    expect(files).toEqual([{ path: '/big', size: 4196, kind: 'file', extents: [{ offset: 30 * 2048, length: 4096 }, { offset: 40 * 2048, length: 100 }] }])
  })

  it('does not go round in circles', async () => {
    const { files } = await read(handmade(record('UP', 20, 2048, 2), record('F', 30, 1)))
    expect(files.map(({ path }) => path)).toEqual(['/up', '/f'])
  })

  it('has no name that leads elsewhere', async () => {
    const { files } = await read(handmade(record('../X', 30, 1), record('..', 30, 1), record('A\0B', 30, 1), record('OK', 30, 1)))
    expect(files.map(({ path }) => path)).toEqual(['/ok'])
  })

  it.each<[what: string, image: Buffer]>([
    ['a directory behind the end', handmade(record('D', 9999, 2048, 2))],
    ['a directory that is larger than can be', handmade(record('D', 21, 0xffff_ffff, 2))],
    ['a name longer than its record', handmade(record('X', 30, 1).fill(200, 32, 33))],
    ['no volume descriptor', Buffer.alloc(64 * 2048)],
    ['blocks of no size', Buffer.concat([handmade().subarray(0, 16 * 2048 + 128), Buffer.alloc(2), handmade().subarray(16 * 2048 + 130)])],
  ])('is refused: %s', async (_what, image) => {
    const error: unknown = await read(image).catch((thrown: unknown) => thrown)
    expect(isOvlError(error) && error.code).toBe('image-unreadable')
  })

  it('that is random from its directory on ends in an error or in files, soon', async () => {
    const before = process.cpuUsage()
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 200, maxLength: 2000 }), async (noise) => {
      const image = handmade()
      Buffer.from(noise).copy(image, 20 * 2048 + 68)
      await read(image).catch((error: unknown) => {
        if (!isOvlError(error)) throw error
      })
    }), runs(200))
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1e6).toBeLessThan(20)
  })
})
