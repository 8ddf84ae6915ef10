/** What cannot be mounted: said with its cause, and nothing is left. Full disks and full memory among it. */

import { execFileSync } from 'node:child_process'
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { isOvlError, liveStatus, mountLive, readMedium, unmount, unmountLive } from '../../../src/index.ts'
import type { LiveMountOptions } from '../../../src/index.ts'
import { attachImage } from '../../../src/host/parts.ts'
import { unmountPatiently } from '../../../src/host/unmount.ts'
import { BIN, runChild } from '../../support/command.ts'
import { inNamespace } from '../../support/own-namespace.ts'
import { beforeStep } from '../bad-input/hooked.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const target = `${ground}/m`
const skip = ![...MEDIA_TOOLS, 'mkfs.ext4'].every(hasTool)
const medium = skip ? { iso: '', tree: '' } : makeMedium(ground, { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'] })
const { iso, tree } = medium

afterEach(() => expectNothingLeft(ground))

async function refusal(source: string, options: LiveMountOptions = {}, at = target): Promise<unknown> {
  try {
    await using _live = await mountLive(source, at, { mkdir: at === target, size: '4m', ...options })
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    expect(error.details.undo).toBeUndefined()
    return { code: error.code, message: error.message }
  }
}

const says = (code: string, words: string): unknown => ({ code, message: expect.stringContaining(words) as unknown })

describe.skipIf(skip)('the medium', () => {
  test('holds no live system, is no medium, is not there', async () => {
    mkdirSync(`${ground}/empty`)
    execFileSync('genisoimage', ['-quiet', '-o', `${ground}/empty.iso`, `${ground}/empty`], { stdio: 'ignore' })
    expect(await refusal(`${ground}/empty.iso`)).toEqual(says('live-not-found', 'empty.iso'))
    expect(await refusal(`${ground}/empty`)).toEqual(says('live-not-found', 'empty'))
    expect(await refusal(`${ground}/none.iso`)).toEqual(says('live-not-found', 'none.iso'))
    writeFileSync(`${ground}/text`, 'hello')
    expect(await refusal(`${ground}/text`)).toEqual(says('image-unreadable', 'text'))
  })

  test('lacks a layer', async () => {
    expect(await refusal(iso, { cmdline: 'boot=casper live-media-path=/live layerfs-path=02-top.more.squashfs' })).toEqual(says('live-layer-missing', '02-top.more.squashfs'))
  })

  test('is damaged: the image is named', async () => {
    const bad = `${ground}/bad.iso`
    copyFileSync(iso, bad)
    const { offset = 0 } = (await readMedium(iso)).files.find(({ path }) => path === '/live/01-base.squashfs')?.extents?.[0] ?? {}
    const fd = openSync(bad, 'r+')
    writeSync(fd, Buffer.alloc(3000), 0, 3000, offset + 96)
    closeSync(fd)
    for (const toram of [false, true]) expect(await refusal(bad, { toram })).toEqual(says('image-unreadable', toram ? '01-base.squashfs' : `'/live/01-base.squashfs' in '${bad}'`))
    truncateSync(bad, offset + 2048)
    expect(await refusal(bad)).toEqual(says('image-unreadable', 'cut short'))
  })

  test('lies in pieces: they are put together in a file without a name', async () => {
    const image = readFileSync(`${tree}/live/01-base.squashfs`)
    const half = Math.floor(image.length / 1024) * 512
    writeFileSync(`${ground}/pieces`, Buffer.concat([Buffer.alloc(512), image.subarray(half), image.subarray(0, half)]))
    mkdirSync(`${ground}/at`)
    const before = readdirSync('/var/tmp')
    await attachImage(`${ground}/pieces`, 'squashfs', `${ground}/at`, { slices: [{ offset: 512 + image.length - half, length: half }, { offset: 512, length: image.length - half }] })
    expect(readFileSync(`${ground}/at/who`, 'utf8')).toBe('01-base.squashfs\n')
    expect(readdirSync('/var/tmp').filter((name) => !before.includes(name) && name.startsWith(`ovl-${process.pid}-`))).toEqual([])
    await unmountPatiently(`${ground}/at`, false)
  })
})

describe.skipIf(skip)('the target and the words', () => {
  test('are looked at before anything is attached', async () => {
    expect(await refusal(iso, {}, `${ground}/none`)).toEqual(says('target-missing', 'none'))
    expect(await refusal(iso, {}, iso)).toEqual(says('target-not-directory', 'live.iso'))
    expect(await refusal(iso, { size: 'much' })).toEqual(says('usage', 'much'))
    expect(await refusal(iso, { size: '50%', persist: `${ground}/x.img` })).toEqual(says('usage', '50%'))
    await expect(unmountLive(ground)).rejects.toMatchObject({ code: 'not-mounted' })
    await expect(liveStatus(ground)).rejects.toMatchObject({ code: 'not-mounted' })
  })

  test('no root: loop devices are told as the reason', () => {
    const said = runChild('unshare', ['--user', '--map-root-user', '--mount', process.execPath, BIN, 'live', 'mount', iso, '--mkdir', target])
    expect([said.code, said.stderr.replaceAll(/\s+/g, ' ')]).toEqual([1, expect.stringMatching(/error\[not-permitted\].*Run it as root: images need loop devices.*squashfuse/)])
  })
})

describe.skipIf(skip)('interrupted', () => {
  test('before every step', async () => {
    const disk = `${ground}/disk`
    const conf = '/home\n/dir union,source=keep\n'
    let number = 0
    for (let stopped = true; stopped && number < 80; number++) {
      mkdirSync(disk, { recursive: true })
      writeFileSync(`${disk}/persistence.conf`, conf)
      const controller = new AbortController()
      const hook = beforeStep(number, () => controller.abort())
      const signal = new Proxy(controller.signal, { get: (of, key) => (key === 'aborted' ? hook.aborted || of.aborted : Reflect.get(of, key)) as unknown })
      stopped = await mountLive(iso, target, { mkdir: true, toram: true, persist: disk, signal }).then(async (live) => {
        await live.unmount()
        return false
      }, (error: { code: string; details: { undo?: unknown } }) => {
        expect([error.code, error.details.undo]).toEqual(['interrupted', undefined])
        return true
      })
      await expectNothingLeft(ground)
      expect(existsSync(target)).toBe(false)
    }
    expect(number).toBeGreaterThan(25)
  })
})

describe.skipIf(skip)('no room', () => {
  test('for an image that is to be made', async () => {
    mkdirSync(`${ground}/small`)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'small', `${ground}/small`])
    try {
      expect(await refusal(iso, { persist: `${ground}/small/disk.img`, size: '16m' })).toEqual(says('no-space', 'disk.img'))
      expect(readdirSync(`${ground}/small`)).toEqual([])
    } finally {
      execFileSync('umount', [`${ground}/small`])
    }
  })

  test('below the receipts', () => {
    const outcome = inNamespace({ prepare: 'mkdir -p /run/ovl; mount -t tmpfs -o mode=700,nr_inodes=6 state /run/ovl', words: [iso, target] }, async (ovl, fs, iso, target) => {
      const error = await ovl.mountLive(iso, target, { mkdir: true }).catch(({ code, details }: { code: string; details: { undo?: unknown } }) => ({ code, undo: details.undo }))
      return { error, state: fs.readdirSync('/run/ovl'), made: fs.existsSync(target) }
    })
    expect(outcome).toEqual({ error: { code: 'no-inodes' }, state: [], made: false })
  })

  test('in the upper: told before it is full, and when memory would not do', async () => {
    const live = await mountLive(iso, target, { mkdir: true, size: '1m' })
    expect((await liveStatus(target)).findings).toEqual([])
    writeFileSync(`${target}/big`, Buffer.alloc(900 * 1024))
    const { findings, room, upperOn, keeps } = await liveStatus(target)
    expect([upperOn, keeps, room.bytes.total, room.bytes.used]).toEqual(['tmpfs', 'nothing', 1024 * 1024, 900 * 1024])
    expect(findings).toMatchObject([{ code: 'no-space', severity: 'warning', fix: [{ command: `mount -o remount,size=2m ${live.directory}/rw` }, {}] }])
    expect(() => writeFileSync(`${target}/more`, Buffer.alloc(200 * 1024))).toThrow('ENOSPC')
    // It grows where it is, as the fix says.
    execFileSync('sh', ['-c', findings[0]?.fix[0]?.command ?? 'false'])
    writeFileSync(`${target}/more`, Buffer.alloc(200 * 1024))
    await unmount(target)
    const large = await mountLive(iso, target, { mkdir: true, size: '900%' })
    expect(large.warnings).toMatchObject([{ code: 'no-space', severity: 'warning' }])
    expect((await liveStatus(target)).findings).toMatchObject([{ code: 'no-space', severity: 'warning' }])
    await large.unmount()
  })

  test('held', async () => {
    const live = await mountLive(iso, target, { mkdir: true, size: '1m' })
    const fd = openSync(`${target}/who`, 'r')
    await expect(unmountLive(target)).rejects.toMatchObject({ code: 'umount-busy', message: expect.stringMatching(new RegExp(`node.* \\(${process.pid}\\)`)) })
    expect(readFileSync(`${target}/who`, 'utf8')).toBe('02-top.squashfs\n')
    closeSync(fd)
    expect((await unmountLive(target)).unmounted).toEqual([target, `${live.directory}/rw`, ...live.layers.map(({ at }) => at).toReversed()])
  })
})
