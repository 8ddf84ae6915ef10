/** The mount that a message is about, as mount words: what `--check` looks up. */

import type { MountWords } from '../overlay/words.ts'
import type { Reading } from './messages/read.ts'

/** The words of the last overlay in the text whose options are all there, or undefined when there is none. */
export function mountWordsOf({ options, lines, target }: Reading): MountWords | undefined {
  const last = options.findLast(({ cut, lower, upper }) => !cut && (lower.length > 0 || upper !== undefined))
  if (last === undefined) return undefined
  const point = target ?? lines.filter(({ typed }) => typed).flatMap((line) => afterOptions(line.text, last.raw)).at(-1)
  return { ...NO_WORDS, options: [last.raw], type: 'overlay', positionals: point === undefined ? [] : [point] }
}

const NO_WORDS: MountWords = { lower: [], data: [], options: [], tmpfs: false, readOnly: false, mkdir: false, positionals: [], typed: {} }

/** The first path that follows the options of a command. */
function afterOptions(line: string, options: string): string[] {
  const at = line.indexOf(options)
  const path = at < 0 ? undefined : /^["']?\s+(\/[^\s"'();|&]{0,4000})/.exec(line.slice(at + options.length))?.[1]
  return path === undefined ? [] : [path]
}
