/** The error of a wrong command line: what is wrong, the word that was probably meant, and where to read on. */

import { OvlError } from '../errors/ovl-error.ts'
import { editDistance } from '../overlay/nearest.ts'

/** A wrong command line; `nearest` is the word that was probably meant, `command` whose help to read. */
export function usageError(message: string, nearest?: string, command?: string): OvlError {
  const help = `ovl ${command === undefined ? '' : `${command} `}--help`
  return new OvlError('usage', message, { hint: nearest === undefined ? `see ${help}` : `did you mean ${nearest}? See ${help}` })
}

/** The known word nearest to a misspelt one; undefined when none is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const [best] = known.map((candidate) => ({ candidate, distance: editDistance(word, candidate) })).sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

/**
 * The value of an option that only knows some words; undefined when it was not said.
 * @throws OvlError usage, naming them
 */
export function oneOf<T extends string>(option: string, value: string | undefined, words: readonly T[], command: string): T | undefined {
  const known = words.find((word) => word === value)
  if (value !== undefined && known === undefined) throw usageError(`--${option} knows ${words.join(', ')}, not '${value}'`, nearestWord(value, words), command)
  return known
}
