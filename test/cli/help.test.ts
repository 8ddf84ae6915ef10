/** --help of the built command. */

import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { cells } from '../../src/cli/output/width.ts'
import { ovl } from '../support/command.ts'

describe.each(COMMANDS)('ovl $name --help', ({ name, options, examples }) => {
  const { code, stdout, stderr } = ovl([...name.split(' '), '--help'], { env: { FORCE_COLOR: '1', COLUMNS: '200' } })

  it('exits 0, says nothing on stderr, and has no colour', () => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).not.toContain('\u001b')
  })

  it('fits 80 columns', () => {
    expect(stdout.split('\n').filter((line) => cells(line) > 80)).toEqual([])
  })

  it('says what the exit codes mean', () => {
    expect(stdout).toMatch(/\bExit\s0: |exit status is/)
  })

  it('names every option and shows every example on a line of its own', () => {
    for (const option of options) expect(stdout).toContain(`--${option.name}`)
    for (const [example] of examples) expect(stdout.split('\n')).toContain(`  ${example}`)
  })
})

it('names every command', () => {
  const { code, stdout } = ovl(['--help'])
  expect(code).toBe(0)
  for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +ovl ${name} +${summary.slice(0, 30)}`, 'm'))
})

it('is also what `ovl help` says', () => {
  expect(ovl(['help'])).toEqual(ovl(['--help']))
  expect(ovl(['help', 'mount'])).toEqual(ovl(['mount', '--help']))
  expect(ovl(['mount', '-h', '--frobnicate', '-l'])).toEqual(ovl(['mount', '--help']))
})

it('does not help with a command there is not', () => {
  const { code, stdout, stderr } = ovl(['mont', '--help'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('did you mean mount?')
  expect(ovl(['help', 'mont']).code).toBe(1)
})

it('is ASCII where the locale is', () => {
  expect(ovl(['mount', '--help'], { env: { LANG: 'C' } }).stdout).toMatch(/^[\n -~]*$/)
})

it('leaves a question after -- alone', () => {
  expect(ovl(['umount', '--', '--help']).code).toBe(32)
})
