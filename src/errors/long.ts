/**
 * Everything that is known of one finding code, for `ovl diagnose --code CODE`. The texts stand in
 * long/, one file a family; this file proves that none is missing, and sets them in 80 columns.
 */

import { CATALOGUE } from './catalogue.ts'
import type { FindingCode } from './codes.ts'
import { FILESYSTEM_TEXTS } from './long/filesystems.ts'
import { RELATION_TEXTS } from './long/layers.ts'
import { LIMIT_TEXTS } from './long/limits.ts'
import { LIVE_TEXTS } from './long/live.ts'
import type { LongText } from './long/long-text.ts'
import { OPTION_TEXTS } from './long/options.ts'
import { PATH_TEXTS } from './long/paths.ts'
import { RIGHTS_TEXTS } from './long/rights.ts'
import { RUNTIME_TEXTS } from './long/runtime.ts'
import { SPELLING_TEXTS } from './long/spelling.ts'
import { STATE_TEXTS } from './long/state.ts'
import { TOOL_TEXTS } from './long/tool.ts'

export type { LongText } from './long/long-text.ts'

/** Every code has a text: a missing one does not compile. */
const TEXTS: Readonly<Record<FindingCode, LongText>> = {
  ...PATH_TEXTS,
  ...RELATION_TEXTS,
  ...FILESYSTEM_TEXTS,
  ...OPTION_TEXTS,
  ...SPELLING_TEXTS,
  ...RIGHTS_TEXTS,
  ...STATE_TEXTS,
  ...LIMIT_TEXTS,
  ...RUNTIME_TEXTS,
  ...TOOL_TEXTS,
  ...LIVE_TEXTS,
}

/** The parts of a code’s text. */
export function longText(code: FindingCode): LongText {
  return TEXTS[code]
}

const COLUMNS = 80
const INDENT = '  '

/** The whole text of a code, without styles; ends with a newline. Commands stand on lines of their own, unbroken. */
export function renderLongText(code: FindingCode): string {
  const { what, why, see, fix, since, reads } = longText(code)
  const sections: readonly (readonly [heading: string, lines: readonly string[]])[] = [
    ['What it is', wrap(what, INDENT)],
    [Object.hasOwn(TOOL_TEXTS, code) ? 'Why' : 'Why the kernel insists', wrap(why, INDENT)],
    ['How it reads', (reads ?? []).flatMap(item)],
    ['How to see it', see.map((command) => INDENT.repeat(2) + command)],
    ['How to fix it', fix.flatMap(way)],
    ['Since when', since === undefined ? [] : wrap(since, INDENT)],
  ]
  const body = sections.filter(([, lines]) => lines.length > 0).map(([heading, lines]) => [heading, ...lines].join('\n'))
  return `${[`${code} (${CATALOGUE[code].severity})`, ...body].join('\n\n')}\n`
}

/** One of a list; its further lines stand below its first word. */
function item(text: string): string[] {
  const [first = '', ...rest] = wrap(text, INDENT.repeat(2))
  return [`${INDENT}- ${first.trimStart()}`, ...rest]
}

/** A way out, and the commands of it. */
function way(text: string): string[] {
  const [words = '', ...commands] = text.split('\n')
  return [...item(words), ...commands.map((command) => INDENT.repeat(3) + command)]
}

/** Breaks at blanks. A word that is longer than the line would stand alone; the texts have none. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > COLUMNS) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, indent + line]
}
