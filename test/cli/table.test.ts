/** The command table keeps its own rules: one file a command, short; names and letters said once. */

import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS, GROUPS } from '../../src/cli/commands/index.ts'
import { optionsOf } from '../../src/cli/parser.ts'
import { ROOT } from '../support/command.ts'

const FOLDER = `${ROOT}src/cli/commands`
/** `live plan` lives in live-plan.ts. */
const fileOf = (name: string): string => name.replace(' ', '-')

it('has a row for each file, and a file for each row', () => {
  const files = readdirSync(FOLDER).filter((file) => file !== 'index.ts').map((file) => file.replace('.ts', ''))
  expect(COMMANDS.map(({ name }) => fileOf(name)).sort()).toEqual(files.sort())
})

it('has a group for the first word of each command of two, which is no command itself', () => {
  const firsts = COMMANDS.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0] as string)
  for (const first of firsts) expect(GROUPS).toHaveProperty(first)
  expect(COMMANDS.filter(({ name }) => firsts.includes(name))).toEqual([])
})

describe.each(COMMANDS)('$name', (command) => {
  it('has a handler of at most 60 lines, loaded by its row', async () => {
    expect(readFileSync(`${FOLDER}/${fileOf(command.name)}.ts`, 'utf8').split('\n').length).toBeLessThanOrEqual(61)
    expect((await command.load()).handler).toBeTypeOf('function')
  })

  it('names every option and every letter once', () => {
    const options = optionsOf(command)
    const names = options.flatMap(({ name, aliases = [] }) => [name, ...aliases])
    const letters = options.flatMap(({ short }) => short ?? [])
    expect(new Set(names).size).toBe(names.length)
    expect(new Set(letters).size).toBe(letters.length)
  })

  it('has an example and a summary without a full stop', () => {
    expect(command.examples.length).toBeGreaterThan(0)
    expect(command.summary).toMatch(/[^.]$/)
  })
})
