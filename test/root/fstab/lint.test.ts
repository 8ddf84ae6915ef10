/** `ovl fstab --lint` over real directories, mounts and images: story 10, what ovl writes itself, files of another root. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeName, formatFstab, isOvlError, lintFstab, overlay, removeFstab, writeFstab } from '../../../src/index.ts'
import type { LintLine, OverlaySpec } from '../../../src/index.ts'
import { envelope, ovl } from '../../support/command.ts'
import { seed } from '../../support/seed.ts'
import { makeGround } from '../host/ground.ts'
import { build, stacks } from './scene.ts'

const ground = makeGround()
const make = (...paths: readonly string[]): void => { for (const path of paths) mkdirSync(`${ground}/${path}`, { recursive: true }) }
const write = (name: string, ...lines: readonly string[]): string => (writeFileSync(`${ground}/${name}`, `${lines.join('\n')}\n`), `${ground}/${name}`)
const codesOf = (lines: readonly LintLine[]): string[] => lines.flatMap(({ line, findings }) => findings.filter(({ severity }) => severity !== 'note').map(({ code, severity }) => `${line} ${severity} ${code}`))

describe('story 10', () => {
  make('image/etc', 'image/disk1', 'image/disk2', 'image/merged', 'image/usr/lib/systemd')
  writeFileSync(`${ground}/image/usr/lib/systemd/systemd`, '')
  const DISKS = ['UUID=aaaa / ext4 defaults 0 1', 'UUID=bbbb /disk1 ext4 defaults 0 2', 'UUID=cccc /disk2 ext4 defaults,nofail 0 2']
  const file = write('image/etc/fstab', ...DISKS, 'none /mnt/overlay tmpfs defaults 0 0', 'overlay / overlay defaults 0 0')

  test('every mistake of the document', async () => {
    const lines = await lintFstab({ root: `${ground}/image` })
    expect(codesOf(lines)).toEqual(['5 error lowerdir-required', '5 error way-cannot-say', '5 warning read-only-overlay', '5 warning lower-not-mounted-yet'])
    const titles = lines.flatMap(({ findings }) => findings.map(({ title }) => title))
    expect(titles).toEqual([
      "'/' has no lowerdir: nothing says what the overlay lies over",
      "an fstab line cannot mount an overlay over '/': the root is mounted before fstab is read",
      "'/' has no upperdir and workdir: nothing could be written; no overlay uses the tmpfs that line 4 mounts on '/mnt/overlay'",
      "'/' waits for none of the mounts of this file: '/disk1' (line 2), '/disk2' (line 3)",
    ])
  })

  test('what ovl writes in its place is right', async () => {
    const there = overlay().lower('/disk1/base').upper('/disk2/changes').work('/disk2/changes.work').at('/merged').spec
    const { line } = formatFstab(there, { file })
    expect(line).toBe('overlay /merged overlay lowerdir=/disk1/base,upperdir=/disk2/changes,workdir=/disk2/changes.work,x-systemd.requires-mounts-for=/disk1,x-systemd.requires-mounts-for=/disk2,nofail 0 0')
    write('image/etc/fstab', ...DISKS, line)
    expect(await lintFstab({ root: `${ground}/image` })).toEqual([{ line: 4, text: line, target: '/merged', findings: [] }])
  })
})

test('lines that ovl writes have no error and no warning, whatever the names', async () => {
  let at = 0
  const lineOf = (spec: OverlaySpec, helper: boolean): string => formatFstab(spec, { file: `${ground}/none`, helper }).line
  const said = fc.sample(stacks(), { seed, numRuns: 300 }).flatMap((stack) => {
    const spec = build(stack, ground, at++)
    for (const helper of [false, true]) {
      try {
        return [lineOf(spec, helper)]
      } catch (error) {
        // A name that no line of the type can carry.
        if (!isOvlError(error) || error.code !== 'way-cannot-say') throw error
      }
    }
    return []
  })
  expect(said.length).toBeGreaterThan(200)
  writeFileSync(`${ground}/many`, encodeName(`${said.join('\n')}\n`))
  const lines = await lintFstab({ file: `${ground}/many` })
  expect(lines.length).toBe(said.length)
  const wrong = lines.map(({ text, findings }) => [text, ...findings.filter(({ severity, code }) => severity !== 'note' && code !== 'tool-missing').map(({ title }) => title)])
  expect(wrong.filter(({ length }) => length > 1)).toEqual([])
})

test('an image is judged by what is in it: links stay inside, mounts here do not count', async () => {
  make('os/etc', 'os/srv/real', 'os/srv/up', 'os/srv/work', 'os/m', 'os/data/here-only')
  symlinkSync('/srv/real', `${ground}/os/link`)
  symlinkSync('/data/far', `${ground}/os/far`)
  execFileSync('mount', ['-t', 'tmpfs', 'other', `${ground}/os/srv/up`])
  write('os/etc/fstab', 'UUID=1 / ext4 defaults 0 1', 'UUID=2 /data ext4 defaults 0 2', 'overlay /m overlay lowerdir=/link:/srv/none,upperdir=/srv/up,workdir=/srv/work 0 0', 'overlay /srv/n overlay lowerdir=/far:/link 0 0')
  const lines = await lintFstab({ root: `${ground}/os` })
  execFileSync('umount', [`${ground}/os/srv/up`])
  expect(codesOf(lines)).toEqual(['3 error lower-missing', '4 error lower-not-mounted-yet', '4 warning target-missing'])
  expect(lines[0]?.findings[0]?.title).toBe(`lower '${ground}/os/srv/none' does not exist`)
  // Only what is there is read: the file of the image may have another name.
  expect(ovl(['fstab', '--lint=/etc/fstab', '--root', `${ground}/os`]).stdout).toContain(`${ground}/os/etc/fstab:4: error[lower-not-mounted-yet]: lower '/far' lies on '/data' (line 2)`)
})

test('mounts that are there now are looked at, with findmnt as a second opinion', async () => {
  make('live/base', 'live/disk', 'live/disk2', 'live/m')
  execFileSync('mount', ['-t', 'tmpfs', 'disk', `${ground}/live/disk`])
  make('live/disk/up')
  const at = `${ground}/live`
  const file = write('fstab-live', `UUID=1 ${ground} ext4 defaults 0 2`, `UUID=2 ${at}/disk ext4 defaults 0 2`,
    `overlay ${at}/m overlay lowerdir=${at}/base,upperdir=${at}/disk/up,workdir=${at}/disk/work,x-systemd.requires-mounts-for=${at}/disk 0 0`, `overlay ${at}/gone overlay lowerdir=${at}/base:${at}/disk/up,x-systemd.requires-mounts-for=${at}/disk 0 0`)
  const lines = await lintFstab({ file })
  expect(codesOf(lines)).toEqual(['3 error work-missing', '4 warning target-missing'])
  expect(lines[1]?.findings[0]?.evidence.map(({ fact }) => fact)).toContain('findmnt --verify: unreachable on boot required target: No such file or directory')
  execFileSync('umount', [`${at}/disk`])
  // What was seen there is gone with it; where it lies is still known.
  expect(codesOf(await lintFstab({ file }))).toEqual(['4 warning target-missing'])
})

describe('--write', () => {
  make('w/base', 'w/over', 'w/up', 'w/m')
  const at = `${ground}/w`
  const file = write('fstab-write', '# mine')
  const words = ['-l', `${at}/base`, '-u', `${at}/up`, `${at}/m`, `--write=${file}`]

  test('refuses what the lint calls an error, and so does its --dry-run', () => {
    for (const dry of [[], ['--dry-run']]) {
      const { code, stderr } = ovl(['fstab', ...words, ...dry])
      expect([code, stderr]).toEqual([32, expect.stringContaining(`error[work-missing]: work '${at}/up.work' does not exist`)])
      expect(stderr).toContain(`mkdir -p -- ${at}/up.work`)
    }
    expect(readFileSync(file, 'utf8')).toBe('# mine\n')
    expect(envelope(ovl(['fstab', ...words, '--json']))).toMatchObject({ ok: false, error: { code: 'work-missing' } })
  })

  test('writes what is right, and the fix of a wrong line can be pasted', async () => {
    make('w/up.work')
    expect((await writeFstab(overlay().lower(`${at}/base`).upper(`${at}/up`).at(`${at}/m`), { file })).did).toBe('added')
    expect(codesOf(await lintFstab({ file }))).toEqual([])
    await removeFstab(`${at}/m`, { file })
    write('fstab-write', `overlay ${at}/m overlayfs lowerdir=${at}/over:${at}/base,upperdir=${at}/up,nofail 0 1`)
    const [line] = await lintFstab({ file })
    expect(line?.findings.map(({ code }) => code).slice(0, 2).sort()).toEqual(['filesystem-type-renamed', 'work-required'])
    const { code, stderr } = ovl((line?.corrected?.command ?? '').split(' ').slice(1))
    expect([code, stderr]).toEqual([0, ''])
    expect(readFileSync(file, 'utf8')).toBe(`${line?.corrected?.line ?? ''}\n`)
    expect(codesOf(await lintFstab({ file }))).toEqual([])
  })
})

test('an image in a line of type overlay: the corrected line is one for mount.ovl', async () => {
  make('i/base', 'i/up', 'i/up.work', 'i/m')
  const at = `${ground}/i`
  // As far as it is looked at: the magic number of a squashfs.
  writeFileSync(`${at}/x.squashfs`, Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(4092)]))
  const file = write('fstab-image', `overlay ${at}/m overlay lowerdir=${at}/base:${at}/x.squashfs,upperdir=${at}/up,workdir=${at}/up.work 0 0`)
  const [line] = await lintFstab({ file })
  expect(line?.findings).toMatchObject([{ code: 'layer-not-directory', fix: expect.arrayContaining([{ text: expect.stringContaining('mount.ovl attaches images') as unknown }]) as unknown }])
  expect(line?.corrected).toMatchObject({ line: expect.stringContaining(`overlay ${at}/m ovl lower=${at}/base,lower=${at}/x.squashfs,upper=${at}/up,work=${at}/up.work,`) as unknown, command: expect.stringContaining('--helper') as unknown })
})

test('no file, no image, no overlay', async () => {
  await expect(lintFstab({ file: `${ground}/nothing` })).rejects.toMatchObject({ code: 'usage', message: `there is no '${ground}/nothing'` })
  await expect(lintFstab({ root: `${ground}/nothing` })).rejects.toMatchObject({ code: 'usage' })
  await expect(lintFstab({ file: ground })).rejects.toMatchObject({ code: 'usage' })
  expect(await lintFstab({ file: write('none-of-ours', 'UUID=1 / ext4 defaults 0 1') })).toEqual([])
  rmSync(`${ground}/none-of-ours`)
})
