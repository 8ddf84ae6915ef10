/** Which layer covers which, proven by content: the mounted tree is what the plan says, and what mounting by hand gives. */

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { mountLive, planLive, planOfLiveMount, readLive, readMedium, unmountLive } from '../../../src/index.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { MEDIA_TOOLS, describeTree, makeMedium, mountByHand, unmountByHand } from './media.ts'
import type { Recipe } from './media.ts'

const ground = makeGround()
const CHAIN = ['minimal.squashfs', 'minimal.standard.squashfs', 'minimal.standard.live.squashfs', 'minimal.de.squashfs']
const grub = (line: string): Record<string, string> => ({ 'boot/grub/grub.cfg': `menuentry "Try" {\n  linux /casper/vmlinuz ${line} ---\n}\n` })
const isolinux = (line: string): Record<string, string> => ({ 'isolinux/isolinux.cfg': `default live\nlabel live\n  kernel /live/vmlinuz\n  append initrd=/live/initrd ${line}\n` })

interface Case extends Recipe {
  readonly name: string
  readonly cmdline?: string
  /** Topmost first. */
  readonly order: readonly string[]
  readonly line: string
}

const CASES: readonly Case[] = [
  { name: 'casper, one image', shelf: 'casper', images: ['filesystem.squashfs'], files: grub('boot=casper quiet'), order: ['filesystem.squashfs'], line: '/cow' },
  { name: 'casper, layerfs-path', shelf: 'casper', images: CHAIN, files: grub('layerfs-path=minimal.standard.live.squashfs'), order: ['minimal.standard.live.squashfs', 'minimal.standard.squashfs', 'minimal.squashfs'], line: '/cow' },
  { name: 'casper, another boot line', shelf: 'casper', images: CHAIN, files: grub('layerfs-path=minimal.standard.live.squashfs'), cmdline: 'layerfs-path=minimal.de.squashfs', order: ['minimal.de.squashfs', 'minimal.squashfs'], line: '/cow' },
  { name: 'casper, nothing said: all by name', shelf: 'casper', images: CHAIN, files: grub('boot=casper'), order: CHAIN.toSorted().toReversed(), line: '/cow' },
  { name: 'live-boot, by name', shelf: 'live', images: ['10-b.squashfs', '05-a.squashfs', 'filesystem.squashfs'], files: isolinux('boot=live components'), order: ['filesystem.squashfs', '10-b.squashfs', '05-a.squashfs'], line: 'overlay' },
  { name: 'live-boot, by list', shelf: 'live', images: ['a.squashfs', 'b.squashfs', 'c.squashfs'], files: { ...isolinux('boot=live'), 'live/filesystem.module': 'c.squashfs a.squashfs\n' }, order: ['a.squashfs', 'c.squashfs'], line: 'overlay' },
]

afterEach(() => expectNothingLeft(ground))

test.each(CASES)('$name', { skip: !MEDIA_TOOLS.every(hasTool) }, async ({ shelf, images, files = {}, cmdline, order, line }) => {
  const { iso, tree } = makeMedium(ground, { shelf, images, files })
  const options = cmdline === undefined ? {} : { cmdline }
  expect(planLive(await readMedium(iso), options).layers.map(({ name }) => name)).toEqual(order)
  const hand = mountByHand(ground, order.map((name) => `${tree}/${shelf}/${name}`))
  const byHand = describeTree(hand)
  unmountByHand(hand)

  const target = `${ground}/the target`
  for (const [source, toram] of [[iso, false], [tree, false], [iso, true]] as const) {
    const live = await mountLive(source, target, { ...options, toram, mkdir: true, size: '8m' })
    expect(live.layers.map(({ name }) => name)).toEqual(order)
    expect(live.layers.map(({ at }) => at)).toEqual(order.map((name) => `${live.directory}/${name}`))
    expect(describeTree(target)).toBe(byHand)
    // /cow is what casper calls it in the mount table.
    expect(readFileSync('/proc/self/mounts', 'utf8')).toMatch(new RegExp(`^${line} ${ground}/the\\\\040target overlay rw,`, 'm'))
    writeFileSync(`${target}/etc/locale.conf`, 'LANG=zh_CN.UTF-8\n')
    const { warnings: _w, unmount: _u, readOnly, via: _v, form: _f, ...known } = live
    expect(readOnly).toBe(false)
    expect(readLive(target)).toEqual(Object.fromEntries(Object.entries(known)))
    expect(readFileSync(`${live.upper}/etc/locale.conf`, 'utf8')).toContain('zh_CN')
    await unmountLive(target)
    await expectNothingLeft(ground)
  }
})

test('toram of the default boot entry is done, as the live system does it', { skip: !MEDIA_TOOLS.every(hasTool) }, async () => {
  const { iso } = makeMedium(ground, { shelf: 'live', images: ['a.squashfs', 'b.squashfs'], files: isolinux('boot=live toram=a.squashfs') })
  const target = `${ground}/in memory`
  await using live = await mountLive(iso, target, { mkdir: true, size: '4m' })
  expect(live.parts.map(({ what }) => what)).toEqual(['tmpfs', 'image', 'tmpfs'])
  expect([live.layers.map(({ name }) => name), readdirSync(`${live.directory}/toram`)]).toEqual([['a.squashfs'], ['a.squashfs']])
  // The medium is not held.
  rmSync(iso)
  expect(readFileSync(`${target}/who`, 'utf8')).toBe('a.squashfs\n')
  const { steps } = await planOfLiveMount(makeMedium(ground, { shelf: 'live', images: ['a.squashfs'], files: isolinux('boot=live toram') }).iso, target, { cmdline: 'boot=live' })
  expect(steps.filter((step) => step.do === 'copy-image')).toEqual([])
})

test('single images, and a target that is there already', { skip: !MEDIA_TOOLS.every(hasTool) }, async () => {
  const { tree } = makeMedium(ground, { shelf: 'x', images: ['a.squashfs', 'a.b.squashfs'] })
  mkdirSync(`${ground}/there`)
  await using live = await mountLive(['a.squashfs', 'a.b.squashfs'].map((name) => `${tree}/x/${name}`), `${ground}/there`, { size: '4m' })
  expect([live.system, live.layers.map(({ name }) => name), live.keeps]).toEqual(['casper', ['a.b.squashfs', 'a.squashfs'], 'nothing'])
  expect(readdirSync(`${ground}/there`)).toContain('to-replace-a.squashfs')
})
