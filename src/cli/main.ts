/** The command line from end to end: words → command → handler → report → exit code. It never exits by itself. */

import { canonicalCall, parseWords } from './parser.ts'
import { isOption } from './canonical.ts'
import { COMMANDS } from './commands/index.ts'
import { COLOR_WORDS, readManner } from './global-options.ts'
import { interruptible } from './interrupt.ts'
import { reportFailure, reportOutcome } from './report.ts'
import type { Answering } from './report.ts'
import { nearestWord, oneOf, usageError } from './usage-error.ts'
import { write } from './output/write.ts'

/** Runs one call of ovl; `argv` without node and the script, `version` is asked for --version only. */
export async function run(argv: readonly string[], version: () => string): Promise<number> {
  const { name, words } = splitCommand(await exactArguments(argv))
  const command = COMMANDS.find((row) => row.name === name)
  const canonical = canonicalCall(command, words)
  const manner = readManner(canonical.words)
  const how: Answering = { json: manner.json, color: manner.color, verbose: false, quiet: false, ...(command === undefined ? {} : { command }) }
  try {
    if (manner.version) return write('out', `ovl ${version()}\n`), 0
    if (name === 'help') return await help(canonical.words.find((word) => !isOption(word)))
    if (manner.help) return await help(name)
    if (command === undefined) throw unknownCommand(name, canonical.unknown)
    const parsed = await parseWords(command, canonical)
    oneOf('color', parsed.text['color'], COLOR_WORDS, command.name)
    const answering = { ...how, verbose: parsed.flag['verbose'] === true, quiet: parsed.flag['quiet'] === true }
    const { handler } = await command.load()
    return await interruptible(async (signal) => {
      try {
        return await reportOutcome(await handler({ ...parsed, signal }), answering)
      } catch (error) {
        return await reportFailure(error, answering)
      }
    })
  } catch (error) {
    return reportFailure(error, how)
  }
}

/** Node replaces bytes that are no UTF-8 by U+FFFD; only then is it worth asking /proc for the real ones. */
async function exactArguments(argv: readonly string[]): Promise<readonly string[]> {
  if (!argv.some((word) => word.includes('\ufffd'))) return argv
  const { rawArguments } = await import('../host/system.ts')
  return rawArguments()
}

/** The first word that is no option names the command; options of ovl itself may stand before it. */
function splitCommand(argv: readonly string[]): { readonly name?: string; readonly words: readonly string[] } {
  for (let at = 0; at < argv.length && argv[at] !== '--'; at++) {
    const word = argv[at] as string
    if (!isOption(word)) return { name: word, words: argv.toSpliced(at, 1) }
    if (word === '--color' && COLOR_WORDS.some((known) => known === argv[at + 1])) at++
  }
  return { words: argv }
}

async function help(name: string | undefined): Promise<number> {
  const command = COMMANDS.find((row) => row.name === name)
  if (command === undefined && name !== undefined) throw unknownCommand(name, [])
  const { renderCommandHelp, renderHelp } = await import('./help.ts')
  write('out', command === undefined ? await renderHelp(COMMANDS) : await renderCommandHelp(command))
  return 0
}

function unknownCommand(name: string | undefined, unknown: readonly string[]): Error {
  if (name !== undefined) return usageError(`there is no command '${name}'`, nearestWord(name, COMMANDS.map((row) => row.name)))
  return usageError(unknown[0] === undefined ? 'a command is missing' : `unknown option: ${unknown[0]}`)
}
