/** `ovl fstab` and `ovl unit` as commands, over real mounts: what boot must wait for, live mounts brought back, files written. */

import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { formatFstab, overlay } from '../../../src/index.ts'
import { unitName } from '../../../src/fstab/unit-name.ts'
import { envelope, ovl } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
for (const name of ['base', 'disk', 'links', 'merged', 'disk/inner', 'units']) mkdirSync(`${ground}/${name}`)
const mounted = (target: string): string => (mkdirSync(target, { recursive: true }), execFileSync('mount', ['-t', 'tmpfs', 'disk', target]), target)
const disk = mounted(`${ground}/disk`)
const inner = mounted(`${ground}/disk/in,ner x`)
mounted(`${ground}/links`)
for (const name of [`${disk}/up`, `${disk}/up.work`, `${inner}/low`]) mkdirSync(name)
symlinkSync(disk, `${ground}/links/to`)
const none = `${ground}/none`
const waits = (...lower: readonly string[]): string[] => formatFstab(overlay().lower(`${ground}/base`, ...lower).at(`${ground}/merged`), { file: none }).reasons.map(({ option }) => option.replaceAll(ground, ''))

test('the mounts a layer lies on, the innermost for all above it', () => {
  // The ground is a mount of its own.
  expect(waits('/')).toEqual(['x-systemd.requires-mounts-for='])
  expect(waits(`${disk}/up`)).toEqual(['x-systemd.requires-mounts-for=/disk'])
  expect(waits(`${disk}/up`, `${inner}/low`)).toEqual([`x-systemd.requires=${unitName(inner, 'mount')}`])
})

test('a symlink on one mount that leads to another waits for both', () => {
  expect(waits(`${ground}/links/to/up`).sort()).toEqual(['x-systemd.requires-mounts-for=/disk', 'x-systemd.requires-mounts-for=/links'])
})

test('a mount that is only in the file, and may be absent', () => {
  const file = `${ground}/fstab-later`
  writeFileSync(file, `UUID=1 ${ground}/later ext4 noauto 0 2\nsrv:/x ${ground}/later/net nfs defaults 0 0\n`)
  const { line, reasons, findings } = formatFstab(overlay().lower(`${ground}/base`, `${ground}/later/net/a`).at(`${ground}/merged`), { file })
  expect(line).toContain(`,x-systemd.requires-mounts-for=${ground}/later/net,nofail,_netdev 0 0`)
  expect(reasons.map(({ why }) => why.replaceAll(ground, ''))).toContain("'/later' may be absent: its own line says noauto")
  expect(findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning lower-missing'])
})

test('a live mount brought back by its own line', () => {
  const target = `${ground}/merged`
  expect(ovl(['mount', '-l', `${ground}/base`, '-l', `${inner}/low`, '-u', `${disk}/up`, '-o', 'nodev,metacopy=on', target])).toMatchObject({ code: 0 })
  const file = `${ground}/fstab-live`
  expect(ovl(['fstab', '--from', target, '-o', 'x-mine=1', `--write=${file}`])).toMatchObject({ code: 0, stderr: '' })
  const before = envelope(ovl(['inspect', target, '--json'])).data as Record<string, unknown>
  expect(ovl(['umount', target]).code).toBe(0)
  execFileSync('mount', ['--fstab', file, target])
  const after = envelope(ovl(['inspect', target, '--json'])).data as Record<string, unknown>
  // A fresh upper gets a uuid at its first mount, and the table shows that once.
  const { uuid: _, ...options } = before['options'] as Record<string, unknown>
  expect(after['options']).toEqual(options)
  for (const key of ['lower', 'upper', 'work', 'flags', 'source']) expect(after[key], key).toEqual(before[key])
  expect(readFileSync(file, 'utf8')).toMatch(/,metacopy=on,nodev,x-mine=1,x-systemd/)
  execFileSync('umount', [target])
})

test('a tmpfs upper is for the helper', () => {
  const target = `${ground}/merged`
  expect(ovl(['mount', '-l', `${ground}/base`, '--tmpfs', target]).code).toBe(0)
  expect(ovl(['fstab', '--from', target])).toMatchObject({ code: 1, stderr: expect.stringContaining('a tmpfs for the upper layer') as unknown })
  expect(ovl(['umount', target]).code).toBe(0)
})

test('written, shown, removed', () => {
  const file = `${ground}/fstab`
  const words = ['-l', `${ground}/base`, '-l', `${disk}/up`, `${ground}/merged`, `--write=${file}`]
  writeFileSync(file, `# mine\nUUID=1 ${ground}/merged/x ext4`)
  const dry = ovl(['fstab', ...words, '--dry-run'])
  expect(dry.stdout).toContain(`\n+overlay ${ground}/merged overlay `)
  expect([readFileSync(file, 'utf8').split('\n').length, readdirSync(ground).filter((name) => name.includes('backup'))]).toEqual([2, []])
  expect(ovl(['fstab', ...words, '--comment=why not'])).toMatchObject({ code: 0, stdout: `${file}: line 4 added; the file as it was: ${file}.ovl-backup\n` })
  expect(envelope(ovl(['fstab', ...words, '--json']))).toMatchObject({ kind: 'fstab', ok: true, data: { did: 'unchanged', lines: [4], diff: '', file, dryRun: false } })
  expect(readFileSync(file, 'utf8')).toMatch(/^# mine\nUUID=1 \S+ ext4\n# ovl: why not\noverlay \S+ overlay lowerdir=.* 0 0\n$/)
  expect(ovl(['fstab', '--remove', `${ground}/merged`, `--write=${file}`])).toMatchObject({ code: 0, stdout: expect.stringContaining('line 4 removed') as unknown })
  expect(readFileSync(file, 'utf8')).toBe(`# mine\nUUID=1 ${ground}/merged/x ext4\n`)
  expect(ovl(['fstab', '--remove', `${ground}/merged`, `--write=${file}`]).code).toBe(32)
  writeFileSync(file, `UUID=1 ${ground}/merged ext4 defaults 0 2\n`)
  expect(ovl(['fstab', ...words])).toMatchObject({ code: 32, stderr: expect.stringContaining('which would be hidden') as unknown })
})

test('wrong words', () => {
  expect(ovl(['fstab', '--remove', '/m', '-l', '/a'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--remove takes the target') as unknown })
  expect(ovl(['fstab', '--from', '/m', '/n'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--from takes all words') as unknown })
  expect(ovl(['fstab', '--from', ground])).toMatchObject({ code: 32, stderr: expect.stringContaining('is no overlay') as unknown })
  expect(ovl(['unit', '-l', '/a', '-l', '/b', '/m', '--write=/nowhere/at/all'])).toMatchObject({ code: 32, stderr: expect.stringContaining('is no directory') as unknown })
})

test('units are written whole, and only over overlays', () => {
  const words = ['unit', '-l', `${ground}/base`, '-l', `${disk}/up`, `${ground}/merged`, `--write=${ground}/units`, '--automount']
  const { data } = envelope(ovl([...words, '--json'])) as { data: { files: { name: string; text: string }[]; written: { path: string; did: string }[] } }
  expect(data.written.map(({ did }) => did)).toEqual(['added', 'added'])
  for (const { name, text } of data.files) expect(readFileSync(`${ground}/units/${name}`, 'utf8')).toBe(text)
  expect(ovl(words).stdout).toMatch(/says it already\n.*says it already\n/)
  const [mountUnit] = data.written
  writeFileSync(mountUnit?.path ?? '', '[Mount]\nType=ext4\n')
  expect(ovl(words)).toMatchObject({ code: 32, stderr: expect.stringContaining('mounts something else than an overlay') as unknown })
  expect(existsSync(`${ground}/units/x`)).toBe(false)
})
