/** A small system in a squashfs image: mounted writable, entered, and taken down without a trace. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mount, overlay } from '../../../src/index.ts'
import { envelope, runChild } from '../../support/command.ts'
import { makeShell } from '../../support/shell.ts'
import { addBusybox } from '../../support/stores/image-recipe.mjs'
import { hasTool, makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())
const missing = ['mksquashfs', 'busybox'].filter((tool) => !hasTool(tool))

async function makeImage(): Promise<{ dir: string; image: string }> {
  const dir = place()
  await addBusybox(`${dir}/root`)
  for (const name of ['sh', 'cat', 'ls', 'rm', 'echo']) symlinkSync('busybox', `${dir}/root/bin/${name}`)
  for (const name of ['etc', 'usr/share']) mkdirSync(`${dir}/root/${name}`, { recursive: true })
  writeFileSync(`${dir}/root/etc/hostname`, 'live\n')
  writeFileSync(`${dir}/root/etc/locale`, 'C\n')
  for (let at = 0; at < 200; at++) writeFileSync(`${dir}/root/usr/share/${at}`, `${at}\n`.repeat(100))
  execFileSync('mksquashfs', [`${dir}/root`, `${dir}/filesystem.squashfs`, '-quiet', '-no-progress'])
  mkdirSync(`${dir}/merged`)
  return { dir, image: `${dir}/filesystem.squashfs` }
}

/** Loop devices that hold the image. */
const loopsOf = (image: string): string => runChild('losetup', ['--list', '--noheadings', '--output', 'NAME', '--associated', image]).stdout

test.skipIf(missing.length > 0)('mounted with a tmpfs, used and taken down', async () => {
  const { dir, image } = await makeImage()
  const before = readFileSync(image)
  const answer = envelope(sh(dir, 'ovl mount --json -l filesystem.squashfs --tmpfs --size 64m merged'))
  expect(answer, JSON.stringify(answer.error)).toMatchObject({ ok: true, data: { readOnly: false, parts: [{ what: 'image', source: image }, { what: 'tmpfs' }] } })
  expect(loopsOf(image)).toMatch(/^\/dev\/loop\d+/)

  expect(sh(dir, 'chroot merged /bin/sh -c "cat /etc/hostname; echo Asia/Shanghai > /etc/timezone; echo zh_CN.UTF-8 > /etc/locale; rm -r /usr/share; ls /"').stdout).toBe('live\nbin\netc\nusr\n')
  expect(readFileSync(`${dir}/merged/etc/locale`, 'utf8')).toBe('zh_CN.UTF-8\n')
  const picture = sh(dir, 'ovl inspect merged').stdout
  expect(picture).toContain(`image ${image}`)
  expect(sh(dir, 'df --output=size -BM merged').stdout).toContain('64M')

  expect(sh(dir, 'ovl umount merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toEqual([])
  expect(loopsOf(image)).toBe('')
  expect(readFileSync(image).equals(before)).toBe(true)
})

test.skipIf(missing.length > 0)('two images and a directory over them, by the library', async () => {
  const { dir, image } = await makeImage()
  mkdirSync(`${dir}/patch`)
  writeFileSync(`${dir}/patch/hostname`, 'patched\n')
  execFileSync('mksquashfs', [`${dir}/patch`, `${dir}/patch.squashfs`, '-quiet', '-no-progress'])
  mkdirSync(`${dir}/site`)
  writeFileSync(`${dir}/site/motd`, 'welcome\n')
  const mounted = await mount(overlay().lower(`${dir}/site`, `${dir}/patch.squashfs`, image).at(`${dir}/merged`))
  try {
    expect(readdirSync(`${dir}/merged`)).toEqual(['bin', 'etc', 'hostname', 'motd', 'usr'])
    expect(mounted.readOnly).toBe(true)
    expect(mounted.parts.map(({ what, source }) => [what, source])).toEqual([['image', `${dir}/patch.squashfs`], ['image', image]])
  } finally {
    await mounted.unmount()
  }
  expect([loopsOf(image), loopsOf(`${dir}/patch.squashfs`)]).toEqual(['', ''])
})

test.skipIf(missing.length > 0)('busy: who is inside is named, and nothing is taken down until it leaves', async () => {
  const { dir, image } = await makeImage()
  expect(sh(dir, 'ovl mount -l filesystem.squashfs --tmpfs merged').code).toBe(0)
  const ran = sh(dir, 'cd merged; sleep 30 & cd ..; ovl umount --json merged; echo $?; kill $!; wait; ovl umount merged && echo done')
  const [first = '', code, done] = ran.stdout.trim().split('\n')
  expect([envelope({ ...ran, stdout: first }).error?.code, code, done]).toEqual(['umount-busy', '32', 'done'])
  expect(first).toContain('sleep')
  expect(loopsOf(image)).toBe('')
})
