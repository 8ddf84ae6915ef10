/** `ovl live pack` into a directory of somebody else, who is at work there: it may cost him his own files, and never one outside. */

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { mountLive, packLive, readMedium } from '../../../src/index.ts'
import { BIN } from '../../support/command.ts'
import { AS_NOBODY } from '../../support/nobody.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const skip = ![...MEDIA_TOOLS, 'xorriso', 'perl', 'setpriv', 'unsquashfs'].every(hasTool)
const target = `${ground}/m`
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const recipe = { shelf: 'live', images: ['01-base.squashfs', '02-top.squashfs'], files: { 'boot/grub/grub.cfg': 'menuentry x {\n linux /live/vmlinuz boot=live\n}\n', 'live/filesystem.manifest': 'old 1\n' } }
const iso = skip ? '' : makeMedium(ground, recipe).iso
if (!skip) chmodSync(ground, 0o755)

afterEach(() => expectNothingLeft(ground))
afterAll(() => rmSync(target, { recursive: true, force: true }))

/** A directory that user 65534 owns. */
function theirs(): string {
  const place = mkdtempSync(`${ground}/theirs `)
  sh('chown 65534:65534 "$1"; chmod 755 "$1"', place)
  return place
}

/** A directory of root with a file in it, and what must be there still. */
function victim(): { readonly directory: string; readonly file: string; readonly expectUntouched: () => void } {
  const directory = mkdtempSync(`${ground}/victim-`)
  const file = `${directory}/file`
  writeFileSync(file, 'of root', { mode: 0o600 })
  return { directory, file, expectUntouched: () => expect([readdirSync(directory), readFileSync(file, 'utf8'), statSync(file).uid, statSync(file).mode & 0o7777]).toEqual([['file'], 'of root', 0, 0o600]) }
}

/** A mksquashfs that waits for a file before it begins. */
function waitingProgram(): string {
  const bin = mkdtempSync(`${ground}/bin-`)
  const real = sh('command -v mksquashfs').trim()
  writeFileSync(`${bin}/mksquashfs`, `#!/bin/sh\ncase "$1" in -version|-help*) exec ${real} "$@" ;; esac\n: > "$OVL_TEST_MARK"\nuntil [ -e "$OVL_TEST_MARK.go" ]; do sleep 0.01; done\nexec ${real} "$@"\n`)
  chmodSync(`${bin}/mksquashfs`, 0o755)
  return `${bin}:${process.env['PATH'] ?? ''}`
}

/** Packs, and calls `act` with the process id while mksquashfs has not begun. The exit code. */
async function whilePacking(words: readonly string[], act: (pid: number) => void): Promise<number | null> {
  const mark = `${mkdtempSync(`${ground}/mark-`)}/mark`
  const child = spawn(process.execPath, [BIN, 'live', 'pack', target, ...words], { env: { ...process.env, PATH: waitingProgram(), OVL_TEST_MARK: mark }, stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  while (!existsSync(mark) && child.exitCode === null) await sleep(10)
  act(child.pid as number)
  writeFileSync(`${mark}.go`, '')
  return ended
}

describe.skipIf(skip)('the place of the output is of somebody else', () => {
  test('a link beside it, named like the parts of a dead run, leads to no deletion', async () => {
    const place = theirs()
    const { directory, expectUntouched } = victim()
    for (const name of ['m.squashfs.99999999.ovl-new.d', '.99999999.abc.ovl-new']) symlinkSync(directory, `${place}/${name}`)
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    await packLive(target, `${place}/m.squashfs`)
    expectUntouched()
  })

  test('a directory of root that was given the name of remains keeps what is in it', async () => {
    const place = theirs()
    const kept = `${place}/.99999999.abc.ovl-new`
    mkdirSync(kept, { mode: 0o700 })
    writeFileSync(`${kept}/letters`, 'of root')
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    await packLive(target, `${place}/m.squashfs`)
    expect(readFileSync(`${kept}/letters`, 'utf8')).toBe('of root')
  })

  test.each(['m.squashfs', 'm.iso'])('whatever is put in place of what is being made of %s, nothing else is written', async (name) => {
    const place = theirs()
    const { directory, file, expectUntouched } = victim()
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    const code = await whilePacking([`${place}/${name}`], (pid) => {
      for (const entry of readdirSync(place).filter((one) => one.includes('ovl-new'))) {
        renameSync(`${place}/${entry}`, `${place}/away`)
        symlinkSync(directory, `${place}/${entry}`)
      }
      symlinkSync(file, `${place}/${name}.${pid}.ovl-new`)
      symlinkSync(file, `${directory}.planted`)
    })
    rmSync(`${directory}.planted`)
    expectUntouched()
    // What ovl had in its hands it brings to its end.
    expect([code, readFileSync(`${place}/${name}`).length > 1000]).toEqual([0, true])
  })

  test('a link in place of the whole directory', async () => {
    const place = theirs()
    const { directory, expectUntouched } = victim()
    mkdirSync(`${place}/out`)
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    expect(await whilePacking([`${place}/out/m.squashfs`], () => {
      renameSync(`${place}/out`, `${place}/away`)
      symlinkSync(directory, `${place}/out`)
    })).toBe(0)
    expectUntouched()
    expect(readdirSync(`${place}/away`)).toEqual(['m.squashfs'])
  })

  test('a process that puts links in place of all it sees, again and again', async () => {
    const place = theirs()
    const { directory, expectUntouched } = victim()
    const attack = 'chdir $ARGV[0]; my $n = 0; $| = 1; print "on\\n"; while (1) { opendir(my $d, "."); for (readdir $d) { next unless /ovl-new/; $n++; rename $_, "away$n" and symlink $ARGV[1], $_ } closedir $d }'
    const child = spawn('setpriv', [...AS_NOBODY.slice(1), 'perl', '-e', attack, place, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve))
      await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
      for (let round = 0; round < 12; round++) await packLive(target, `${place}/m${round % 2}.${round % 3 === 2 ? 'tar' : 'squashfs'}`).catch(() => undefined)
    } finally {
      child.kill('SIGKILL')
    }
    expectUntouched()
  })
})

describe.skipIf(skip)('the tree and the disk are of somebody else', () => {
  test('links of the tree are taken as the tree has them: the package list of this machine is not put into the medium', async () => {
    const place = theirs()
    // Nobody's status file must be there for it: the link leads to one of the ground.
    const host = `${place}/host`
    sh('mkdir -p "$1/lib/dpkg"; printf "Package: of-the-host\\nStatus: install ok installed\\nVersion: 1\\n" > "$1/lib/dpkg/status"', host)
    await using _live = await mountLive(iso, target, { mkdir: true, size: '16m' })
    symlinkSync(host, `${target}/var`)
    await packLive(target, `${place}/m.iso`)
    const { files } = await readMedium(`${place}/m.iso`)
    expect(files.map(({ path }) => path)).toContain('/live/filesystem.manifest')
    expect(sh('xorriso -osirrox on -indev "$1" -extract /live/filesystem.manifest "$2" 2>/dev/null; cat "$2"', `${place}/m.iso`, `${place}/manifest`)).toBe('old 1\n')
    rmSync(`${target}/var`)
    // A link within the tree is followed, also an absolute one.
    sh('mkdir -p "$1/elsewhere/lib/dpkg"; printf "Package: mine\\nStatus: install ok installed\\nVersion: 2\\n" > "$1/elsewhere/lib/dpkg/status"; ln -s /elsewhere "$1/var"', target)
    await packLive(target, `${place}/m.iso`)
    expect(sh('rm "$2"; xorriso -osirrox on -indev "$1" -extract /live/filesystem.manifest "$2" 2>/dev/null; cat "$2"', `${place}/m.iso`, `${place}/manifest`)).toBe('mine 2\n')
  })

  test('a link in place of the upper: its layer holds nothing of this machine', async () => {
    const place = theirs()
    const { directory } = victim()
    writeFileSync(`${place}/persistence.conf`, '/ union\n')
    const live = await mountLive(iso, target, { mkdir: true, persist: place })
    try {
      writeFileSync(`${target}/mine`, '')
      renameSync(`${place}/rw`, `${place}/away`)
      symlinkSync(directory, `${place}/rw`)
      const code = await whilePacking([`${ground}/layer.squashfs`, '--layer'], () => undefined)
      expect([code, existsSync(`${ground}/layer.squashfs`)]).not.toEqual([0, true])
      // Swapped after the look.
      rmSync(`${place}/rw`)
      renameSync(`${place}/away`, `${place}/rw`)
      await whilePacking([`${ground}/layer.squashfs`, '--layer'], () => {
        renameSync(`${place}/rw`, `${place}/away`)
        symlinkSync(directory, `${place}/rw`)
      })
      expect(sh('unsquashfs -lc "$1"', `${ground}/layer.squashfs`)).toContain('/mine')
      expect(sh('unsquashfs -lc "$1"', `${ground}/layer.squashfs`)).not.toContain('/file')
    } finally {
      sh('rm -f "$1/rw"; mv "$1/away" "$1/rw"', place)
      await live.unmount()
    }
  })
})
