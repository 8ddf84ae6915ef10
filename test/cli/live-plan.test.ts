/** `ovl live plan` on media that were really built: ISO, unpacked directory, images; and on what is none. Nothing is mounted. */

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cells } from '../../src/cli/output/width.ts'
import { hasTool } from '../root/host/ground.ts'
import { envelope, ovl } from '../support/command.ts'
import type { Ran } from '../support/command.ts'
import { grubMenu, makeIso, writeMedium } from '../support/live-media.ts'

interface Data {
  readonly system: string
  readonly layers: readonly { readonly name: string; readonly path: string; readonly size: number; readonly role: string }[]
  readonly cmdline: string
  readonly mountOptions: readonly string[]
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly title: string }[]
}

const here = mkdtempSync(join(tmpdir(), 'ovl live-plan '))
afterAll(() => rmSync(here, { recursive: true }))
const plan = (...args: string[]): Ran => ovl(['live', 'plan', ...args], { cwd: here })
const data = (...args: string[]): Data => envelope(plan(...args, '--json')).data as Data
const stack = ({ layers }: Data): string => layers.map(({ name }) => name.replace('.squashfs', '')).join(' ')

const CASPER = {
  'boot/grub/grub.cfg': grubMenu('/casper/vmlinuz layerfs-path=minimal.standard.live.squashfs --- quiet splash', '/casper/vmlinuz ---'),
  '.disk/info': 'Ubuntu 24.04.1 LTS "Noble Numbat" - Release amd64 (20240827.1)\n',
  'casper/vmlinuz': '', 'casper/initrd': '', 'casper/minimal.manifest': '',
  ...Object.fromEntries(['minimal', 'minimal.de', 'minimal.standard', 'minimal.standard.live'].map((name) => [`casper/${name}.squashfs`, { who: name }])),
}
const LIVE = {
  'boot/grub/grub.cfg': 'source /boot/grub/config.cfg\nmenuentry "Live system (amd64)" --hotkey=l {\n\tlinux\t/live/vmlinuz boot=live components quiet splash findiso=${iso_path}\n\tinitrd\t/live/initrd.img\n}\n',
  'boot/grub/config.cfg': 'set default=0\n',
  'isolinux/isolinux.cfg': 'include menu.cfg\ndefault vesamenu.c32\nprompt 0\n',
  'isolinux/menu.cfg': 'menu title Boot menu\ninclude live.cfg\n',
  'isolinux/live.cfg': 'label live-amd64\n\tmenu label ^Live system (amd64)\n\tmenu default\n\tlinux /live/vmlinuz\n\tinitrd /live/initrd.img\n\tappend boot=live components quiet splash\n',
  'live/vmlinuz': '', 'live/filesystem.squashfs': { who: 'filesystem' }, 'live/90-more.squashfs': { who: 'more' }, 'live/few.module': 'filesystem.squashfs\n',
}

describe.skipIf(!hasTool('mksquashfs') || !hasTool('xorriso'))('on media', () => {
  beforeAll(() => {
    writeMedium(join(here, 'casper medium'), CASPER)
    makeIso(join(here, 'casper medium'), join(here, "it's casper.iso"))
    writeMedium(join(here, 'debian'), LIVE)
    makeIso(join(here, 'debian'), join(here, 'debian.iso'))
  })

  it.each(["it's casper.iso", 'casper medium'])('casper, with layerfs-path: %s', (source) => {
    const { system, layers, cmdline, mountOptions, findings } = data(source)
    expect({ system, cmdline, mountOptions }).toEqual({ system: 'casper', cmdline: 'layerfs-path=minimal.standard.live.squashfs --- quiet splash', mountOptions: [] })
    expect(layers).toEqual(['live', 'layer', 'base'].map((role, at) => {
      const name = `${['minimal', 'standard', 'live'].slice(0, 3 - at).join('.')}.squashfs`
      return { name, path: `/casper/${name}`, size: statSync(join(here, 'casper medium/casper', name)).size, role, kind: 'file' }
    }))
    expect(findings.map(({ code }) => code)).toEqual(['live-image-ignored'])
  })

  it('casper, without: another boot entry, and everything', () => {
    const { layers, findings } = data("it's casper.iso", '--cmdline', 'quiet ---')
    // C order: `minimal.d` < `minimal.sq` < `minimal.standard.l` < `minimal.standard.s`
    expect(layers.map(({ name }) => name)).toEqual(['minimal.standard.squashfs', 'minimal.standard.live.squashfs', 'minimal.squashfs', 'minimal.de.squashfs'])
    expect(findings.map(({ code }) => code)).toEqual(['live-stacks-everything'])
  })

  it('casper, as single images', () => {
    const images = ['minimal', 'minimal.standard.live', 'minimal.standard'].map((name) => `casper medium/casper/${name}.squashfs`)
    const { system, layers } = data(...images)
    expect(system).toBe('casper')
    expect(layers.map(({ path }) => path)).toEqual(['minimal.standard.live', 'minimal.standard', 'minimal'].map((name) => join(here, `casper medium/casper/${name}.squashfs`)))
  })

  it.each(['debian.iso', 'debian'])('live-boot: %s', (source) => {
    const found = data(source)
    expect(found).toMatchObject({ system: 'live-boot', cmdline: 'boot=live components quiet splash findiso=', mountOptions: ['noatime', 'redirect_dir=on'] })
    expect(stack(found)).toBe('filesystem 90-more')
    expect(stack(data(source, '--cmdline', 'boot=live module=few'))).toBe('filesystem')
    expect(data(source, '--cmdline', 'boot=live persistence').findings.map(({ code }) => code)).toEqual(['live-order-reversed'])
  })

  it('shows it in 80 columns, on a terminal of any kind', () => {
    const { code, stdout, stderr } = plan("it's casper.iso", '-v')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('a casper system, 3 layers')
    expect(stdout).toContain('Ubuntu 24.04.1 LTS')
    expect(stdout).toMatch(/^minimal\.standard\.live\.squashfs +\d+(?:\.\d)? KiB {2}live$/m)
    expect(stdout).toMatch(/^ {2}boot entry {2}Entry 1 \(\/boot\/grub\/grub\.cfg\)$/m)
    expect(stdout.split('\n').filter((line) => cells(line) > 80 && !line.includes('$ ') && !line.startsWith('note['))).toEqual([])
  })

  it('a missing layer is an error, with the rest of the plan', () => {
    const { code } = plan('casper medium', '--cmdline', 'layerfs-path=minimal.x.live.squashfs')
    expect(code).toBe(32)
    expect(data('casper medium', '--cmdline', 'layerfs-path=minimal.x.live.squashfs').findings[0]).toMatchObject({ code: 'live-layer-missing', severity: 'error', title: "'/casper/minimal.x.live.squashfs' and '/casper/minimal.x.squashfs' are missing: casper stops the boot" })
  })

  it('an unfinished download still has its plan, and names what is not whole', () => {
    copyFileSync(join(here, 'debian.iso'), join(here, 'cut.iso'))
    // The images lie behind the directories; the padding at the end is 300 KiB.
    const bytes = readFileSync(join(here, 'cut.iso'))
    truncateSync(join(here, 'cut.iso'), bytes.lastIndexOf('hsqs') + 2048)
    const found = data('cut.iso')
    expect(found.layers).toHaveLength(2)
    expect(found.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['error image-unreadable'])
    expect(plan('cut.iso').code).toBe(32)
  })

  it('an ISO that ends before its directories cannot be read', () => {
    copyFileSync(join(here, 'debian.iso'), join(here, 'short.iso'))
    truncateSync(join(here, 'short.iso'), 38 * 1024)
    const { code, stderr } = plan('short.iso')
    expect(code).toBe(32)
    expect(stderr).toMatch(/^ovl live plan: the ISO image '.*short\.iso' cannot be read/)
  })

  it('a damaged squashfs is named', () => {
    writeMedium(join(here, 'damaged'), { ...LIVE, 'live/90-more.squashfs': 'no squashfs' })
    expect(data('damaged').findings).toMatchObject([{ code: 'image-unreadable', title: "'/live/90-more.squashfs' holds no file system that is known" }])
  })

  it('leaves the medium alone', () => {
    const before = readdirSync(join(here, 'debian'), { recursive: true })
    plan('debian')
    expect(readdirSync(join(here, 'debian'), { recursive: true })).toEqual(before)
  })

  it('an ISO without a live system is told, with what it has', () => {
    writeMedium(join(here, 'data'), { 'photos/1.jpg': '', 'READ ME': '' })
    makeIso(join(here, 'data'), join(here, 'data.iso'))
    const { code, stderr, stdout } = plan('data.iso')
    expect({ code, stdout }).toEqual({ code: 32, stdout: '' })
    expect(stderr).toContain('error[live-not-found]')
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('READ ME, photos/')
  })
})

describe('on what is no medium', () => {
  beforeAll(() => {
    mkdirSync(join(here, 'empty'))
    writeFileSync(join(here, 'text.iso'), 'no image\n'.repeat(10_000))
    writeFileSync(join(here, 'nothing.iso'), '')
  })

  it.each<[args: string[], exit: number, code: string, says: RegExp]>([
    [[], 1, 'usage', /SOURCE is missing/],
    [['gone.iso'], 32, 'live-not-found', /'.*gone\.iso' is not there/],
    [['empty'], 32, 'live-not-found', /there is no live system on '.*empty'/],
    [['text.iso'], 32, 'image-unreadable', /'.*text\.iso' is neither an ISO nor another image of a known file system/],
    [['nothing.iso'], 32, 'image-unreadable', /'.*nothing\.iso' is empty/],
    [['/dev/null'], 32, 'image-unreadable', /'\/dev\/null' is a character device/],
    [['empty', 'empty'], 1, 'usage', /'.*empty' is a directory/],
  ])('%j', (args, exit, code, says) => {
    const ran = plan(...args)
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: exit, stdout: '' })
    expect(ran.stderr).toMatch(says)
    expect(ran.stderr).toMatch(/^ovl live plan: /)
    expect(envelope(plan(...args, '--json'))).toMatchObject({ ok: false, error: { code } })
  })
})
