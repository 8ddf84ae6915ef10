/** Every command where its surroundings are bad: the working directory is removed, hardly a file may be opened, /proc is missing. No trace, no “bug in ovl”. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../../src/cli/commands/index.ts'
import { BIN } from '../../support/command.ts'
import { makeGround } from './ground.ts'

const ground = makeGround()
const at = mkdtempSync(`${ground}/t`)
for (const name of ['l1', 'l2', 'u', 'w', 'm', 'casper', 'units']) mkdirSync(`${at}/${name}`)
writeFileSync(`${at}/casper/a.squashfs`, 'hsqs')
writeFileSync(`${at}/fstab`, `overlay ${at}/m overlay lowerdir=${at}/l1:${at}/l2 0 0\n`)

/** Words that make a command do something, with absolute paths; a command without a row is told when one is added. */
const WORDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  mount: [['--dry-run', '-l', `${at}/l1`, '-l', `${at}/l2`, `${at}/m`], ['-l', `${at}/l1`, '-l', `${at}/none`, `${at}/m`]],
  umount: [[`${at}/m`], ['--stale', '--dry-run']],
  remount: [[`${at}/m`, '-o', 'ro']],
  list: [[], ['--all-namespaces']],
  inspect: [[`${at}/m`]],
  options: [['-l', `${at}/l1`, '-u', `${at}/u`, '--for', 'fstab']],
  fstab: [['-l', `${at}/l1`, '-l', `${at}/l2`, `${at}/m`], [`--lint=${at}/fstab`], ['--remove', `${at}/m`, `--write=${at}/fstab`, '--dry-run']],
  unit: [['-l', `${at}/l1`, '-l', `${at}/l2`, `${at}/m`]],
  diagnose: [[], ['-l', `${at}/l1`, '-l', `${at}/l2`, `${at}/m`], ['--message', 'mount: wrong fs type'], ['--target', `${at}/m`]],
  doctor: [[], [`${at}/u`]],
  'live plan': [[at]],
  'live mount': [[at, `${at}/m`, '--dry-run']],
  'live enter': [[`${at}/m`, '--', 'true']],
  'live pack': [[`${at}/m`, `${at}/out.squashfs`, '--dry-run']],
  'live umount': [[`${at}/m`]],
  'live status': [[`${at}/m`]],
  root: [[`${at}/m`, '--dry-run']],
  completion: [['bash']],
}

interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const run = (prepare: string, words: readonly string[]): Said => {
  const { status, stdout, stderr } = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `${prepare}; exec "$@"`, 'sh', process.execPath, BIN, ...words], { encoding: 'utf8', timeout: 60_000, cwd: ground, input: '' })
  return { status, stdout, stderr }
}
const wellSaid = (words: readonly string[], { status, stdout, stderr }: Said): string | undefined => {
  const text = `${stdout}${stderr}`
  if (status === null || status >= 128) return `${words.join(' ')}: status ${status}\n${text}`
  return /bug in ovl|\n\s+at .*:\d+|node:internal|\[code\]/.test(text) || (status !== 0 && text === '') ? `${words.join(' ')}: ${status}\n${text}` : undefined
}
const CALLS = COMMANDS.flatMap(({ name }) => (WORDS[name] ?? [[]]).map((words) => [...name.split(' '), ...words]))

test('in a working directory that was removed, absolute paths do as elsewhere', () => {
  const removed = 'mkdir gone && cd gone && rmdir ../gone'
  const wrong: string[] = []
  for (const words of CALLS) {
    const there = run(removed, words)
    const fault = wellSaid(words, there)
    if (fault !== undefined) wrong.push(fault)
    const here = run('cd /', words)
    // Its default is the working directory itself.
    if (there.status !== here.status && words.join(' ') !== 'doctor') wrong.push(`${words.join(' ')}: ${there.status} there, ${here.status} here\n${there.stderr}`)
  }
  expect(wrong).toEqual([])
}, 280_000)

test('in a working directory that was removed, a relative path is refused by name', () => {
  const removed = 'mkdir gone && cd gone && rmdir ../gone'
  for (const words of [['mount', '-l', 'l1', '-l', `${at}/l2`, `${at}/m`], ['live', 'plan', 'medium'], ['fstab', '--lint=fstab'], ['options', '-l', 'l1', '-l', 'l2']]) {
    const { status, stdout } = run(removed, [...words, '--json'])
    expect([words, status === 0, JSON.parse(stdout).error.code]).toEqual([words, false, 'cwd-missing'])
  }
}, 60_000)

/** Node itself takes 19 to begin; with a few more each command comes further. */
test.each([19, 22])('with %d open files at most', (limit) => {
  const wrong: string[] = []
  for (const words of CALLS) {
    const fault = wellSaid(words, run(`ulimit -n ${limit}`, words))
    if (fault !== undefined) wrong.push(fault)
  }
  expect(wrong).toEqual([])
}, 280_000)

test('without /proc', () => {
  const wrong: string[] = []
  for (const words of CALLS) {
    const fault = wellSaid(words, run('umount --lazy /proc', words))
    if (fault !== undefined) wrong.push(fault)
  }
  expect(wrong).toEqual([])
}, 280_000)
