/** The man page renders without a warning and names everything. */

import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { optionsOf } from '../../src/cli/parser.ts'
import { ROOT, runChild } from '../support/command.ts'

const PAGE = `${ROOT}dist/man/ovl.1`
const ENV = { MANWIDTH: '80', MAN_KEEP_FORMATTING: '', LC_ALL: 'C.UTF-8', GROFF_NO_SGR: '1' }
const hasMan = runChild('man', ['--version']).code === 0
const hasGroff = runChild('groff', ['--version']).code === 0

describe.skipIf(!hasMan)('man -l (man-db)', () => {
  const { code, stdout, stderr } = runChild('man', ['--warnings', '-l', PAGE], { env: ENV })

  it('warns of nothing', () => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('names every command, option and example', () => {
    const text = stdout.replaceAll(/.\u0008/g, '').replaceAll(/\s+/g, ' ')
    for (const command of COMMANDS) {
      expect(text).toContain(`ovl ${command.name}`)
      for (const { name } of optionsOf(command)) expect(text).toContain(`--${name}`)
      for (const [example] of command.examples) expect(text).toContain(example)
    }
  })
})

it.skipIf(!hasGroff)('has no warning of any kind for groff', () => {
  expect(runChild('groff', ['-man', '-ww', '-Tascii', '-z', PAGE])).toEqual({ code: 0, stdout: '', stderr: '' })
})
