/**
 * Words of a command line → {@link Words}, configured from the command table. The only file that knows yargs.
 *
 * Two readers, one table. `parseWords` is yargs' own parser and no more: it reads every well-formed call,
 * in a fraction of a millisecond. Where it finds a fault, or help is asked for, `yargs` itself is loaded
 * (50 ms) for its messages and its layout. test/cli/parser.test.ts runs both over one list of calls.
 */

import parse from 'yargs-parser'
import type { Argv, Options } from 'yargs'

import { canonicalWords } from './canonical.ts'
import type { CanonicalWords } from './canonical.ts'
import type { CommandDef, OptionDef, Words } from './define.ts'
import { GLOBAL_OPTIONS } from './global-options.ts'
import { nearestWord, usageError } from './usage-error.ts'

const CONFIGURATION = {
  'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false, 'parse-numbers': false, 'parse-positional-numbers': false,
} as const

/** Every option a command understands. */
export function optionsOf(command: CommandDef | undefined): readonly OptionDef[] {
  return command === undefined ? GLOBAL_OPTIONS : [...command.options, ...GLOBAL_OPTIONS]
}

/**
 * Canonical words → {@link Words}.
 * @throws OvlError `usage` in yargs' words, with the nearest known option or the next step as its hint.
 */
export async function parseWords(command: CommandDef, canonical: CanonicalWords): Promise<Words> {
  return parseQuickly(command, canonical) ?? (await parseWithYargs(command, canonical))
}

/** The well-formed call; undefined when something is wrong with it. */
export function parseQuickly(command: CommandDef, canonical: CanonicalWords): Words | undefined {
  if (canonical.unknown.length > 0) return undefined
  const options = optionsOf(command)
  const { argv, error } = parse.detailed([...canonical.words], {
    string: options.filter(({ value }) => value !== undefined).map(({ name }) => name),
    boolean: options.filter(({ value }) => value === undefined).map(({ name }) => name),
    // A flag eats nothing: without this, `--mkdir true` would take a target called `true`.
    narg: Object.fromEntries(options.map(({ name, value }) => [name, value === undefined ? 0 : 1])),
    configuration: { ...CONFIGURATION, 'populate--': command.rest === true },
  })
  const count = argv._.length
  if (error !== null || count < command.positionals.min || count > (command.positionals.max ?? count) || saidTwice(argv, options) !== undefined) return undefined
  return collectWords(argv, options)
}

/** The same words through yargs, which says what is wrong with them. */
export async function parseWithYargs(command: CommandDef, canonical: CanonicalWords): Promise<Words> {
  const options = optionsOf(command)
  const { min, max, value } = command.positionals
  const yargs = (await newYargs())
    .parserConfiguration({ ...CONFIGURATION, 'populate--': command.rest === true })
    .options(Object.fromEntries(options.map((option) => [option.name, parsedOption(option)])))
    .strictOptions()
    .demandCommand(min, max ?? Infinity, min > 1 ? `words are missing: ovl ${command.name} ${command.usage[0]}` : `${value.name} is missing`, `too many words: ovl ${command.name} takes ${max === 0 ? 'none' : `at most ${max}`}`)
    .check((argv) => saidTwice(argv, options) ?? true)
    .fail(false)
  let fault = 'this cannot be read'
  try {
    const argv = await yargs.parseAsync([...canonical.words])
    if (canonical.unknown.length === 0) return collectWords(argv, options)
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error)
  }
  const [unknown] = canonical.unknown
  throw usageError(unknown === undefined ? fault : `unknown option: ${unknown}`, unknown === undefined ? undefined : nearestWord(unknown, options.map(({ name }) => `--${name}`)), command.name)
}

/** Canonical form of a call of this command. */
export function canonicalCall(command: CommandDef | undefined, argv: readonly string[]): CanonicalWords {
  return canonicalWords(argv, optionsOf(command))
}

/** A yargs that never exits, prints or guesses. */
export async function newYargs(): Promise<Argv> {
  const { default: yargs } = await import('yargs')
  const own = yargs([]).scriptName('ovl').locale('en').exitProcess(false).help(false).version(false)
  return own.updateStrings(MESSAGES as unknown as Record<string, string>)
}

const MESSAGES = {
  'Not enough arguments following: %s': 'a value is missing: --%s',
  'Argument unexpected for: %s': 'this option takes no value: --%s',
  'Unknown argument: %s': { one: 'unknown option: --%s', other: 'unknown options: --%s' },
}

function parsedOption({ value }: OptionDef): Options {
  return value === undefined ? { type: 'boolean', nargs: 0 } : { type: 'string', nargs: 1 }
}

function saidTwice(argv: Readonly<Record<string, unknown>>, options: readonly OptionDef[]): string | undefined {
  const twice = options.find(({ name, many }) => many !== true && Array.isArray(argv[name]))
  return twice === undefined ? undefined : `given twice: --${twice.name}`
}

function collectWords(argv: Readonly<Record<string, unknown>>, options: readonly OptionDef[]): Words {
  const flag: Record<string, true> = {}
  const text: Record<string, string> = {}
  const list: Record<string, readonly string[]> = {}
  for (const { name, value, many } of options) {
    const said = argv[name]
    if (said === undefined) continue
    if (value === undefined) flag[name] = true
    else if (many === true) list[name] = Array.isArray(said) ? said.map(String) : [String(said)]
    else text[name] = String(said)
  }
  const rest = argv['--']
  return { flag, text, list, positionals: (argv['_'] as readonly unknown[]).map(String), ...(Array.isArray(rest) ? { rest: rest.map(String) } : {}) }
}
