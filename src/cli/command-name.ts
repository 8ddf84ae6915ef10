/**
 * Which command a call names: by its first word, or by the first two where several commands share the first (`live plan`).
 * Options may stand anywhere around these words. Nothing here reads the options.
 */

import { isOption } from './canonical.ts'
import { GROUPS } from './commands/index.ts'
import type { CommandDef } from './define.ts'
import { COLOR_WORDS } from './global-options.ts'
import { nearestWord, usageError } from './usage-error.ts'

export interface CommandWords {
  /** The words that name it, as they were typed: none, one, or two. */
  readonly said: readonly string[]
  /** All other words, in their order. */
  readonly words: readonly string[]
}

/** What `said` names: a command, or the commands that share its first word. */
export type Named = { readonly command: CommandDef } | { readonly group: string; readonly members: readonly CommandDef[] }

/** Takes the words that name the command out of a call. */
export function splitCommand(argv: readonly string[], commands: readonly CommandDef[]): CommandWords {
  const first = wordFrom(argv, 0)
  if (first < 0) return { said: [], words: argv }
  const name = argv[first] as string
  const words = argv.toSpliced(first, 1)
  const second = membersOf(name, commands).length > 0 ? wordFrom(words, first) : -1
  return second < 0 ? { said: [name], words } : { said: [name, words[second] as string], words: words.toSpliced(second, 1) }
}

/** The command these words name, if they name one. */
export function findCommand(said: readonly string[], commands: readonly CommandDef[]): CommandDef | undefined {
  return commands.find(({ name }) => name === said.join(' '))
}

/**
 * The command or group these words name.
 * @throws OvlError usage, with the nearest word there is
 */
export function nameCommand(said: readonly string[], commands: readonly CommandDef[]): Named {
  const command = findCommand(said, commands)
  if (command !== undefined) return { command }
  const [group = '', second] = said
  const members = membersOf(group, commands)
  if (second !== undefined || members.length === 0) throw wrongCommand(said, commands)
  return { group, members }
}

/** The error of words that name no command, or only the first word of several. */
export function wrongCommand([first, second]: readonly string[], commands: readonly CommandDef[]): Error {
  if (first === undefined) return usageError('a command is missing')
  const seconds = membersOf(first, commands).map(secondWord)
  if (seconds.length === 0) return usageError(`there is no command '${first}'`, nearestCommand(first, commands))
  if (second === undefined) return usageError(`${first} needs one word more: ${inWords(seconds, 'or')}`, undefined, first)
  const near = nearestWord(second, seconds)
  return usageError(`there is no command '${first} ${second}'; ${first} has ${inWords(seconds)}`, near === undefined ? undefined : `${first} ${near}`, first)
}

/** The commands whose first word of two this is. */
export function membersOf(first: string, commands: readonly CommandDef[]): readonly CommandDef[] {
  return commands.filter(({ name }) => name.startsWith(`${first} `))
}

/** `plan` of `live plan`. */
export function secondWord({ name }: CommandDef): string {
  return name.slice(name.indexOf(' ') + 1)
}

export interface FirstWord {
  readonly word: string
  readonly summary: string
  /** Absent: it needs a second word, one of `members`. */
  readonly command?: CommandDef
  readonly members: readonly CommandDef[]
}

/** Each first word once, in the order of the table. */
export function firstWords(commands: readonly CommandDef[]): readonly FirstWord[] {
  return [...new Set(commands.map(({ name }) => name.replace(/ .*/, '')))].map((word) => {
    const command = findCommand([word], commands)
    return { word, members: membersOf(word, commands), ...(command === undefined ? { summary: GROUPS[word] as string } : { command, summary: command.summary }) }
  })
}

/** Also finds `live plan` for `plan`. */
function nearestCommand(word: string, commands: readonly CommandDef[]): string | undefined {
  return commands.find(({ name }) => name.endsWith(` ${word}`))?.name ?? nearestWord(word, [...firstWords(commands).map((first) => first.word), ...commands.map(({ name }) => name)])
}

/** Index of the next word that is no option; -1 when there is none before `--`. */
function wordFrom(argv: readonly string[], from: number): number {
  for (let at = from; at < argv.length && argv[at] !== '--'; at++) {
    const word = argv[at] as string
    if (!isOption(word)) return at
    if (word === '--color' && COLOR_WORDS.some((known) => known === argv[at + 1])) at++
  }
  return -1
}

function inWords(words: readonly string[], last = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) as string}`
}
