/**
 * The commands of the documents as they stand there, mistakes and all: `ovl mount` refuses and names the mistake first, `ovl diagnose`
 * says the same, and the corrected command that the finding gives is run as it stands, mounts, and is taken down again.
 */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { envelope } from '../../support/command.ts'
import { makeShell } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

interface Found {
  readonly code: string
  readonly severity: string
  readonly confidence: string
  readonly fix: readonly { readonly command?: string }[]
}

interface Story {
  readonly name: string
  /** After the directories of all stories have been made. */
  readonly prepare?: string
  readonly command: string
  /** The codes of the first findings, of which the first is also that of `ovl mount`. */
  readonly codes: readonly string[]
  /** Run in this order, each the first command of the finding with that code; `ovl mount` of the corrected words comes last. */
  readonly cures: readonly string[]
  readonly target: string
}

const TREES = 'mkdir -p test/lower test/upper test/work test/merged A B C worker merged dir1 dir2 dir25 upper work casper'

const STORIES: readonly Story[] = [
  { name: '1, the tilde inside the options', target: 'test/merged', codes: ['path-not-expanded'], cures: ['path-not-expanded'], command: "mount -t overlay overlay -o 'lowerdir=~/test/lower,upperdir=~/test/upper,workdir=~/test/work' ~/test/merged" },
  { name: '2, a colon for the equals sign, and no workdir', target: 'merged', codes: ['option-syntax', 'work-required'], cures: ['work-required'], command: 'mount -t overlay overlay -o lowerdir:$PWD/dir1:$PWD/dir2:$PWD/dir25,upperdir=$PWD/upper $PWD/merged' },
  { name: '4, one lower and no upper', target: 'merged', codes: ['single-lower-without-upper'], cures: ['single-lower-without-upper'], command: 'mount -t overlay overlay -o lowerdir=dir1 merged' },
  { name: '4, work on another file system', target: 'merged', prepare: 'mount -t tmpfs t work', codes: ['work-other-filesystem'], cures: ['work-other-filesystem'], command: 'mount -t overlay overlay -o lowerdir=dir1:dir2,upperdir=upper,workdir=work merged' },
  { name: '7, a work directory that nobody made', target: 'merged', codes: ['work-missing'], cures: ['work-missing', 'said'], command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1,upperdir=$PWD/upper,workdir=$PWD/tmp/workdir $PWD/merged', prepare: 'mkdir tmp' },
  { name: '8, upper on a tmpfs, work beside it on the disk', target: 'merged', prepare: 'mkdir -p rw/upper rw/work; mount -t tmpfs t rw/upper; mkdir rw/upper/u', codes: ['work-other-filesystem'], cures: ['work-other-filesystem'], command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1,upperdir=$PWD/rw/upper/u,workdir=$PWD/rw/work merged' },
  { name: '9, work on a tmpfs, a lower that was never mounted', target: 'merged', prepare: 'mkdir ram; mount -t tmpfs t ram; mkdir ram/work custom_fs; rmdir custom_fs', codes: ['lower-missing', 'work-other-filesystem'], cures: ['work-other-filesystem'], command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1:$PWD/custom_fs,upperdir=$PWD/upper,workdir=$PWD/ram/work merged' },
]

test.each(STORIES)('$name', ({ prepare = 'true', command, codes, cures, target }) => {
  const dir = place()
  const env = { HOME: dir }
  expect(sh(dir, `${TREES}; ${prepare}`).code).toBe(0)
  const diagnosed = sh(dir, `ovl diagnose --json -- ${command}`, [], env)
  const { findings } = envelope(diagnosed).data as { findings: readonly Found[] }
  const errors = findings.filter(({ severity }) => severity === 'error')
  expect({ exit: diagnosed.code, codes: [...new Set(errors.map(({ code }) => code))].slice(0, codes.length), first: errors[0]?.confidence }, diagnosed.stdout).toEqual({ exit: 1, codes, first: 'certain' })

  const refused = sh(dir, `ovl ${command} --json`, [], env)
  expect(envelope(refused).error?.code, refused.stdout).toBe(codes[0])
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(` ${dir}/${target} overlay `)

  // A lower that is yet to be mounted is the user's: an empty one stands for it.
  if (codes.includes('lower-missing')) sh(dir, 'mkdir -p custom_fs')
  for (const code of cures) {
    const cure = code === 'said' ? `ovl ${command}` : errors.find((one) => one.code === code)?.fix.find((fix) => fix.command !== undefined)?.command
    const ran = sh(dir, String(cure), [], env)
    expect(ran.code, `${cure}: ${ran.stderr}`).toBe(0)
  }
  expect(readFileSync('/proc/self/mounts', 'utf8')).toContain(` ${dir}/${target} overlay `)
  expect(sh(dir, `ovl umount ${target}`).code).toBe(0)
})

test('8, mount -o ro of a directory is no bind: the corrected command binds it read-only', () => {
  const dir = place()
  sh(dir, 'mkdir root base; touch root/file')
  const ran = sh(dir, 'ovl diagnose --json -- mount -o ro $PWD/root $PWD/base')
  const [first] = (envelope(ran).data as { findings: readonly Found[] }).findings
  expect([ran.code, first?.code]).toEqual([1, 'usage'])
  expect(sh(dir, String(first?.fix[0]?.command)).code).toBe(0)
  expect([existsSync(`${dir}/base/file`), sh(dir, 'touch base/new').code]).toEqual([true, 1])
})

test.each(['mount -o loop ubuntu.iso /mnt/livecd', 'mount -t squashfs -o loop casper/filesystem.squashfs /mnt/fs', 'mount -t tmpfs tmpfs /mnt/tmp'])('7, %s is no overlay, and no mistake', (command) => {
  const ran = sh(place(), `ovl diagnose --json -- ${command}`)
  const { findings } = envelope(ran).data as { findings: readonly Found[] }
  expect([ran.code, findings.map(({ code, severity }) => `${severity} ${code}`)]).toEqual([0, ['note usage']])
})

test.each([
  ['1', "cp: cannot open 'upper/in_both' for reading: No such device or address", 'whiteout-copied'],
  ['5', 'cannot mount layer, mount label too large 5000', 'options-too-long'],
  ['9', 'cp: write error: No space left on device on /overlay', 'no-space'],
  ['12', 'network my_overlay_network not found', 'not-overlayfs'],
  ['12', 'steam-overlayfs: command not found', 'not-overlayfs'],
])('%s, the text “%s”', (_, text, code) => {
  const ran = sh(place(), 'ovl diagnose --json --message "$1"', [text])
  expect((envelope(ran).data as { findings: readonly Found[] }).findings[0]?.code, ran.stdout).toBe(code)
})
