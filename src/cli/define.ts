/**
 * What a command of ovl is: data. From one table of these (commands/index.ts) come the parser, --help,
 * the completions and the man page; the handler is imported only when its command is called.
 * Nothing here parses or prints.
 */

import type { Finding } from '../errors/finding.ts'
import type { View } from './output/view.ts'

/** Commands whose exit codes mean the same: see exit-codes.ts. */
export type Family = 'mount' | 'look' | 'check' | 'diff' | 'fsck' | 'run'

/** What a value is, for completion. */
export type ValueKind = 'directory' | 'file' | 'overlay' | 'mount-options' | 'word' | 'text'

export interface ValueDef {
  /** As it stands in the help: `DIR`. */
  readonly name: string
  readonly kind: ValueKind
  /** The values there are, when they can be counted. Completed, not enforced: the op says it better. */
  readonly words?: readonly string[]
}

export interface OptionDef {
  /** The long name, without dashes. */
  readonly name: string
  readonly short?: string
  /** Further long names, understood and not shown. */
  readonly aliases?: readonly string[]
  /** Absent: a flag. */
  readonly value?: ValueDef
  /** May be repeated; the order is kept. */
  readonly many?: boolean
  /** The value that the bare option stands for. */
  readonly bare?: string
  readonly does: string
  /** Heading in the help; `Options` when absent. */
  readonly group?: string
}

export interface PositionalsDef {
  readonly min: number
  /** Absent: no limit here. */
  readonly max?: number
  readonly value: ValueDef
}

export interface CommandDef {
  /** One word, or two: `live plan`, with the first a row of GROUPS. */
  readonly name: string
  readonly family: Family
  /** The `kind` of its JSON. */
  readonly kind: string
  /** One line, no full stop. */
  readonly summary: string
  /** Without the leading `ovl name`. */
  readonly usage: readonly string[]
  /** Paragraphs for --help and the man page. */
  readonly details?: readonly string[]
  readonly options: readonly OptionDef[]
  readonly positionals: PositionalsDef
  /** What follows `--` is a command line of its own, not more positionals. */
  readonly rest?: boolean
  /** It runs a program that has the terminal to itself: a Ctrl-C is for that. */
  readonly attached?: boolean
  /** `[command, what it does]`; each of them runs. */
  readonly examples: readonly (readonly [command: string, what: string])[]
  readonly load: () => Promise<{ readonly handler: Handler }>
}

/** The words of a call, by the table: no value is ever taken for a number or a boolean. */
export interface Words {
  readonly flag: Readonly<Record<string, true>>
  readonly text: Readonly<Record<string, string>>
  readonly list: Readonly<Record<string, readonly string[]>>
  readonly positionals: readonly string[]
  /** What followed `--`, for commands with {@link CommandDef.rest}. */
  readonly rest?: readonly string[]
}

export interface Call extends Words {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
}

/** What a command returns: a value, and how people read it. */
export interface Outcome {
  /** `data` of the JSON envelope. */
  readonly data: unknown
  readonly text: (view: View) => string
  /** In place of the command’s `kind`, where one of its options answers something else. */
  readonly kind?: string
  /** Says something with -v only. */
  readonly silent?: boolean
  readonly warnings?: readonly Finding[]
  /** One line on stderr for people: the next step. */
  readonly aside?: string
  /** Set when only some of it succeeded: shown, and part of the envelope. */
  readonly errors?: readonly unknown[]
  /** What was done and stays, for when the result cannot be written: `'/m' is mounted`. */
  readonly done?: string
  /** In place of 0. */
  readonly exit?: number
}

export type Handler = (call: Call) => Promise<Outcome>

/** Drops what is undefined, so that an absent word stays an absent property. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
