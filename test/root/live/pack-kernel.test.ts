/** A kernel that was upgraded in the tree: the packed medium boots it, or it is told that it does not. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { mountLive, packLive, planOfLivePack } from '../../../src/index.ts'
import type { LivePackOptions } from '../../../src/index.ts'
import { cpio } from '../../support/cpio.ts'
import { fakeKernel } from '../../support/fake-kernel.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const target = `${ground}/m`
const skip = ![...MEDIA_TOOLS, 'xorriso'].every(hasTool)
const [OLD, NEW] = ['6.1.0-9-amd64', '6.1.0-18-amd64']
const initrd = (text: string, script = 'scripts/live'): Buffer => gzipSync(cpio({ [script]: '# mount the medium', text }))

afterEach(() => expectNothingLeft(ground))

const { iso } = skip ? { iso: '' } : makeMedium(ground, {
  shelf: 'live', images: ['filesystem.squashfs'],
  files: { 'live/vmlinuz': fakeKernel(OLD).toString('latin1'), 'live/initrd.img': 'the old one', 'boot/grub/grub.cfg': 'menuentry "Live" {\n\tlinux /live/vmlinuz boot=live\n\tinitrd /live/initrd.img\n}\n', 'md5sum.txt': `${'0'.repeat(32)}  ./live/vmlinuz\n` },
})

/** Installs a kernel in the mounted tree; of the one that the medium boots only what is said. */
function install(version: string, { boot = fakeKernel(version), ramdisk = initrd(version) }: { readonly boot?: Buffer; readonly ramdisk?: Buffer | null } = {}): void {
  mkdirSync(`${target}/usr/lib/modules/${version}`, { recursive: true })
  writeFileSync(`${target}/usr/lib/modules/${version}/modules.dep`, '')
  mkdirSync(`${target}/boot`, { recursive: true })
  writeFileSync(`${target}/boot/vmlinuz-${version}`, boot)
  if (ramdisk !== null) writeFileSync(`${target}/boot/initrd.img-${version}`, ramdisk)
}

const told = async (options: LivePackOptions = {}): Promise<string[]> => (await planOfLivePack(target, `${ground}/x.iso`, options)).warnings.map(({ severity, title }) => `${severity} ${title}`)
const RENEWED = `note the kernel of the medium, ${OLD}, is renewed: /live/vmlinuz and /live/initrd.img are ${NEW} of the tree`
const STALE = `warning the medium boots the kernel ${OLD}, and the tree has no modules for it any more`

test('is put on the medium with its initrd, and only when the old one has no modules any more', { skip }, async () => {
  await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
  expect(await told()).toEqual([])
  install(OLD)
  install(NEW)
  install('6.1.0-10-amd64')
  expect(await told()).toEqual([])
  rmSync(`${target}/usr/lib/modules/${OLD}`, { recursive: true })
  for (const options of [{}, { layer: true }]) {
    expect(await told(options)).toEqual([RENEWED])
    const out = `${mkdtempSync(`${ground}/out-`)}/o.iso`
    expect((await packLive(target, out, options)).warnings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['note pack-incomplete'])
    const unpacked = `${out}.d`
    execFileSync('xorriso', ['-osirrox', 'on', '-indev', out, '-extract', '/live', unpacked, '-extract', '/md5sum.txt', `${unpacked}/sums`], { stdio: 'ignore' })
    execFileSync('sh', ['-ec', 'cmp "$1/vmlinuz" "$2/boot/vmlinuz-$3"; cmp "$1/initrd.img" "$2/boot/initrd.img-$3"; grep -q "^$(md5sum < "$1/vmlinuz" | cut -c -32)  ./live/vmlinuz" "$1/sums"', 'sh', unpacked, target, NEW])
  }
  expect((await planOfLivePack(target, `${ground}/x.iso`)).steps).toContain('renew /live/vmlinuz')
})

test('what does not fit is left, with the next step', { skip }, async () => {
  await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
  const next = async (): Promise<string | undefined> => (await planOfLivePack(target, `${ground}/x.iso`)).warnings[0]?.fix[0]?.command
  const why = async (): Promise<string | undefined> => (await planOfLivePack(target, `${ground}/x.iso`)).warnings[0]?.evidence[2]?.fact
  install(NEW, { ramdisk: null })
  expect([await told(), await next()]).toEqual([[STALE], `ovl live enter ${target} -- update-initramfs -c -k ${NEW}`])
  install(NEW, { ramdisk: initrd('', 'scripts/local') })
  expect([await told(), await why()]).toEqual([[STALE], `'/boot/initrd.img-${NEW}' of the tree has nothing of live-boot in it`])
  install(NEW, { boot: fakeKernel('6.6.6') })
  expect([await told(), await next()]).toEqual([[STALE], `ovl live enter ${target} -- apt-get install --reinstall linux-image-${OLD}`])
})
