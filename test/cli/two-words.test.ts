/** Commands of two words: which one a call names, and how help and the shells know them. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nameCommand, splitCommand } from '../../src/cli/command-name.ts'
import { renderCompletion } from '../../src/cli/completion/completion.ts'
import type { CommandDef } from '../../src/cli/define.ts'
import { renderGroupHelp } from '../../src/cli/help.ts'
import { canonicalCall, parseQuickly } from '../../src/cli/parser.ts'
import { isOvlError } from '../../src/errors/ovl-error.ts'
import { runChild } from '../support/command.ts'

const row = (name: string, more: Partial<CommandDef> = {}): CommandDef => ({
  name, family: 'mount', kind: 'live', summary: `does ${name}`, usage: ['TARGET'], options: [{ name: 'size', value: { name: 'N', kind: 'word' }, does: 'how large' }],
  positionals: { min: 1, max: 1, value: { name: 'TARGET', kind: 'word', words: ['here', 'there'] } }, examples: [[`ovl ${name} here`, 'an example']], load: () => Promise.reject(new Error(name)), ...more,
})
const TABLE: readonly CommandDef[] = [row('mount', { options: [] }), row('umount'), row('live plan', { options: [{ name: 'cmdline', value: { name: 'TEXT', kind: 'text' }, does: 'words' }] }), row('live mount'), row('live enter', { rest: true }), row('live umount')]

describe('a call', () => {
  it.each<[argv: string, said: string[], words: string[]]>([
    ['live plan x', ['live', 'plan'], ['x']],
    ['--json live plan x', ['live', 'plan'], ['--json', 'x']],
    ['live --json -v plan --cmdline c x', ['live', 'plan'], ['--json', '-v', '--cmdline', 'c', 'x']],
    ['live --color never plan x', ['live', 'plan'], ['--color', 'never', 'x']],
    ['mount plan', ['mount'], ['plan']],
    ['live', ['live'], []],
    ['live --help', ['live'], ['--help']],
    ['live -- plan', ['live'], ['--', 'plan']],
    ['plan live', ['plan'], ['live']],
    ['-- live plan', [], ['--', 'live', 'plan']],
  ])('%s', (argv, said, words) => {
    expect(splitCommand(argv.split(' '), TABLE)).toEqual({ said, words })
  })

  it('keeps what follows -- for the command', () => {
    const { words } = splitCommand(['live', 'enter', 'here', '--', 'ls', '-l', '--help'], TABLE)
    const enter = TABLE.find(({ name }) => name === 'live enter') as CommandDef
    expect(parseQuickly(enter, canonicalCall(enter, words))).toMatchObject({ positionals: ['here'], rest: ['ls', '-l', '--help'] })
  })
})

it('names a command, or those that share its word', () => {
  expect(nameCommand(['live', 'plan'], TABLE)).toEqual({ command: TABLE[2] })
  expect(nameCommand(['live'], TABLE)).toEqual({ group: 'live', members: TABLE.slice(2) })
})

it.each<[said: string, message: string, hint: RegExp]>([
  ['live pla', "there is no command 'live pla'; live has plan, mount, enter and umount", /^did you mean live plan\? See ovl live --help$/],
  ['live unmount', "there is no command 'live unmount'; live has plan, mount, enter and umount", /^did you mean live umount\?/],
  ['live debian.iso', "there is no command 'live debian.iso'; live has plan, mount, enter and umount", /^see ovl live --help$/],
  ['plan', "there is no command 'plan'", /^did you mean live plan\?/],
  ['live-plan', "there is no command 'live-plan'", /^did you mean live plan\?/],
  ['lve', "there is no command 'lve'", /^did you mean live\?/],
  ['mont', "there is no command 'mont'", /^did you mean mount\?/],
])('%s is a usage error', (said, message, hint) => {
  const error: unknown = (() => {
    try {
      return nameCommand(said.split(' '), TABLE)
    } catch (thrown) {
      return thrown
    }
  })()
  if (!isOvlError(error)) throw new Error('nothing was thrown')
  expect({ code: error.code, message: error.message }).toEqual({ code: 'usage', message })
  expect(error.details.hint).toMatch(hint)
})

it('has a help of the shared word that lists them', async () => {
  const help = await renderGroupHelp('live', 'all about live systems', TABLE.slice(2))
  expect(help).toMatch(/^Usage:\n {2}ovl live COMMAND/)
  for (const name of ['plan', 'mount', 'enter', 'umount']) expect(help).toMatch(new RegExp(`^ +ovl live ${name} +does live ${name}$`, 'm'))
  expect(help).toContain('All about live systems.')
})

/** Line → words that complete it. */
const CASES: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['ovl li', ['live']],
  ['ovl live ', ['enter', 'mount', 'plan', 'umount']],
  ['ovl live um', ['umount']],
  ['ovl --json live p', ['plan']],
  ['ovl live plan he', ['here']],
  ['ovl live plan --cm', ['--cmdline']],
  ['ovl live mount --si', ['--size']],
  ['ovl mount --si', []],
  ['ovl mount th', ['there']],
]

describe('the shells', () => {
  const here = mkdtempSync(join(tmpdir(), 'ovl-two-words-'))
  beforeAll(() => {
    for (const shell of ['bash', 'fish', 'zsh']) writeFileSync(join(here, shell), renderCompletion(shell, TABLE))
  })
  afterAll(() => rmSync(here, { recursive: true }))
  const replies = (shell: string, script: string, line: string): string[] => runChild(shell, ['-c', script, shell, line], { cwd: here }).stdout.split('\n').filter((word) => word !== '').map((word) => word.replace(/\t.*|=$/g, '')).sort()
  const only = (words: readonly string[], line: string): string[] => [...new Set(words)].filter((word) => line.endsWith(' ') ? !word.startsWith('-') : true)

  it.each(CASES)('bash: %s', (line, words) => {
    expect(only(replies('bash', `source ./bash; COMP_LINE=$1 COMP_POINT=\${#1}; _ovl; printf '%s\\n' "\${COMPREPLY[@]}"`, line), line)).toEqual(words)
  })

  it.skipIf(runChild('fish', ['-c', 'true']).code !== 0).each(CASES)('fish: %s', (line, words) => {
    expect(only(replies('fish', `source ./fish; complete -C "${line}"`, line), line)).toEqual(words)
  })

  it.skipIf(runChild('zsh', ['-c', 'true']).code !== 0)('zsh loads it', () => {
    expect(() => execFileSync('zsh', ['-c', 'autoload -Uz compinit && compinit -u -D && source ./zsh && whence -w _ovl _ovl_live'], { cwd: here })).not.toThrow()
    expect(runChild('zsh', ['-n', './zsh'], { cwd: here })).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})
