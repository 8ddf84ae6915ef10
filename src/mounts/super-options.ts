/**
 * The superblock options of one line of the mount table → keys and values. The kernel writes a comma
 * inside a value as `\054`, so each raw comma separates; the one exception is SELinux, which puts a
 * context that holds commas into quotes. What the values mean is not known here.
 */

import { unescapeOctal } from './octal.ts'

export interface SuperOption {
  readonly key: string
  /** Octal escapes undone, escapes of overlayfs kept. Absent for a bare flag. */
  readonly value?: string
  /** The value as the table has it. */
  readonly raw?: string
}

/** Superblock options → list, in the order of the table. */
export function splitSuperOptions(options: string): SuperOption[] {
  const list: SuperOption[] = []
  for (const word of options.includes('context="') ? splitQuoted(options) : options.split(',')) if (word !== '') list.push(parseOption(word))
  return list
}

function parseOption(word: string): SuperOption {
  const equals = word.indexOf('=')
  if (equals < 0) return { key: unescapeOctal(word) }
  const raw = word.slice(equals + 1)
  return { key: word.slice(0, equals), value: unescapeOctal(raw), raw }
}

/** Quotes count only around a context: in a path they are letters like others. */
function splitQuoted(options: string): string[] {
  return options.match(/(?:fs|def|root)?context="[^"]*"[^,]*|[^,]+/g) ?? []
}
