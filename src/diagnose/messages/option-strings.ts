/**
 * Overlay options as they stand inside a message: after -o, behind `data:` or `mount_data=`, in an fstab
 * line, in Go's brackets, in quotes. They are read leniently: what is odd about them may be the fault.
 */

import { nameBytes } from '../../names/bytes.ts'
import { splitUnescaped } from '../../overlay/escape.ts'

/** Who wrote them down, and so which of the quotes and signs in them are the shell's. */
export type OptionsHome = 'command' | 'fstab' | 'log'

export interface OptionString {
  /** Without the quotes and brackets around it. */
  readonly raw: string
  readonly home: OptionsHome
  /** In order; a flag has no value. Values keep their quotes and escapes. */
  readonly pairs: readonly OptionPair[]
  readonly lower: readonly string[]
  readonly upper?: string
  readonly work?: string
  /** Somebody shortened it: `…`, `...`, or the end of the text. */
  readonly cut: boolean
  /** A blank stands where options are parted, or none should be. */
  readonly blank: boolean
}

export interface OptionPair {
  readonly key: string
  readonly value?: string
}

const KEY = /(?:lowerdir\+?|datadir\+|upperdir|workdir)=/g
const MOST = 24
/** Options that end in a blank, and these come after it. */
const FLAGS_BEFORE = /(?:^|["'\s=])[\w.-]{2,30}(?:,[\w.-]{2,30}){1,8} {1,2}$/

/** The option strings of a line. */
export function optionStringsOf(line: string, typed: boolean): OptionString[] {
  const found: OptionString[] = []
  KEY.lastIndex = 0
  for (let next = KEY.exec(line); next !== null && found.length < MOST; next = KEY.exec(line)) {
    const { start, end } = spanOf(line, next.index)
    const option = parse(line.slice(start, end), start > 0 ? line[start - 1] === '[' : false, homeOf(line, typed))
    found.push(FLAGS_BEFORE.test(line.slice(Math.max(0, start - 80), start)) ? { ...option, blank: true } : option)
    KEY.lastIndex = Math.max(end, next.index + 1)
  }
  return found
}

const COMMAND = /(?:^|[\s"'`(])(?:sudo |doas )?(?:\/\S{0,40}\/)?(?:mount|fuse-overlayfs|ovl|unshare|bwrap)\s+[-/\w]/
const FSTAB = /^\S+\s+\/\S*\s+(?:overlay|overlayfs|fuse\.fuse-overlayfs)\s+\S|^(?:\S+:\s*)?\S+\s+[/~]\S*\s+overlay\s+\S*lowerdir/

function homeOf(line: string, typed: boolean): OptionsHome {
  if (FSTAB.test(line) || /^Options\s*=/.test(line)) return 'fstab'
  return typed || COMMAND.test(line) ? 'command' : 'log'
}

const CLOSES: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '[': ']', '(': ')', '{': '}' }

/** From the beginning of the word around `at` to its end: the closing quote or bracket, or a blank that no comma precedes. */
function spanOf(line: string, at: number): { readonly start: number; readonly end: number } {
  let start = at
  while (start > 0 && !/[\s"'`[({]/.test(line[start - 1] as string)) start--
  // Go prints a list: the options before the first key stand there too, after blanks.
  const bracket = line.lastIndexOf('[', at)
  if (bracket >= 0 && bracket > line.lastIndexOf(']', at) && /^[\w=,.+ -]*$/.test(line.slice(bracket + 1, Math.min(at, bracket + 200)))) start = bracket + 1
  const opener = start > 0 ? (line[start - 1] as string) : ''
  const closer = CLOSES[opener]
  if (closer === '"' || closer === "'" || closer === '`') {
    const end = line.indexOf(closer, at)
    return { start, end: end < 0 ? line.length : end }
  }
  return { start, end: wordEnd(line, at, closer) }
}

function wordEnd(line: string, at: number, closer: string | undefined): number {
  let quote = ''
  for (let i = at; i < line.length; i++) {
    const char = line[i] as string
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if ((char === '"' || char === "'") && line[i - 1] === '=' && line.includes(char, i + 1)) quote = char
    else if (closer === ']' ? char === ']' : char === closer) return i
    else if (/\s/.test(char) && closer !== ']' && !(line[i - 1] === ',' && /^\s{1,3}[\w+]{2,20}=/.test(line.slice(i, i + 24)))) return i
  }
  return line.length
}

function parse(text: string, listed: boolean, home: OptionsHome): OptionString {
  const raw = text.replace(/^-o/, '').replace(/[:;)\]}>"'`]{1,4}$/, (end) => (/^["']$/.test(end) && text.includes(`=${end}`) ? end : ''))
  const words = listed && !raw.includes(',upperdir') ? raw.split(/ +/) : splitUnescaped(raw, ',')
  const pairs = words.filter((word) => word.trim() !== '').map((word): OptionPair => {
    const at = word.indexOf('=')
    return at < 0 ? { key: word.trim() } : { key: word.slice(0, at).trim(), value: word.slice(at + 1) }
  })
  const values = (...keys: string[]): string[] => pairs.flatMap(({ key, value }) => (keys.includes(key) && value !== undefined ? [value] : []))
  const [upper] = values('upperdir')
  const [work] = values('workdir')
  return {
    raw,
    home,
    pairs,
    lower: [...values('lowerdir').flatMap((value) => splitUnescaped(bare(value), ':')), ...values('lowerdir+', 'datadir+').map(bare)].filter((path) => path !== ''),
    ...(upper === undefined ? {} : { upper: bare(upper) }),
    ...(work === undefined ? {} : { work: bare(work) }),
    cut: /\.\.\.|…|\[\.\.\]|<[\w ]{1,20}>$/.test(text),
    blank: !listed && pairs.length > 1 && words.slice(1).some((word) => word.startsWith(' ')),
  }
}

/** A value without the quotes around it. */
export function bare(value: string): string {
  return value.length > 1 && /^["']/.test(value) ? value.replace(/^["']|["']$/g, '') : value
}

/** Bytes of the whole, as mount(2) gets it. */
export function bytesOf({ raw }: OptionString): number {
  return nameBytes(raw.toWellFormed())
}
