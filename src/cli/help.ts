/** --help: the command table laid out by yargs, at 80 columns, in the characters the locale has. Returns text. */

import type { CommandDef, OptionDef } from './define.ts'
import { exitLine } from './exit-codes.ts'
import { newYargs, optionsOf } from './parser.ts'
import { typeset } from './output/human/words.ts'
import { isUtf8Locale } from './output/terminal.ts'
import { sentence, shownDoes, shownKey, usageLines } from './shown.ts'

const COLUMNS = 80
/** Stands for a blank at the start of a line, which yargs would trim. */
const BLANK = '\ue000'

/** Help of one command. */
export async function renderCommandHelp(command: CommandDef): Promise<string> {
  const yargs = (await newYargs()).wrap(COLUMNS)
    .usage(['Usage:', ...usageLines(command).map((line) => `${BLANK}${BLANK}${line}`), '', `${sentence(command.summary)}`, ...paragraphs(command).flatMap((paragraph) => ['', paragraph])].join('\n'))
    .options(Object.fromEntries(optionsOf(command).map((option) => [shownKey(option), shownOption(option)])))
    .epilogue(examples(command.examples))
  return layOut(yargs)
}

/** Commands whose exit codes need more than a line say them in their details. */
function paragraphs({ details = [], family }: CommandDef): readonly string[] {
  const exits = exitLine(family)
  return exits === undefined || details.some((text) => /\bExit \d|exit status/.test(text)) ? details : [...details, exits]
}

/** Help of ovl itself: its commands, one line each. */
export async function renderHelp(commands: readonly CommandDef[]): Promise<string> {
  const yargs = (await newYargs()).wrap(COLUMNS)
    .usage(`Usage:\n${BLANK}${BLANK}ovl COMMAND …\n\nLinux overlay mounts: say them, check them, mount them, take them down.`)
    .options(Object.fromEntries(optionsOf(undefined).map((option) => [shownKey(option), shownOption(option)])))
    .epilogue(examples([['ovl mount -l over -l base -u changes --mkdir /tmp/merged', 'a writable merge of two directories'], ['ovl list', 'what is mounted'], ['ovl mount --help', 'the words of one command']]))
  for (const { name, summary } of commands) yargs.command(name, summary)
  return layOut(yargs)
}

/** Help of the commands that share their first word; `summary` is the row of GROUPS. */
export async function renderGroupHelp(group: string, summary: string, members: readonly CommandDef[]): Promise<string> {
  const yargs = (await newYargs()).wrap(COLUMNS)
    .usage(`Usage:\n${BLANK}${BLANK}ovl ${group} COMMAND …\n\n${sentence(summary)}`)
    .options(Object.fromEntries(optionsOf(undefined).map((option) => [shownKey(option), shownOption(option)])))
    .epilogue(examples([...members.flatMap(({ examples: [first] }) => (first === undefined ? [] : [first])), [`ovl help ${(members[0] as CommandDef).name}`, 'the words of one command']]))
  for (const { name, summary: does } of members) yargs.command(name, does)
  return layOut(yargs)
}

function shownOption(option: OptionDef): { alias?: string; describe: string; group: string } {
  const { short, group } = option
  return { ...(short === undefined ? {} : { alias: short }), describe: shownDoes(option), group: `${group ?? 'Options'}:` }
}

function examples(list: CommandDef['examples']): string {
  return ['Examples:', ...list.flatMap(([command, what]) => [`  # ${what}`, `  ${command}`])].join('\n')
}

async function layOut(yargs: Awaited<ReturnType<typeof newYargs>>): Promise<string> {
  return `${typeset((await yargs.getHelp()).replaceAll(BLANK, ' '), { unicode: isUtf8Locale(process.env) })}\n`
}
