/**
 * Reading a message: any text → its structure. Lines without their wrapping and in English, the sentences
 * of the kernel, errnos, option strings, target, tools, and what kind of moment it is about. What they
 * mean is for judge.ts.
 */

import { cleanLines } from './clean.ts'
import { errnosOf } from './errno-words.ts'
import { inEnglish } from './localised.ts'
import { optionStringsOf } from './option-strings.ts'
import type { OptionString } from './option-strings.ts'
import { unwrap } from './prefixes.ts'
import { sentencesOf } from './sentences.ts'
import type { Heard } from './sentences.ts'
import { isAftermath } from './patterns/aftermath.ts'
import { kindOf } from './moment.ts'
import type { Moment } from './moment.ts'
import { targetOf } from './target.ts'
import { toolsOf } from './tools.ts'
import type { Tool } from './tools.ts'

export interface MessageLine {
  /** Without prefixes and controls, in English. */
  readonly text: string
  /** The process that its prefix names. */
  readonly process?: string
  /** A command, not its answer. */
  readonly typed: boolean
  readonly sentences: readonly Heard[]
  readonly errnos: readonly string[]
  /** Follows from an earlier failure: clean-up, exit status, dependents. */
  readonly aftermath: boolean
}

export interface Reading {
  readonly lines: readonly MessageLine[]
  readonly sentences: readonly Heard[]
  /** The errno that the failure itself ended with, where the text says one. */
  readonly errno?: string
  readonly moment: Moment
  readonly tools: ReadonlySet<Tool>
  readonly options: readonly OptionString[]
  /** All layers of all option strings, each once. */
  readonly layers: MessageLayers
  readonly target?: string
}

/** Layers as they were written, still escaped. */
export interface MessageLayers {
  readonly lower: readonly string[]
  readonly upper?: string
  readonly work?: string
}

/** The structure of a text. Never throws; time grows with the length of the text, up to a bound. */
export function readMessage(text: string): Reading {
  const unwrapped = inEnglish(cleanLines(text)).map(unwrap)
  const lines = unwrapped.filter((line) => line.text !== '').map((line): MessageLine => {
    const sentences = sentencesOf(line.text)
    return { ...line, sentences, errnos: sentences.length > 0 ? [] : errnosOf(line.text).map(({ errno }) => errno), aftermath: isAftermath(line.text) }
  })
  const options = lines.flatMap(({ text, typed }) => optionStringsOf(text, typed)).slice(0, 64)
  const errno = errnoOf(lines)
  const target = targetOf(lines)
  return {
    lines,
    sentences: lines.flatMap(({ sentences }) => sentences),
    moment: kindOf(lines, options),
    tools: toolsOf(lines),
    options,
    layers: layersOf(options),
    ...(errno === undefined ? {} : { errno }),
    ...(target === undefined ? {} : { target }),
  }
}

/**
 * Of several errnos the last one of the last line that is about a mount: tools wrap from the inside to the
 * outside, and what they say of cleaning up is no cause.
 */
function errnoOf(lines: readonly MessageLine[]): string | undefined {
  const telling = lines.filter(({ errnos, aftermath, typed }) => errnos.length > 0 && !aftermath && !typed)
  const about = telling.filter(({ text }) => /mount|overlay|fsconfig/i.test(text))
  return (about.at(-1) ?? telling.at(-1) ?? lines.findLast(({ errnos }) => errnos.length > 0))?.errnos.at(-1)
}

function layersOf(options: readonly OptionString[]): MessageLayers {
  const upper = options.find((one) => one.upper !== undefined)?.upper
  const work = options.find((one) => one.work !== undefined)?.work
  return { lower: [...new Set(options.flatMap(({ lower }) => lower))].slice(0, 1000), ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }) }
}
