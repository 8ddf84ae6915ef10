/** The layer that an initrd names is found in it, whichever way it is packed, and only as far as it has to be read. */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readInitrd } from '../../../src/host/initrd.ts'
import { readMedium } from '../../../src/host/medium.ts'
import { planLive } from '../../../src/live/live-plan.ts'
import { makeIso, writeMedium } from '../../support/live-media.ts'
import { hasTool, makeGround } from './ground.ts'
import { cpio } from '../../support/cpio.ts'

const ground = makeGround()
const LAYER = 'conf/conf.d/default-layer.conf'
const TEXT = 'LAYERFS_PATH=minimal.standard.live.squashfs\n'

const pack = (program: string, bytes: Buffer): Buffer => spawnSync(program, [...(program === 'lz4' ? ['-l'] : []), '-c'], { input: bytes, maxBuffer: 2 ** 26 }).stdout
const read = async (bytes: Buffer): Promise<Readonly<Record<string, string>>> => readInitrd((at, length) => bytes.subarray(at, at + length), bytes.length, [LAYER])

const EARLY = Buffer.concat([cpio({ 'kernel/x86/microcode/GenuineIntel.bin': 'x'.repeat(50_001) }), Buffer.alloc(700)])
const MAIN = cpio({ 'bin/sh': 'y'.repeat(600_001), './conf/conf.d/casperize.conf': 'export CASPER_GENERATE_UUID=1\n', [`./${LAYER}`]: TEXT, 'init': 'z' })

describe('an archive', () => {
  it.each(['gzip', 'zstd', 'lz4', 'xz'])('packed by %s, behind one that is not', async (program) => {
    if (!hasTool(program)) return
    expect(await read(Buffer.concat([EARLY, pack(program, MAIN)]))).toEqual({ [LAYER]: TEXT })
  })

  it('not packed at all', async () => {
    expect(await read(Buffer.concat([EARLY, MAIN]))).toEqual({ [LAYER]: TEXT })
  })

  it('is not read behind what was looked for', async () => {
    const broken = pack('gzip', Buffer.concat([MAIN.subarray(0, MAIN.indexOf('TRAILER')), Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) % 251))]))
    expect(await read(broken.subarray(0, broken.length - 1000))).toEqual({ [LAYER]: TEXT })
  })

  it.each<[what: string, bytes: Buffer]>([['nothing', Buffer.alloc(0)], ['zeros', Buffer.alloc(100_000)], ['text', Buffer.from('no initrd\n'.repeat(100))], ['half an archive', MAIN.subarray(0, 1000)], ['one without it', cpio({ a: 'b' })]])('of %s has none', async (_what, bytes) => {
    expect(await read(bytes)).toEqual({})
  })
})

const medium = (initrd: Buffer): string => {
  const top = join(ground, `medium ${Math.random()}`)
  writeMedium(top, { 'casper/vmlinuz': '', ...Object.fromEntries(['minimal', 'minimal.de', 'minimal.standard', 'minimal.standard.live'].map((name) => [`casper/${name}.squashfs`, { who: name }])) })
  writeFileSync(join(top, 'casper/initrd'), initrd)
  return top
}

describe.skipIf(!hasTool('mksquashfs') || !hasTool('xorriso'))('a medium whose boot line says nothing', () => {
  it('is stacked as its initrd says, from a directory and from an ISO', async () => {
    const top = medium(Buffer.concat([EARLY, pack('gzip', MAIN)]))
    makeIso(top, `${top}.iso`)
    for (const source of [top, `${top}.iso`]) {
      const plan = planLive(await readMedium(source))
      expect(plan.layers.map(({ name }) => name)).toEqual(['minimal.standard.live.squashfs', 'minimal.standard.squashfs', 'minimal.squashfs'])
      expect(plan.findings.map(({ code }) => code)).toEqual(['live-image-ignored'])
    }
  })

  it('says when its initrd cannot be unpacked', async () => {
    const packed = pack('gzip', MAIN)
    const plan = planLive(await readMedium(medium(Buffer.concat([packed.subarray(0, 30), Buffer.alloc(400, 255)]))))
    expect(plan.layers).toHaveLength(4)
    expect(plan.findings[0]).toMatchObject({ code: 'live-stacks-everything' })
    expect(plan.findings[0]?.evidence[1]?.fact).toMatch(/'\/casper\/initrd' could not be read: gzip failed/)
  })
})
