/**
 * A command pasted from a shell, its quotes already gone: `sudo LC_ALL=C /bin/mount -v -t overlay …` →
 * the words of `ovl mount`. What stands before mount is dropped, and so are the switches of mount(8)
 * that change nothing for an overlay.
 */

import type { Words } from './define.ts'
import { canonicalCall, parseWords } from './parser.ts'
import { COMMANDS } from './commands/index.ts'
import { usageError } from './usage-error.ts'

/** The words after `mount`, or undefined when these are no mount command. */
export function stripCommand(words: readonly string[]): readonly string[] | undefined {
  let at = 0
  while (at < words.length) {
    const word = words[at] as string
    if (isMount(word)) return words.slice(at + 1)
    if (PREFIXES.has(baseName(word)) || ASSIGNMENT.test(word)) at += 1
    else if (at > 0 && word.startsWith('-')) at += TAKES_VALUE.has(word) ? 2 : 1
    else return undefined
  }
  return undefined
}

/** True for words that begin as a pasted mount command does. */
export function isPasted([first = '', second = '']: readonly string[]): boolean {
  return isMount(first) || (PREFIXES.has(baseName(first)) && second !== '') || ASSIGNMENT.test(first)
}

/** The words of the pasted command, by the table of `ovl mount`. @throws OvlError usage, when it is none */
export async function readPasted(words: readonly string[]): Promise<Words> {
  const said = stripCommand(words)
  const command = COMMANDS.find(({ name }) => name === 'mount')
  if (said === undefined || command === undefined) throw usageError('what follows -- is no mount command', undefined, 'diagnose')
  const kept = said.filter((word) => !IDLE.has(word) && word !== '--').map((word) => (word === '-w' ? '-orw' : word.replace(/^-([vnifs]+)(?=[a-z]*$)/, '-v')))
  return parseWords(command, canonicalCall(command, kept))
}

const PREFIXES: ReadonlySet<string> = new Set(['sudo', 'doas', 'env', 'command', 'exec', 'busybox', 'ovl', 'time', 'nice', 'su', 'pkexec', '$', '#'])
/** Options of sudo and env that take the next word. */
const TAKES_VALUE: ReadonlySet<string> = new Set(['-u', '--user', '-g', '--group', '-C', '-h', '--host', '-p', '--prompt', '-S', '-n'])
/** Of mount(8): no mtab, no helper, fake, sloppy, verbose. */
const IDLE: ReadonlySet<string> = new Set(['-n', '-i', '-f', '-s', '--no-mtab', '--internal-only', '--fake', '--sloppy', '--verbose', '--no-canonicalize', '-c'])
const ASSIGNMENT = /^[A-Za-z_]\w*=/

const baseName = (word: string): string => word.slice(word.lastIndexOf('/') + 1)
const isMount = (word: string): boolean => baseName(word) === 'mount' || baseName(word) === 'mount.overlay'
