/**
 * `ovl` as a file system type of mount(8): the helpers are laid over /sbin, and libmount's own table is a fresh one, all in
 * the private mount namespace. Lines of fstab go through mount(8), and umount(8) takes down what they put up.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeName, encodeName } from '../../../src/names/bytes.ts'
import { encodeHelperOptions } from '../../../src/overlay/helper-options.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { ROOT, envelope, ovl, runChild } from '../../support/command.ts'
import type { Ran } from '../../support/command.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const SBIN = realpathSync('/sbin')

beforeAll(() => {
  mkdirSync(`${ground}/sbin`)
  for (const name of ['mount.ovl', 'umount.ovl']) symlinkSync(`${ROOT}bin/${name}.js`, `${ground}/sbin/${name}`)
  execFileSync('mount', ['-t', 'overlay', 'helpers', SBIN, '-o', `lowerdir=${ground}/sbin:${SBIN}`])
  mkdirSync('/run/mount', { recursive: true })
  for (const place of ['/run/mount', '/run/ovl']) {
    mkdirSync(place, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'ours', place])
  }
})
afterAll(() => {
  for (const place of [SBIN, '/run/mount', '/run/ovl']) execFileSync('umount', ['--lazy', place])
})

interface Place {
  readonly dir: string
  readonly line: (options: string) => void
  readonly mount: (...words: readonly string[]) => Ran
  readonly umount: (...words: readonly string[]) => Ran
}

function place(): Place {
  const dir = mkdtempSync(`${ground}/p-`)
  for (const name of ['l', 'l2', 'u', 'm']) mkdirSync(`${dir}/${name}`)
  writeFileSync(`${dir}/l/from-l`, 'l')
  return {
    dir,
    line: (options) => writeFileSync(`${dir}/fstab`, `overlay ${dir}/m ovl ${options} 0 0\n`),
    mount: (...words) => runChild('mount', ['-T', `${dir}/fstab`, ...words]),
    umount: (...words) => runChild('umount', words),
  }
}

/** Nothing of a mount below `dir` is left anywhere. */
/** Parts of mounts; those of this machine's own, below the /run/ovl of these tests, were there before. */
const ofOvl = (): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(' /run/ovl/'))
const fromBefore = new Set(ofOvl())

function expectGone(dir: string): void {
  expect(ofOvl().filter((line) => !fromBefore.has(line))).toEqual([])
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(` ${dir}/m `)
  expect(readdirSync('/run/ovl')).toEqual([])
  expect(existsSync('/run/mount/utab') ? readFileSync('/run/mount/utab', 'utf8') : '').not.toContain(dir)
}

function image({ dir }: Place): string {
  execFileSync('mksquashfs', [`${dir}/l`, `${dir}/image.squashfs`, '-quiet', '-no-progress'], { stdio: 'ignore' })
  return `${dir}/image.squashfs`
}

describe.skipIf(!hasTool('mksquashfs'))('an image below a tmpfs', () => {
  test.each([[[]], [['-l']], [['-c']], [['-R']]])('is gone after umount %j', (words) => {
    const here = place()
    here.line(`lower=${here.dir}/l2,lower=${image(here)},tmpfs,size=1m,nofail,x-systemd.device-timeout=5s`)
    expect(here.mount(`${here.dir}/m`)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(`${here.dir}/m/from-l`, 'utf8')).toBe('l')
    writeFileSync(`${here.dir}/m/new`, 'x')
    expect(envelope(ovl(['inspect', `${here.dir}/m`, '--json'])).ok).toBe(true)
    expect(envelope(ovl(['list', '--json'])).data).toContainEqual(expect.objectContaining({ target: `${here.dir}/m` }))
    expect(here.umount(...words, `${here.dir}/m`)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expectGone(here.dir)
  })

  test('after umount -i the next mount clears what is left', () => {
    const here = place()
    here.line(`lower=${image(here)},tmpfs`)
    for (let time = 0; time < 3; time++) {
      expect(here.mount(`${here.dir}/m`).code).toBe(0)
      expect(here.umount('-i', `${here.dir}/m`).code).toBe(0)
      expect(readdirSync('/run/ovl')).toHaveLength(2)
    }
    expect(ovl(['umount', `${here.dir}/m`]).code).toBe(0)
    expectGone(here.dir)
  })

  test('ovl umount takes it down, and libmount forgets it', () => {
    const here = place()
    here.line(`lower=${image(here)},tmpfs`)
    expect(here.mount(`${here.dir}/m`).code).toBe(0)
    expect(ovl(['umount', `${here.dir}/m`]).code).toBe(0)
    expectGone(here.dir)
  })
})

test('mount -a mounts it once', () => {
  const here = place()
  here.line(`lower=${here.dir}/l,upper=${here.dir}/u`)
  expect(here.mount('-a').code).toBe(0)
  expect(here.mount('-a', '-v').stdout).toContain('already mounted')
  expect(here.umount(`${here.dir}/m`).code).toBe(0)
  expectGone(here.dir)
})

test('remount goes to the live mount, with the line of fstab or without', () => {
  const here = place()
  here.line(`lower=${here.dir}/l,upper=${here.dir}/u`)
  here.mount(`${here.dir}/m`)
  expect(here.mount('-o', 'remount,ro', `${here.dir}/m`)).toMatchObject({ code: 0, stderr: '' })
  expect(() => writeFileSync(`${here.dir}/m/a`, '')).toThrow('EROFS')
  expect(runChild('mount', ['-o', 'remount,rw', `${here.dir}/m`]).code).toBe(0)
  writeFileSync(`${here.dir}/m/a`, '')
  expect(here.umount(`${here.dir}/m`).code).toBe(0)
})

test('-f looks and does nothing; a failure is named, and leaves nothing', () => {
  const here = place()
  here.line(`lower=${here.dir}/l,upper=${here.dir}/made,mkdir`)
  expect(here.mount('-f', `${here.dir}/m`).code).toBe(0)
  expect(existsSync(`${here.dir}/made`)).toBe(false)
  here.line(`lower=${here.dir}/nowhere,upper=${here.dir}/made,mkdir`)
  const refused = here.mount(`${here.dir}/m`)
  expect(refused.code).toBe(32)
  expect(refused.stderr).toContain(`error[lower-missing]: lower '${here.dir}/nowhere' does not exist`)
  expect(existsSync(`${here.dir}/made`)).toBe(false)
  expectGone(here.dir)
})

test('500 layers in one line', () => {
  const here = place()
  const layers = Array.from({ length: 500 }, (_, at) => `${here.dir}/layer-with-a-name-of-some-length-${at}`)
  for (const layer of layers) mkdirSync(layer)
  here.line(layers.map((layer) => `lower=${layer}`).join(','))
  expect(here.mount(`${here.dir}/m`)).toMatchObject({ code: 0, stderr: '' })
  expect(here.umount(`${here.dir}/m`).code).toBe(0)
  expectGone(here.dir)
})

test('names of any bytes arrive as they were', () => {
  const here = place()
  const names = [...Array.from({ length: 255 }, (_, at) => at + 1).filter((byte) => byte !== 0x2f), 0].map((byte) => (byte === 0 ? 'p,ro,x:q\\"$HOME%2C\n' : decodeName(Uint8Array.of(0x61, byte, 0x62))))
  const lower = names.map((name) => ({ path: `${here.dir}/${name}` }))
  lower.forEach(({ path }, at) => {
    mkdirSync(encodeName(path))
    writeFileSync(Buffer.concat([encodeName(path), Buffer.from(`/${at}`)]), '')
  })
  here.line(options({ ...EMPTY_SPEC, lower }))
  expect(here.mount(`${here.dir}/m`)).toMatchObject({ code: 0, stderr: '' })
  expect(readdirSync(join(here.dir, 'm'))).toHaveLength(names.length)
  expect(here.umount(`${here.dir}/m`).code).toBe(0)
})

test.skipIf(!hasTool('mksquashfs'))('ovl fstab --helper writes the line, from words and from the live mount', () => {
  const here = place()
  const words = ['-l', `${here.dir}/l2`, '-l', image(here), '--tmpfs', '--mkdir', `${here.dir}/m`]
  writeFileSync(`${here.dir}/fstab`, '')
  expect(ovl(['fstab', '--helper', `--write=${here.dir}/fstab`, ...words])).toMatchObject({ code: 0, stderr: expect.not.stringContaining('warning') as unknown })
  const first = readFileSync(`${here.dir}/fstab`, 'utf8')
  expect(here.mount(`${here.dir}/m`)).toMatchObject({ code: 0, stderr: '' })
  // The tmpfs of the tests is no disk to wait for at boot, but a mount it is; what it had made is there already.
  const { stdout } = ovl(['fstab', '--helper', '--from', `${here.dir}/m`])
  expect(stdout).toBe(first.replace('tmpfs,mkdir', 'tmpfs'))
  expect(here.umount(`${here.dir}/m`).code).toBe(0)
  expectGone(here.dir)
})

function options(spec: OverlaySpec): string {
  const encoded = encodeHelperOptions(spec)
  if (!encoded.ok) throw new Error(encoded.why.title)
  return encoded.value
}
