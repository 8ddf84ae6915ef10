/** The commands of README as they stand there: all can be read, and those that name no place of their own work one after the other. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findCommand, splitCommand } from '../../../src/cli/command-name.ts'
import { COMMANDS } from '../../../src/cli/commands/index.ts'
import { canonicalCall, parseQuickly } from '../../../src/cli/parser.ts'
import { ROOT } from '../../support/command.ts'
import { makeShell } from '../../support/shell.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

/** Without what is said of them. Lines that say several at once, or leave something out, are no commands. */
const LINES = [...readFileSync(`${ROOT}README.md`, 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/ +#.*$/, ''))
  .filter((line) => line.startsWith('ovl ') && !/…|\||\bWORDS\b|\[/.test(line))

test('there are some', () => expect(LINES.length).toBeGreaterThan(25))

test.each(LINES)('%s', (line) => {
  const words = [...line.slice(4).matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  const call = splitCommand(words, COMMANDS)
  const command = findCommand(call.said, COMMANDS)
  expect(command).toBeDefined()
  if (command !== undefined) expect(parseQuickly(command, canonicalCall(command, call.words))).toBeDefined()
})

test.skipIf(!hasTool('mksquashfs'))('one after the other', () => {
  const dir = place()
  sh(dir, 'mkdir TOP BOTTOM CHANGES TARGET A B U W DIR base changes merged; mksquashfs base base.squashfs -quiet -no-progress')
  let mounted = false
  for (const line of LINES.filter((one) => /^ovl (?:mount|list|inspect|remount|umount|options|doctor|diagnose \S)/.test(one) && !/ \/|--facts/.test(one))) {
    if (line.startsWith('ovl mount') && mounted) expect(sh(dir, 'ovl umount TARGET').code).toBe(0)
    const { code, stderr } = sh(dir, line)
    expect({ code, stderr }, line).toEqual({ code: 0, stderr: '' })
    mounted = line.startsWith('ovl umount') ? false : mounted || line.startsWith('ovl mount')
  }
  expect(mounted).toBe(false)
})
