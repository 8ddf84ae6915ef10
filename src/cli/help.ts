/** --help: the command table laid out by yargs, at 80 columns. Returns text. */

import type { CommandDef, OptionDef } from './define.ts'
import { newYargs, optionsOf } from './parser.ts'
import { sentence, shownDoes, shownKey, usageLines } from './shown.ts'

const COLUMNS = 80

/** Help of one command. */
export async function renderCommandHelp(command: CommandDef): Promise<string> {
  const yargs = (await newYargs()).wrap(COLUMNS)
    .usage(['Usage:', ...usageLines(command).map((line) => `  ${line}`), '', `${sentence(command.summary)}`, ...(command.details ?? []).flatMap((paragraph) => ['', paragraph])].join('\n'))
    .options(Object.fromEntries(optionsOf(command).map((option) => [shownKey(option), shownOption(option)])))
    .epilogue(examples(command.examples))
  return `${await yargs.getHelp()}\n`
}

/** Help of ovl itself: its commands, one line each. */
export async function renderHelp(commands: readonly CommandDef[]): Promise<string> {
  const yargs = (await newYargs()).wrap(COLUMNS)
    .usage('Usage:\n  ovl COMMAND …\n\nLinux overlay mounts: say them, check them, mount them, take them down.')
    .options(Object.fromEntries(optionsOf(undefined).map((option) => [shownKey(option), shownOption(option)])))
    .epilogue(examples([['ovl mount -l over -l base -u changes --mkdir /tmp/merged', 'a writable merge of two directories'], ['ovl list', 'what is mounted'], ['ovl mount --help', 'the words of one command']]))
  for (const { name, summary } of commands) yargs.command(name, summary)
  return `${await yargs.getHelp()}\n`
}

function shownOption(option: OptionDef): { alias?: string; describe: string; group: string } {
  const { short, group } = option
  return { ...(short === undefined ? {} : { alias: short }), describe: shownDoes(option), group: `${group ?? 'Options'}:` }
}

function examples(list: CommandDef['examples']): string {
  return ['Examples:', ...list.flatMap(([command, what]) => [`  # ${what}`, `  ${command}`])].join('\n')
}
