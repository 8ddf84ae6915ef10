/** The command line from end to end: words → command → handler → report → exit code. It never exits by itself. */

import { canonicalCall, parseWords } from './parser.ts'
import { findCommand, nameCommand, splitCommand, wrongCommand } from './command-name.ts'
import { COMMANDS, GROUPS } from './commands/index.ts'
import { exactArguments } from './exact-arguments.ts'
import { COLOR_WORDS, readManner } from './global-options.ts'
import { bearFileLimit, interruptible } from './interrupt.ts'
import { reportFailure, reportOutcome } from './report.ts'
import type { Answering } from './report.ts'
import { oneOf, usageError } from './usage-error.ts'
import { write } from './output/write.ts'

/** Runs one call of ovl; `argv` without node and the script, `version` is asked for --version only. */
export async function run(argv: readonly string[], version: () => string): Promise<number> {
  bearFileLimit()
  const { said, words } = splitCommand(await exactArguments(argv), COMMANDS)
  const command = findCommand(said, COMMANDS)
  const canonical = canonicalCall(command, words)
  const manner = readManner(canonical.words)
  const how: Answering = { json: manner.json, color: manner.color, verbose: false, quiet: false, ...(command === undefined ? {} : { command }) }
  try {
    if (manner.version) return write('out', `ovl ${version()}\n`), 0
    if (said[0] === 'help') return await help(splitCommand(canonical.words, COMMANDS).said)
    if (manner.help) return await help(said)
    if (command === undefined) throw said.length === 0 && canonical.unknown[0] !== undefined ? usageError(`unknown option: ${canonical.unknown[0]}`) : wrongCommand(said, COMMANDS)
    const parsed = await parseWords(command, canonical)
    oneOf('color', parsed.text['color'], COLOR_WORDS, command.name)
    const answering = { ...how, verbose: parsed.flag['verbose'] === true, quiet: parsed.flag['quiet'] === true }
    const { handler } = await command.load()
    // What is done is reported with the signals as they were: a reader that does not read must not keep Ctrl-C from ending this.
    const outcome = await interruptible(async (signal) => {
      try {
        return await handler({ ...parsed, signal })
      } catch (error) {
        return { error }
      }
    }, command.attached)
    return 'error' in outcome ? await reportFailure(outcome.error, answering) : await reportOutcome(outcome, answering)
  } catch (error) {
    return reportFailure(error, how)
  }
}

async function help(said: readonly string[]): Promise<number> {
  const { renderCommandHelp, renderGroupHelp, renderHelp } = await import('./help.ts')
  const named = said.length === 0 ? undefined : nameCommand(said, COMMANDS)
  if (named === undefined) write('out', await renderHelp(COMMANDS))
  else if ('command' in named) write('out', await renderCommandHelp(named.command))
  else write('out', await renderGroupHelp(named.group, GROUPS[named.group] as string, named.members))
  return 0
}
