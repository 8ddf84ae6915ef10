/**
 * Sentences of the kernel inside a line of any log: after `overlayfs: `, after `fsconfig() failed: `, inside
 * quotes, followed by what a tool added. The sentences themselves are those of kernel-sentences.ts.
 */

import { readSentence } from '../kernel-words.ts'
import type { KernelSentence } from '../kernel-words.ts'
import type { FindingCode } from '../../errors/codes.ts'

/** A sentence, understood. */
export interface Heard {
  /** Without prefix and wrapping. */
  readonly text: string
  readonly codes: readonly FindingCode[]
  /** The mount, or the use of it, fails with it; else it is a remark. */
  readonly refuses: boolean
  readonly when: KernelSentence['when']
  readonly path?: string
  readonly option?: string
}

/** The sentences of a line without its prefixes, in order. */
export function sentencesOf(line: string): Heard[] {
  return startsOf(line).flatMap((start, i, starts) => {
    const piece = line.slice(start, starts[i + 1] ?? start + LONGEST)
    const heard = candidates(piece).map(understand).find((one) => one !== undefined)
    return heard === undefined ? [] : [heard]
  })
}

/** A path of the kernel’s own is shorter than a page. */
const LONGEST = 4600
const MOST = 6
const MARK = /\boverlay(?:fs)?: (?:overlay: )?|\bfsconfig\(\) failed: (?:overlay: )?|\bVFS: Legacy: /g

function startsOf(line: string): number[] {
  const marks = Array.from(line.slice(0, 12 * 1024).matchAll(MARK)).slice(0, MOST).map(({ index, 0: mark }) => (mark.startsWith('VFS') ? index : index + mark.length))
  return marks.length > 0 ? marks : [0]
}

/** Where a sentence ends that has a name in it; behind it stands what others wrote. */
const ENDS: readonly RegExp[] = [
  /^failed to resolve '[^\n]{0,4400}?': -\d{1,3}/,
  /^(?:filesystem|case)[^\n]{0,4400}? (?:not supported as upperdir|is read-only|is inconsistent|not supported)/,
  /^'?\/[^\n]{0,4400}?'? (?:is )?not a directory/,
  /^(?:Unknown parameter|Bad value for|Unexpected value for) '[^']{0,4400}'/,
  /^conflicting options: [\w=,]{1,200}/,
]

function candidates(piece: string): string[] {
  const end = ENDS.map((pattern) => pattern.exec(piece)?.[0]).find((found) => found !== undefined)
  const quoted = piece.indexOf('"')
  return [...(end === undefined ? [] : [end]), piece.replace(/["'`)\].,; ]{1,6}$/, ''), ...(quoted > 0 ? [piece.slice(0, quoted)] : []), piece]
}

function understand(text: string): Heard | undefined {
  const found = readSentence(text)
  // A tool's line about a mount point ends like the kernel's about a layer.
  if (found === undefined || /^\S{1,40}: |mount point/.test(found.groups['path'] ?? '')) return undefined
  const { sentence, groups } = found
  return { text: found.text, codes: sentence.codes, refuses: sentence.refuses, when: sentence.when, ...named('path', groups['path']), ...named('option', groups['option'] ?? groups['conflict']) }
}

const named = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> => (value === undefined ? {} : ({ [key]: value } as Record<K, string>))
