/** The options that every command has, and reading the few of them that must be known before the parser has run. */

import type { OptionDef } from './define.ts'

export const COLOR_WORDS = ['auto', 'always', 'never'] as const
export type ColorWish = (typeof COLOR_WORDS)[number]

const GROUP = 'Everywhere'

export const GLOBAL_OPTIONS: readonly OptionDef[] = [
  { name: 'json', group: GROUP, does: 'one JSON envelope on stdout, also on failure' },
  { name: 'verbose', short: 'v', group: GROUP, does: 'say more' },
  { name: 'quiet', short: 'q', group: GROUP, does: 'no warnings' },
  { name: 'color', group: GROUP, value: { name: 'WHEN', kind: 'word', words: COLOR_WORDS }, bare: 'always', does: 'colour; default auto' },
  { name: 'help', short: 'h', group: GROUP, does: 'this text' },
  { name: 'version', short: 'V', group: GROUP, does: 'the version of ovl' },
]

/** How to answer, even when the words turn out to be wrong. */
export interface Manner {
  readonly json: boolean
  readonly color: ColorWish
  readonly help: boolean
  readonly version: boolean
}

/** Reads {@link Manner} from canonical words (see canonical.ts), where no value can be taken for an option. */
export function readManner(words: readonly string[]): Manner {
  const end = words.indexOf('--')
  const options = end < 0 ? words : words.slice(0, end)
  const wish = options.findLast((word) => word.startsWith('--color='))?.slice('--color='.length)
  const said = (word: string): boolean => options.includes(word)
  return { json: said('--json'), color: COLOR_WORDS.find((word) => word === wish) ?? 'auto', help: said('--help'), version: said('--version') }
}
