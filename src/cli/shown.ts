/** How commands and options are spelt for readers, in help and man page alike. */

import type { CommandDef, OptionDef } from './define.ts'

/** The synopsis, each line complete. */
export function usageLines(command: CommandDef): string[] {
  return command.usage.map((words) => `ovl ${command.name} ${words}`.trimEnd())
}

/** `lower PATH`, `metacopy[=VALUE]`: without the dashes before it, which yargs adds. */
export function shownKey({ name, value, bare }: OptionDef): string {
  if (value === undefined) return name
  return bare === undefined ? `${name} ${value.name}` : `${name}[=${value.name}]`
}

/** What it does, which values there are, and whether it may be repeated. */
export function shownDoes({ does, value, many }: OptionDef): string {
  return `${does}${value?.words === undefined ? '' : ` (${value.words.join(', ')})`}${many === true ? '; may be repeated' : ''}`
}

/** A summary as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
