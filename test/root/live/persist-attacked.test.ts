/** Changes kept in a directory of somebody else, who renames and links what is there while ovl mounts: the worst he gets is a mount that is refused. */

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { isOvlError, mountLive } from '../../../src/index.ts'
import type { LiveMountOptions } from '../../../src/index.ts'
import { execute } from '../../../src/host/execute.ts'
import type { Step } from '../../../src/plan/step.ts'
import { AS_NOBODY } from '../../support/nobody.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { MEDIA_TOOLS, makeMedium } from './media.ts'

const ground = makeGround()
const target = `${ground}/m`
const skip = ![...MEDIA_TOOLS, 'mkfs.ext4', 'perl', 'setpriv'].every(hasTool)
const casper = skip ? '' : makeMedium(ground, { shelf: 'casper', images: ['filesystem.squashfs'] }).iso
const debian = skip ? '' : makeMedium(ground, { shelf: 'live', images: ['01-base.squashfs'] }).iso
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
if (!skip) chmodSync(ground, 0o755)

afterEach(() => expectNothingLeft(ground))

function theirs(conf?: string): string {
  const place = mkdtempSync(`${ground}/theirs `)
  if (conf !== undefined) writeFileSync(`${place}/persistence.conf`, conf)
  sh('chown -R 65534:65534 "$1"; chmod 755 "$1"', place)
  return place
}

/** A directory of root, and what must be so still. */
function victim(): { readonly directory: string; readonly expectUntouched: () => void } {
  const directory = mkdtempSync(`${ground}/victim-`)
  writeFileSync(`${directory}/secret`, 'of root', { mode: 0o600 })
  const seen = (): unknown => [readdirSync(directory), ...[directory, `${directory}/secret`].map((path) => [statSync(path).uid, statSync(path).mode & 0o7777])]
  const before = seen()
  return { directory, expectUntouched: () => expect(seen()).toEqual(before) }
}

/** While lines of Perl run as user 65534 in `place`, again and again; `$to` is `to`. */
async function whileAttacked(place: string, to: string, loop: string, act: () => Promise<void>): Promise<void> {
  const child = spawn('setpriv', [...AS_NOBODY.slice(1), 'perl', '-e', `my ($place, $to) = @ARGV; chdir $place or die; my $n = 0; $| = 1; print "on"; while (1) { ${loop} }`, place, to], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await act()
  } finally {
    const ended = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}

/** Two names change what they lead to, at once: renameat2(2) with RENAME_EXCHANGE. */
const exchange = (a: string, b: string): string => `my ($x, $y) = ("${a}", "${b}"); syscall(${process.arch === 'x64' ? 316 : 276}, -100, $x, -100, $y, 2)`

/** One mount; `use` sees it if it comes up. The code of the error, if not. */
async function round(iso: string, options: LiveMountOptions, use: () => void = () => undefined): Promise<string | undefined> {
  try {
    await using _live = await mountLive(iso, target, { mkdir: true, ...options })
    use()
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    return error.code
  }
}

describe.skipIf(skip)('somebody else is at work in the directory', () => {
  test('owner and mode of a new directory go to nothing that is put in its place', async () => {
    const place = theirs('/dir union,source=keep\n')
    const { directory, expectUntouched } = victim()
    await whileAttacked(place, `${directory}/secret`, 'if (rename "keep", "away$n") { symlink $to, "keep"; $n++; select undef, undef, undef, 0.005; unlink "keep" }', async () => {
      for (let left = 25; left > 0; left--) await round(debian, { persist: place })
    })
    expectUntouched()
  })

  test('what becomes a link is not the upper', async () => {
    const place = theirs()
    const { directory, expectUntouched } = victim()
    const codes: unknown[] = []
    await whileAttacked(place, directory, 'if (rename "upper", "away$n") { symlink $to, "upper"; $n++; select undef, undef, undef, 0.3; unlink "upper" }', async () => {
      for (let left = 8; left > 0; left--) {
        codes.push(await round(casper, { persist: place }, () => {
          expect(existsSync(`${target}/secret`)).toBe(false)
          writeFileSync(`${target}/mine`, '')
        }))
        sh('rm -rf "$1/work" "$1"/away*', place)
      }
    })
    expectUntouched()
    expect(codes.filter((code) => code !== undefined && code !== 'unsafe-path' && code !== 'persistence-unusable')).toEqual([])
  })

  test('what is copied to it goes nowhere else', async () => {
    const place = theirs('/home bind\n')
    const { directory, expectUntouched } = victim()
    await whileAttacked(place, directory, 'opendir my $d, "."; for (readdir $d) { next unless /ovl-new/; if (rename $_, "away$n") { symlink $to, $_; $n++ } } closedir $d', async () => {
      for (let left = 10; left > 0; left--) {
        await round(debian, { persist: place })
        sh('cd "$1"; rm -rf home away* .*ovl-new *ovl-new 2>/dev/null || :', place)
      }
    })
    expectUntouched()
  })

  test('what becomes a link is not shown in the tree', async () => {
    const place = theirs()
    const { directory, expectUntouched } = victim()
    const tree = `${ground}/tree`
    sh('mkdir -p "$1/home" "$3/home"; ln -s "$2" "$1/link"', place, directory, tree)
    const [from, at] = [`${place}/home`, `${tree}/home`]
    // The steps of a bind alone, so that there are many rounds: it is there, and so nothing is copied.
    const steps: Step[] = [{ do: 'hold-dir', path: place }, { do: 'copy-tree', from: at, tree, to: from, within: place }, { do: 'bind', from, at, below: [tree, place] }]
    const ends = { shown: 0, refused: 0, mounted: 0 }
    await whileAttacked(place, directory, exchange('home', 'link'), async () => {
      for (let left = 3000; left > 0 && ends.shown === 0; left--) {
        try {
          const { undo } = await execute({ steps })
          ends.mounted++
          ends.shown += existsSync(`${at}/secret`) ? 1 : 0
          expect(await undo()).toEqual([])
        } catch (error) {
          if (!isOvlError(error)) throw error
          expect(['unsafe-path', 'persistence-unusable']).toContain(error.errno === 'ENOTDIR' ? 'unsafe-path' : error.code)
          ends.refused++
        }
      }
    })
    expect(ends.shown).toBe(0)
    expect(Math.min(ends.mounted, ends.refused)).toBeGreaterThan(0)
    expectUntouched()
  })

  test('an image that was just made is not another one when it is mounted', async () => {
    const place = theirs()
    const { directory } = victim()
    const other = `${directory}/other.img`
    sh('truncate -s 8M "$1"; mkdir "$2"; mkdir "$2/upper"; : > "$2/upper/of-root"; mkfs.ext4 -q -d "$2" "$1"; sha256sum "$1" > "$1.sum"', other, `${directory}/root`)
    let seen = 0
    const codes: unknown[] = []
    await whileAttacked(place, other, 'if (rename "disk.img", "away$n") { symlink $to, "disk.img"; $n++; select undef, undef, undef, 0.3; unlink "disk.img" }', async () => {
      for (let left = 6; left > 0; left--) codes.push(await round(casper, { persist: `${place}/disk.img`, size: '16m' }, () => (seen += existsSync(`${target}/of-root`) ? 1 : 0)))
    })
    expect([seen, sh('sha256sum -c "$1.sum"', other).trim()]).toEqual([0, `${other}: OK`])
    expect(codes.filter((code) => code !== undefined && code !== 'unsafe-path' && code !== 'usage' && code !== 'upper-in-use')).toEqual([])
  })

  test('the directory itself: a link that came in its place after the look is not followed', async () => {
    const place = theirs()
    mkdirSync(`${place}/kept`)
    const { directory, expectUntouched } = victim()
    symlinkSync(directory, `${place}/link`)
    sh('chown 65534:65534 "$1/kept"', place)
    let seen = 0
    // A link that is there from the beginning is what was said: it leads to where something lies that is no disk of ovl.
    await whileAttacked(place, directory, exchange('kept', 'link'), async () => {
      for (let left = 30; left > 0; left--) await round(casper, { persist: `${place}/kept` }, () => (seen += existsSync(`${target}/secret`) ? 1 : 0))
    })
    expect(seen).toBe(0)
    expectUntouched()
    expect(readFileSync(`${directory}/secret`, 'utf8')).toBe('of root')
  })
})
