/**
 * Lines against those who read them at boot, for random stacks of hostile names: what readers.ts says of
 * mount(8) and of systemd's generator is what they do, so a line that is given leads to exactly these
 * directories, and a line that is refused does not. Every name is written without asking first.
 *
 * OVL_MOUNT and OVL_FSTAB_GENERATOR name other versions of the two programs.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OvlError } from '../../../src/errors/ovl-error.ts'
import { entriesOf, parseFstab } from '../../../src/fstab/file.ts'
import type { FstabEntry } from '../../../src/fstab/file.ts'
import { formatLine } from '../../../src/fstab/line.ts'
import { mangle, mountOptionsText, refuseOther } from '../../../src/fstab/options-field.ts'
import { readAsLibmount, readAsSystemd, readCall, readUnitMount } from '../../../src/fstab/readers.ts'
import type { MountCall, Reading } from '../../../src/fstab/readers.ts'
import { formatUnit } from '../../../src/fstab/unit.ts'
import { unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { decodeName, encodeName } from '../../../src/names/bytes.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { seed } from '../../support/seed.ts'
import { makeGround } from '../host/ground.ts'
import { build, isAsSaid, stacks } from '../fstab/scene.ts'

const MOUNT = process.env['OVL_MOUNT'] ?? 'mount'
const GENERATOR = process.env['OVL_FSTAB_GENERATOR'] ?? '/lib/systemd/system-generators/systemd-fstab-generator'
const VERSION = Number(/2\.(\d+)/.exec(spawnSync(MOUNT, ['--version'], { encoding: 'utf8' }).stdout)?.[1]) < 39 ? '2.38' : '2.39'
const ground = makeGround()
const fstab = `${ground}/fstab`

/** Node gives arguments as UTF-8 only; a shell reads any bytes from its script. */
function mountCommand(words: readonly string[]): void {
  const script = Buffer.concat(words.flatMap((word) => [Buffer.from("'"), encodeName(word.replaceAll("'", String.raw`'\''`)), Buffer.from("' ")]))
  spawnSync('sh', [], { input: Buffer.concat([Buffer.from('exec '), script]) })
}

function isMountedAsSaid(spec: OverlaySpec & { readonly target: string }, at: number, words: readonly string[]): boolean {
  if (spec.work !== undefined) rmSync(encodeName(`${spec.work}/work`), { recursive: true, force: true })
  mountCommand([MOUNT, ...words])
  const fine = isAsSaid(spec, at)
  try {
    unmount(spec.target)
  } catch {
    // Never mounted.
  }
  return fine
}

function agrees(spec: OverlaySpec, reading: Reading<OverlaySpec>): boolean {
  try {
    refuseOther(spec, reading, 'reader')
    return true
  } catch (error) {
    if (error instanceof OvlError) return false
    throw error
  }
}

interface Case {
  readonly spec: OverlaySpec & { readonly target: string }
  readonly entry: FstabEntry
  readonly given: boolean
}

const count = 1000 * Number(process.env['OVL_RUNS'] ?? 1)
const cases: Case[] = fc.sample(stacks(), { numRuns: count, seed }).map((stack, at) => {
  const spec = build(stack, ground, at)
  const raw = `overlay ${mangle(spec.target)} overlay ${mangle(mountOptionsText(spec, []))} 0 0`
  const given = isGiven(spec)
  return { spec, given, entry: entriesOf(parseFstab(raw))[0] as FstabEntry }
})

function isGiven(spec: OverlaySpec): boolean {
  try {
    formatLine(spec)
    return true
  } catch (error) {
    if (error instanceof OvlError && error.code === 'way-cannot-say') return false
    throw error
  }
}

test('there is enough of both', () => {
  expect(cases.filter(({ given }) => given).length).toBeGreaterThan(count / 10)
  expect(cases.filter(({ given }) => !given).length).toBeGreaterThan(count / 10)
})

test('mount --fstab FILE TARGET', () => {
  const wrong: unknown[] = []
  cases.forEach(({ spec, entry, given }, at) => {
    writeFileSync(fstab, encodeName(`${entry.raw}\n`))
    const foretold = agrees(spec, readAsLibmount(entry, VERSION))
    const seen = isMountedAsSaid(spec, at, ['--fstab', fstab, spec.target])
    if (foretold !== seen || (given && !seen)) wrong.push({ at, raw: entry.raw, given, foretold, seen })
  })
  expect(wrong).toEqual([])
}, 300_000)

/** The keys of a [Mount] section, as systemd reads lines. */
function readUnit(file: string): { what: string; where: string; unit: string } {
  const value = (key: string): string => {
    const line = readFileSync(file).toString('latin1').split(/[\n\r]/).find((text) => text.startsWith(`${key}=`)) ?? ''
    return decodeName(Buffer.from(line.slice(key.length + 1), 'latin1')).replace(/^[ \t]+|[ \t]+$/g, '').replaceAll('%%', '%')
  }
  return { what: value('What'), where: value('Where'), unit: value('Options') }
}

test.skipIf(!existsSync(GENERATOR))('systemd-fstab-generator, and mount(8) as the unit calls it', () => {
  writeFileSync(fstab, encodeName(cases.map(({ entry }) => `${entry.raw}\n`).join('')))
  const out = ['normal', 'early', 'late'].map((name) => `${ground}/${name}`)
  for (const directory of out) mkdirSync(directory)
  spawnSync(GENERATOR, out, { env: { SYSTEMD_FSTAB: fstab, SYSTEMD_LOG_LEVEL: 'crit' } })
  const units = new Map(readdirSync(out[0] as string).map((name) => [/-t(\d+)x-.*\.mount$/s.exec(name)?.[1], `${out[0] as string}/${name}`]))
  const wrong: unknown[] = []
  cases.forEach(({ spec, entry, given }, at) => {
    const reading = readAsSystemd(entry)
    const file = units.get(String(at))
    const unit = file === undefined ? undefined : readUnit(file)
    if (reading.ok) {
      const { options: _, ...foretold } = reading.value
      if (JSON.stringify(unit) !== JSON.stringify(foretold)) wrong.push({ at, raw: entry.raw, foretold, unit })
    }
    const call: Reading<MountCall> = unit === undefined ? { ok: false, why: 'no unit' } : readUnitMount(unit)
    const foretold = reading.ok && agrees(spec, readCall(reading.value, VERSION))
    // The same words were mounted above: each fifth is enough. Of the others, every one.
    const known = call.ok && call.value.options === entry.options && at % 5 > 0
    const seen = known ? foretold : call.ok && isMountedAsSaid(spec, at, [call.value.what, call.value.where, '-t', 'overlay', '-o', call.value.options])
    if (foretold !== seen || (given && !seen)) wrong.push({ at, raw: entry.raw, given, foretold, seen, unit })
  })
  expect(wrong).toEqual([])
}, 300_000)

test('findmnt --verify has no complaint about what is given', () => {
  writeFileSync(fstab, encodeName(cases.filter(({ given }) => given).map(({ entry }) => `${entry.raw}\n`).join('')))
  expect(spawnSync('findmnt', ['--verify', '--tab-file', fstab], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: expect.stringContaining('Success, no errors or warnings detected') as unknown })
}, 60_000)

test('units: the call that systemd makes of one leads to the same directories', () => {
  const wrong: unknown[] = []
  let given = 0
  cases.slice(0, 300).forEach(({ spec }, at) => {
    let text: string
    try {
      text = formatUnit(spec).files[0]?.text ?? ''
    } catch (error) {
      if (error instanceof OvlError) return
      throw error
    }
    given++
    writeFileSync(`${ground}/unit`, encodeName(text))
    const call = readUnitMount(readUnit(`${ground}/unit`))
    if (!call.ok || !isMountedAsSaid(spec, at, [call.value.what, call.value.where, '-t', 'overlay', '-o', call.value.options])) wrong.push({ at, text, call })
  })
  expect(wrong).toEqual([])
  expect(given).toBeGreaterThan(30)
}, 120_000)
