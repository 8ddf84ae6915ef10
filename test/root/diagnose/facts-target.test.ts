/** `ovl diagnose --facts FILE` where FILE is no plain file: a device stays the device, a link the link, and nothing waits for ever. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BIN, ovl } from '../../support/command.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
for (const name of ['lower', 'm']) mkdirSync(`${ground}/${name}`)
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const diagnose = (facts: string): readonly string[] => ['diagnose', '--no-trial', '--facts', facts, '-l', `${ground}/lower`, '-l', `${ground}/none`, `${ground}/m`]
const place = (): string => mkdtempSync(`${ground}/at `)
const isFacts = (text: string): boolean => (JSON.parse(text) as { version?: number }).version === 1

test('a device is written to, and stays one', () => {
  const device = `${place()}/null`
  sh('mknod "$1" c 1 3', device)
  expect(ovl(diagnose(device)).code).toBe(1)
  expect(lstatSync(device).isCharacterDevice()).toBe(true)
  const disk = `${place()}/disk`
  sh('mknod "$1" b 7 99', disk)
  expect(ovl(diagnose(disk))).toMatchObject({ code: 2, stderr: expect.stringContaining(`'${disk}' is a block device`) })
  expect(lstatSync(disk).isBlockDevice()).toBe(true)
})

test('a FIFO is written to while somebody reads, and refused at once while nobody does', () => {
  const fifo = `${place()}/fifo`
  sh('mkfifo "$1"', fifo)
  expect(spawnSync(process.execPath, [BIN, ...diagnose(fifo)], { encoding: 'utf8', timeout: 30_000 })).toMatchObject({ status: 2, stderr: expect.stringContaining(`'${fifo}' is a FIFO that nobody reads`) })
  expect(lstatSync(fifo).isFIFO()).toBe(true)
  // Of a slow reader it takes as much at a time as the FIFO holds, and these are more.
  const many = Array.from({ length: 400 }, (_, at) => ['-l', `${ground}/none-${at}`]).flat()
  const read = sh('fifo=$1; shift; exec 3<>"$fifo"; { head -c 1; sleep 0.5; cat; } <"$fifo" 3>&- & timeout 60 "$@" >/dev/null 2>&1 3>&- || :; exec 3>&-; wait', fifo, process.execPath, BIN, ...diagnose(fifo).slice(0, -1), ...many, `${ground}/m`)
  expect([isFacts(read), read.length > 65_536]).toEqual([true, true])
})

test('a symlink stays one, and the file that it leads to is replaced; one that leads nowhere is refused', () => {
  const at = place()
  writeFileSync(`${at}/true`, 'old')
  symlinkSync('true', `${at}/link`)
  expect(ovl(diagnose(`${at}/link`)).code).toBe(1)
  expect([readlinkSync(`${at}/link`), isFacts(readFileSync(`${at}/true`, 'utf8')), lstatSync(`${at}/true`).mode & 0o777]).toEqual(['true', true, 0o600])
  symlinkSync('none', `${at}/dangling`)
  expect(ovl(diagnose(`${at}/dangling`))).toMatchObject({ code: 2, stderr: expect.stringContaining(`'${at}/dangling' is a symlink to 'none', which does not exist`) })
  expect([readlinkSync(`${at}/dangling`), existsSync(`${at}/none`), readdirSync(at).sort()]).toEqual(['none', false, ['dangling', 'link', 'true']])
})

test('a descriptor gets them, be it of a file or of a pipe', () => {
  const at = place()
  const shell = (script: string): string => sh(`${script}`, at, process.execPath, BIN, ...diagnose('/dev/fd/3'))
  expect(isFacts(shell('cd "$1"; shift; "$@" 3>file >/dev/null 2>&1 || :; cat file'))).toBe(true)
  expect(isFacts(shell('cd "$1"; shift; { "$@" 3>&1 >/dev/null 2>&1 || :; } | cat'))).toBe(true)
  expect(readdirSync(at)).toEqual(['file'])
})

test('a directory that is not there is said by name', () => {
  const at = place()
  expect(ovl(diagnose(`${at}/none/facts.json`))).toMatchObject({ code: 2, stderr: expect.stringContaining(`there is no directory '${at}/none'`) })
})
