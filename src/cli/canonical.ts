/**
 * Rewrites the spellings that users of getopt_long(3) expect and yargs-parser reads otherwise, so that
 * the fast parser and yargs see the same plain words:
 *
 *     -lDIR, -l=DIR → --lower=DIR      -rv → -r -v      --metacopy → --metacopy=on      --redirect_dir=on → --redirect-dir=on
 *
 * It also names the options that the table does not have. Words that need no change are left as they are.
 */

import type { OptionDef } from './define.ts'

export interface CanonicalWords {
  readonly words: readonly string[]
  /** Options of no table, as they were typed. */
  readonly unknown: readonly string[]
}

/** Rewrites up to `--`. A value never begins with a dash, unless it follows an equals sign or is `-` itself. */
export function canonicalWords(argv: readonly string[], options: readonly OptionDef[]): CanonicalWords {
  const words: string[] = []
  const unknown: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string
    if (word === '--') return { words: [...words, ...argv.slice(at)], unknown }
    if (!isOption(word)) {
      words.push(word)
      continue
    }
    const said = word.startsWith('--') ? longOption(word, options) : shortOptions(word, options)
    words.push(...said.words)
    unknown.push(...said.unknown)
    const open = said.open
    const next = argv[at + 1]
    if (open === undefined || next === undefined) {
      if (open?.bare !== undefined) words.push(`${words.pop() as string}=${open.bare}`)
    } else if (open.bare !== undefined) {
      // The bare form stands for itself; the next word is its value only when it can be nothing else.
      const own = open.value?.words?.includes(next) === true
      words.push(`${words.pop() as string}=${own ? next : open.bare}`)
      if (own) at++
    } else if (!isOption(next)) {
      words.push(next)
      at++
    }
  }
  return { words, unknown }
}

/** True for a word that says an option; `-` is a name for stdin and `-5` a number. */
export function isOption(word: string): boolean {
  return /^-[^0-9]/.test(word)
}

/** Finds by long name, also when it is written with underscores, as the kernel spells its own. */
export function findOptionDef(name: string, options: readonly OptionDef[]): OptionDef | undefined {
  const by = (wanted: string): OptionDef | undefined => options.find((option) => option.name === wanted || option.aliases?.includes(wanted) === true)
  return by(name) ?? by(name.replaceAll('_', '-'))
}

interface Said extends CanonicalWords {
  /** The option whose value may be the next word. */
  readonly open?: OptionDef
}

function longOption(word: string, options: readonly OptionDef[]): Said {
  const equals = word.indexOf('=')
  const name = word.slice(2, equals < 0 ? undefined : equals)
  const option = findOptionDef(name, options)
  if (option === undefined) return { words: [word], unknown: [equals < 0 ? word : word.slice(0, equals)] }
  const plain = `--${option.name}`
  if (equals >= 0) return { words: [`${plain}${word.slice(equals)}`], unknown: [] }
  return option.value === undefined ? { words: [plain], unknown: [] } : { words: [plain], unknown: [], open: option }
}

/** A cluster: flags one by one; the first letter that takes a value takes the rest of the word. */
function shortOptions(word: string, options: readonly OptionDef[]): Said {
  const words: string[] = []
  for (let at = 1; at < word.length; at++) {
    const option = options.find(({ short }) => short === word[at])
    if (option === undefined) return { words: [...words, `-${word.slice(at)}`], unknown: [`-${word[at] as string}`] }
    const plain = `--${option.name}`
    const value = word.slice(at + 1)
    if (option.value === undefined && !value.startsWith('=')) words.push(plain)
    else if (value === '') return { words: [...words, plain], unknown: [], open: option }
    else return { words: [...words, `${plain}=${value.replace(/^=/, '')}`], unknown: [] }
  }
  return { words, unknown: [] }
}
