/** Media that were made to keep a reader busy for ever, or to lead him out of them. Each is read to an end, soon. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { mountLive } from '../../../src/index.ts'
import { readMedium } from '../../../src/host/medium.ts'
import { readMediumFile, readMediumHead } from '../../../src/host/pack-iso.ts'
import { BIN } from '../../support/command.ts'
import { cpio } from '../../support/cpio.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const SECTOR = 2048
const timeout = 30_000
const plan = (source: string): { status: number | null; stdout: string; stderr: string } => spawnSync(process.execPath, [BIN, 'live', 'plan', source], { encoding: 'utf8', timeout, killSignal: 'SIGKILL' })

interface Entry {
  readonly name: string
  readonly at: number
  readonly length: number
  readonly flags?: number
}

function record({ name, at, length, flags = 0 }: Entry): Buffer {
  const bytes = Buffer.alloc(33 + name.length + ((name.length + 1) % 2))
  bytes[0] = bytes.length
  bytes.writeUInt32LE(at, 2)
  bytes.writeUInt32LE(length, 10)
  bytes[25] = flags
  bytes[32] = name.length
  bytes.write(name, 33, 'latin1')
  return bytes
}

/** Records in sectors, none across two. */
function directory(at: number, entries: readonly Entry[]): Buffer {
  const sectors: Buffer[] = []
  let sector: Buffer[] = []
  const flush = (): void => {
    sectors.push(Buffer.concat([Buffer.concat(sector)], SECTOR))
    sector = []
  }
  for (const entry of [{ name: '\0', at, length: SECTOR, flags: 2 }, { name: '\x01', at, length: SECTOR, flags: 2 }, ...entries]) {
    const bytes = record(entry)
    if (sector.reduce((sum, { length }) => sum + length, bytes.length) > SECTOR) flush()
    sector.push(bytes)
  }
  flush()
  return Buffer.concat(sectors)
}

/** An ISO whose directory /casper has these entries. */
function iso(casper: readonly Entry[]): string {
  const path = `${mkdtempSync(`${ground}/t`)}/medium.iso`
  const file = openSync(path, 'w')
  const put = (at: number, bytes: Buffer): number => writeSync(file, bytes, 0, bytes.length, at * SECTOR)
  const inner = directory(19, casper)
  const descriptor = Buffer.alloc(SECTOR)
  descriptor[0] = 1
  descriptor.write('CD001', 1, 'latin1')
  descriptor.writeUInt16LE(SECTOR, 128)
  record({ name: '\0', at: 18, length: SECTOR, flags: 2 }).copy(descriptor, 156)
  put(16, descriptor)
  put(17, Buffer.from('\xffCD001', 'latin1'))
  put(18, directory(18, [{ name: 'CASPER', at: 19, length: inner.length, flags: 2 }]))
  put(19, inner)
  put(19 + inner.length / SECTOR, Buffer.alloc(SECTOR, 0))
  return path
}

const images: readonly Entry[] = ['A.SQUASHFS', 'B.SQUASHFS'].map((name) => ({ name, at: 1, length: SECTOR }))

test('an initrd of 100,000 parts over the same block', () => {
  const parts = Array.from({ length: 100_000 }, (_, at): Entry => ({ name: 'INITRD', at: 1, length: 2 ** 31, flags: at < 99_999 ? 0x80 : 0 }))
  const { status, stderr } = plan(iso([...parts, ...images]))
  expect(status).toBe(32)
  expect(stderr).toMatch(/'\/casper\/initrd' lies in more than 1024 parts/)
}, 40_000)

test('an initrd of 1,000 parts over the same block of zeros, of terabytes', () => {
  const parts = Array.from({ length: 1_000 }, (_, at): Entry => ({ name: 'INITRD', at: 1, length: 2 ** 31, flags: at < 999 ? 0x80 : 0 }))
  expect(plan(iso([...parts, ...images])).status).not.toBe(null)
}, 40_000)

test('100,000 images to be looked at, and 100,000 entries in one directory', () => {
  const many = Array.from({ length: 100_000 }, (_, at): Entry => ({ name: `${at}.SQUASHFS`, at: 1, length: SECTOR }))
  expect(plan(iso(many)).stderr).toContain('100000 images')
}, 40_000)

test('a directory that holds itself', () => {
  expect(plan(iso([{ name: 'SELF', at: 19, length: SECTOR, flags: 2 }, { name: 'UP', at: 18, length: SECTOR, flags: 2 }, ...images])).status).not.toBe(null)
}, 40_000)

/** 16 MiB of zeros, packed. */
const ZEROS = gzipSync(Buffer.alloc(16 * 1024 * 1024))

/** A directory with two images, so that the initrd is looked into. */
function tree(): string {
  const at = mkdtempSync(`${ground}/t`)
  mkdirSync(`${at}/casper`)
  for (const name of ['a', 'b']) writeFileSync(`${at}/casper/${name}.squashfs`, 'hsqs')
  return at
}

test.each<readonly [what: string, lay: (at: string) => void]>([
  ['an initrd that is a FIFO', (at) => execFileSync('mkfifo', [`${at}/casper/initrd`])],
  ['an initrd that is a link to a device that never ends', (at) => symlinkSync('/dev/zero', `${at}/casper/initrd`)],
  ['an initrd of four terabytes of zeros', (at) => execFileSync('truncate', ['-s', '4T', `${at}/casper/initrd`])],
  ['an initrd of archives of nothing', (at) => writeFileSync(`${at}/casper/initrd`, Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.concat([Buffer.from(`070701${'0'.repeat(88)}00000002${'0'.repeat(8)}x\0`, 'latin1')], 112))))],
  ['an initrd that unpacks to gigabytes', (at) => writeFileSync(`${at}/casper/initrd`, Buffer.concat([gzipSync(`070701${'0'.repeat(48)}ffffffff${'0'.repeat(32)}00000002${'0'.repeat(8)}x\0`), ...Array.from({ length: 300 }, () => ZEROS)]))],
  ['a menu that is a FIFO', (at) => (mkdirSync(`${at}/boot`), execFileSync('mkfifo', [`${at}/boot/grub.cfg`]))],
  ['a menu that is a link to a FIFO', (at) => (mkdirSync(`${at}/boot`), execFileSync('mkfifo', [`${at}/pipe`]), symlinkSync('/pipe', `${at}/boot/grub.cfg`))],
  ['an image that is a FIFO', (at) => execFileSync('mkfifo', [`${at}/casper/c.squashfs`])],
  ['directories of great depth', (at) => mkdirSync(`${at}/${'d/'.repeat(900)}`, { recursive: true })],
  ['a loop of links', (at) => symlinkSync('/casper/initrd', `${at}/casper/initrd`)],
])('%s', (_, lay) => {
  const at = tree()
  lay(at)
  expect(plan(at).status).not.toBe(null)
}, 40_000)

test('a link of a medium leads to what lies on the medium, and never out of it', async () => {
  const at = tree()
  const secret = `${mkdtempSync(`${ground}/s`)}/grub.cfg`
  writeFileSync(secret, 'linux /casper/vmlinuz SECRET')
  mkdirSync(`${at}/boot`)
  symlinkSync(secret, `${at}/boot/grub.cfg`)
  symlinkSync(secret, `${at}/md5sum.txt`)
  writeFileSync(`${at}/own.cfg`, 'OWN')
  symlinkSync('/own.cfg', `${at}/boot/loop.cfg`)
  const medium = await readMedium(at)
  expect(JSON.stringify(medium.texts)).not.toContain('SECRET')
  expect(medium.texts).toMatchObject({ '/boot/loop.cfg': 'OWN' })
  expect(medium.files.find(({ path }) => path === '/md5sum.txt')).toMatchObject({ kind: 'symlink' })
  expect(readMediumFile(medium, '/md5sum.txt')).toBeUndefined()
  // It became a link after it was listed.
  const raced = { ...medium, files: [...medium.files.filter(({ path }) => path !== '/md5sum.txt'), { path: '/md5sum.txt', size: 6, kind: 'file' as const }] }
  expect(() => readMediumFile(raced, '/md5sum.txt')).toThrow('ENOENT')
  expect(() => readMediumHead(raced, '/md5sum.txt', 6)).toThrow('ENOENT')
})

test('a signal ends the reading of a large tree', async () => {
  const at = tree()
  writeFileSync(`${at}/casper/initrd`, cpio({ x: 'x' }))
  execFileSync('sh', ['-ec', 'cd "$1"; i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done | xargs touch', 'sh', at])
  const aborting = new AbortController()
  setImmediate(() => aborting.abort())
  await expect(readMedium(at, { signal: aborting.signal })).rejects.toMatchObject({ code: 'interrupted' })
})

test.skipIf(!hasTool('mksquashfs'))('an image that is a link out of the medium is not attached, and one that leads to another of the medium is', async () => {
  const secret = `${mkdtempSync(`${ground}/secret-`)}/host.squashfs`
  const content = mkdtempSync(`${ground}/content-`)
  writeFileSync(`${content}/name`, 'x')
  execFileSync('mksquashfs', [content, secret, '-quiet', '-no-progress'], { stdio: 'ignore' })
  const at = mkdtempSync(`${ground}/m`)
  mkdirSync(`${at}/live`)
  const target = mkdtempSync(`${ground}/t`)
  symlinkSync(secret, `${at}/live/filesystem.squashfs`)
  await expect(mountLive(at, target)).rejects.toMatchObject({ code: 'unsafe-path', message: expect.stringContaining('/live/filesystem.squashfs') as unknown })
  execFileSync('cp', [secret, `${at}/real.img`])
  execFileSync('ln', ['-sf', '/real.img', `${at}/live/filesystem.squashfs`])
  await using live = await mountLive(at, target)
  expect(live.layers.map(({ name }) => name)).toEqual(['filesystem.squashfs'])
  expect(readFileSync(`${target}/name`, 'utf8')).toBe('x')
})
