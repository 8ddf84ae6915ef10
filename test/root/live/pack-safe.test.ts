/** A pack that is killed, interrupted or runs out of room leaves the old file as it was; what a kill left is gone after the next run. */

import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { mountLive, packLive } from '../../../src/index.ts'
import { BIN } from '../../support/command.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const skip = ![...MEDIA_TOOLS, 'xorriso'].every(hasTool)
const target = `${ground}/m`
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const iso = skip ? '' : makeMedium(ground, { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'], files: { 'boot/grub/grub.cfg': 'menuentry x {\n linux /live/vmlinuz boot=live\n}\n' } }).iso

afterAll(() => expectNothingLeft(ground))

/** Programs that stop at the moment that `OVL_TEST_STOP` names, and say so. */
function stoppingPrograms(): string {
  const bin = mkdtempSync(`${ground}/bin-`)
  for (const name of ['mksquashfs', 'xorriso']) {
    const real = sh('command -v "$1"', name).trim()
    writeFileSync(`${bin}/${name}`, `#!/bin/sh\ncase "$1" in -version) exec ${real} "$@" ;; esac\nif [ "$OVL_TEST_STOP" = "before ${name}" ]; then : > "$OVL_TEST_MARK"; exec sleep 60; fi\n${real} "$@" || exit\nif [ "$OVL_TEST_STOP" = "after ${name}" ]; then : > "$OVL_TEST_MARK"; exec sleep 60; fi\n`)
    chmodSync(`${bin}/${name}`, 0o755)
  }
  return bin
}

/** Processes whose words name the path. */
function workersOn(path: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(path)
    } catch {
      return false
    }
  })
}

describe.skipIf(skip)('the old file stays', () => {
  test.each(['before mksquashfs', 'before xorriso', 'after xorriso'])('%s', async (moment) => {
    const place = mkdtempSync(`${ground}/out `)
    const out = `${place}/m.iso`
    const PATH = `${stoppingPrograms()}:${process.env['PATH'] ?? ''}`
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      writeFileSync(out, 'the old file')
      const mark = `${place}/mark`
      const child = spawn(process.execPath, [BIN, 'live', 'pack', target, out], { env: { ...process.env, PATH, OVL_TEST_STOP: moment, OVL_TEST_MARK: mark }, stdio: 'ignore' })
      const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
      while (!existsSync(mark) && child.exitCode === null) await sleep(10)
      child.kill(signal)
      expect([await ended, child.signalCode]).toEqual(signal === 'SIGINT' ? [8, null] : [null, 'SIGKILL'])
      rmSync(mark)
      expect(readFileSync(out, 'utf8')).toBe('the old file')
      for (let left = 2000; left > 0 && workersOn(`/proc/${child.pid}/fd/`).length > 0; left--) await sleep(10)
      expect(workersOn(`/proc/${child.pid}/fd/`), 'no program goes on by itself').toEqual([])
      if (signal === 'SIGINT') expect(readdirSync(place)).toEqual(['m.iso'])
      else expect(readdirSync(place).filter((name) => /^\.\d+\.\w+\.ovl-new$/.test(name))).not.toEqual([])
      // Of somebody else, who has a similar name or is at work.
      const others = [`.${process.pid}0x.ovl-new`, '.1.a.ovl-new', '.99999999.a.ovl-new', 'm.iso.99999999.ovl-new']
      for (const name of others) writeFileSync(`${place}/${name}`, '')
      await packLive(target, out)
      expect(readdirSync(place).sort()).toEqual(['m.iso', ...others].sort())
      for (const name of others) rmSync(`${place}/${name}`)
    }
  })

  test('on a full disk', async () => {
    const small = `${ground}/small`
    mkdirSync(small)
    sh('mount -t tmpfs -o size=1m tmpfs "$1"', small)
    try {
      await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
      writeFileSync(`${target}/large`, randomBytes(3 * 1024 * 1024))
      for (const name of ['m.iso', 'm.squashfs', 'm.tar', 'm.tar.gz']) {
        writeFileSync(`${small}/${name}`, 'the old file')
        await expect(packLive(target, `${small}/${name}`), name).rejects.toMatchObject({ code: 'no-space', findings: [expect.objectContaining({ code: 'no-space' })] })
        expect([readFileSync(`${small}/${name}`, 'utf8'), readdirSync(small)]).toEqual(['the old file', [name]])
        rmSync(`${small}/${name}`)
      }
      // The image has room, the medium has not.
      rmSync(`${target}/large`)
      writeFileSync(`${target}/large`, randomBytes(600 * 1024))
      writeFileSync(`${small}/m.iso`, 'the old file')
      await expect(packLive(target, `${small}/m.iso`)).rejects.toMatchObject({ code: 'no-space' })
      expect([readFileSync(`${small}/m.iso`, 'utf8'), readdirSync(small)]).toEqual(['the old file', ['m.iso']])
      expect((await packLive(target, `${small}/m.squashfs`)).bytes).toBeGreaterThan(600 * 1024)
    } finally {
      sh('umount "$1"; rmdir "$1"', small)
    }
  })
})
