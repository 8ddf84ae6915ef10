/** What the terminal behind a stream can do, asked only when there is something to show. */

import { fstatSync } from 'node:fs'
import type { ColorWish } from '../global-options.ts'
import { PLAIN_STYLE } from './view.ts'
import type { View } from './view.ts'
import type { Stream } from './write.ts'

type Env = Readonly<Record<string, string | undefined>>

/** True when a person looks at it. */
export async function isTerminal(stream: Stream): Promise<boolean> {
  const fd = stream === 'out' ? 1 : 2
  // node:tty takes 4 ms to load: pipes and files are known without it.
  if (!isCharacterDevice(fd)) return false
  const { isatty } = await import('node:tty')
  return isatty(fd)
}

/** The view for one stream. */
export async function viewOf(stream: Stream, { color, verbose }: { readonly color: ColorWish; readonly verbose: boolean }, env: Env = process.env): Promise<View> {
  const terminal = await isTerminal(stream)
  const style = wantsColor(color, env, terminal) ? (await import('./style.ts')).createStyle() : PLAIN_STYLE
  return { columns: columnsOf(stream, terminal, env), unicode: isUtf8Locale(env), verbose, style }
}

/**
 * Whether to colour: --color, then FORCE_COLOR, then NO_COLOR (https://no-color.org), then whether a
 * person is looking. Node and chalk rank the two variables alike.
 */
export function wantsColor(wish: ColorWish, env: Env, terminal: boolean): boolean {
  if (wish !== 'auto') return wish === 'always'
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if ((env['NO_COLOR'] ?? '') !== '') return false
  return terminal && env['TERM'] !== 'dumb'
}

/** By the rule of setlocale(3): the first of the three that is set decides. */
export function isUtf8Locale(env: Env): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '') ?? ''
  return /utf-?8/i.test(locale)
}

/** COLUMNS counts where it is exported, also for pipes. */
function columnsOf(stream: Stream, terminal: boolean, env: Env): number {
  const said = Number(env['COLUMNS'])
  if (Number.isInteger(said) && said > 0) return said
  if (!terminal) return Infinity
  return (stream === 'out' ? process.stdout : process.stderr).columns || 80
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice()
  } catch {
    // Closed: nobody looks.
    return false
  }
}
