/** A fix that mounts, as it is told for a failure of the table: pasted into a shell, it mounts, and nothing is said against it. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { diagnose } from '../../../src/ops/diagnose.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { makeShell } from '../../support/shell.ts'
import { ROWS, sh as prepare, spec } from '../findings/rows.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

/** Codes whose fix is a whole mount; the others have something to be made, found or decided first. */
const MOUNTS: ReadonlySet<string> = new Set([
  'unescaped-colon', 'unescaped-comma', 'work-upper-nested', 'work-other-filesystem', 'work-other-mount', 'upper-on-overlay', 'index-mismatch', 'work-required', 'single-lower-without-upper', 'option-unknown', 'option-conflict',
])

interface Case {
  readonly name: string
  readonly arrange: (dir: string) => OverlaySpec
  /** Of the finding whose fix is taken. */
  readonly code: string
  readonly tools?: readonly string[]
}

const derived = (dir: string): OverlaySpec => spec(dir, { work: `${dir}/u.work`, workDerived: true })

const CASES: readonly Case[] = [
  ...ROWS.filter(({ code, name }) => MOUNTS.has(code) && name !== 'junk in the index'),
  ...ROWS.filter(({ name }) => name === 'the same lower through a symlink'),
  { name: 'a derived work that cannot be emptied', code: 'work-dir-unusable', arrange: (dir) => {
    prepare('mkdir -p "$1/u.work/work/a/b/c"', dir)
    return derived(dir)
  } },
  { name: 'a derived work on another mount', code: 'work-other-mount', arrange: (dir) => {
    prepare('mkdir "$1/u.work"; mount --bind "$1/u.work" "$1/u.work"', dir)
    return derived(dir)
  } },
]

test.each(CASES)('$name: $code', async ({ arrange, code, tools = [] }) => {
  if (!tools.every(hasTool)) return
  for (let at = 0, count = 1; at < count; at++) {
    const dir = place()
    for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
    const { findings } = await diagnose({ spec: arrange(dir) })
    const commands = (findings.find((one) => one.code === code)?.fix ?? []).flatMap(({ command = '' }) => (/\bovl mount /.test(command) ? [command] : []))
    count = commands.length
    expect(count, JSON.stringify(findings, null, 1)).toBeGreaterThan(0)
    expect(sh(dir, commands[at] as string), commands[at]).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(sh(dir, 'ovl umount m').code).toBe(0)
  }
})

test('a fix of what is mounted already takes it down first', () => {
  const dir = place()
  for (const name of ['l', 'u', 'm', 'u.work/work/a/b/c']) mkdirSync(`${dir}/${name}`, { recursive: true })
  const warned = sh(dir, 'ovl mount -l l -u u m')
  expect([warned.code, warned.stderr]).toEqual([0, expect.stringContaining('warning[work-dir-unusable]')])
  const command = /^ +\$ (.*ovl mount .*)$/m.exec(warned.stderr)?.[1] ?? 'false'
  expect(sh(dir, command)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(sh(dir, 'findmnt -n -o FS-OPTIONS "$PWD/m"').stdout).toMatch(/^rw,[^\n]*\n$/)
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})
