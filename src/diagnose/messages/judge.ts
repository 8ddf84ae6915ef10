/**
 * The judge of messages: text → findings, the root cause first. Every family of patterns hints at codes;
 * a code is as likely as its best hint. Where the text decides nothing, what the machine around it tells
 * is heard as well; what a look at the very mount tells is compare.ts.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Confidence, Evidence, Finding, Fix } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { advise } from '../advice.ts'
import { quotable } from './clean.ts'
import { byLog, byPlace } from './patterns/around.ts'
import { circumstances } from './patterns/circumstances.ts'
import { elsewhere } from './patterns/elsewhere.ts'
import { byErrno } from './patterns/errno.ts'
import { SHOWN, TOOL } from './patterns/hint.ts'
import type { Family, Hint } from './patterns/hint.ts'
import { byKernel } from './patterns/kernel.ts'
import { optionClues } from './patterns/option-clues.ts'
import { aftermath, bySpeech } from './patterns/spoken.ts'
import { questionFor, withoutLog } from './questions.ts'
import { readMessage } from './read.ts'
import type { Reading } from './read.ts'
import { isUndecided } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'
import { titleOf } from './titles.ts'

const FAMILIES: readonly Family[] = [byKernel, bySpeech, elsewhere, optionClues, circumstances, byErrno, aftermath]

/** What a message means, the likeliest first; never empty. Pure: nothing in the text is looked up or run. */
export function judgeMessage(text: string, around?: Surroundings): Finding[] {
  return judgeReading(readMessage(text), around)
}

/** The same for a message that was read already. */
export function judgeReading(reading: Reading, around?: Surroundings): Finding[] {
  const read = hintsOf(reading)
  const hints = around !== undefined && isUndecided(reading, read) ? [...byLog(reading, around), ...byPlace(reading, around), ...read.filter(({ code }) => !isRuledOut(code, around))] : read
  const best = likeliest(hints.length > 0 ? hints : [{ code: 'unknown', weight: 0, because: reading.lines[0]?.text ?? '' }])
  return kept(best).map((hint) => toFinding(hint, hints, reading))
}

/** The text leaves the cause open, so that it is worth looking around ({@link Surroundings}). */
export function leavesOpen(reading: Reading): boolean {
  return isUndecided(reading, hintsOf(reading))
}

const hintsOf = (reading: Reading): Hint[] => FAMILIES.flatMap((family) => family(reading))

const MOST = 8
/** Beside what the log says; the rest is guesses. */
const BESIDE = 4

/** The best hint of each code, in order of weight; of equal ones the first stays first. */
function likeliest(hints: readonly Hint[]): Hint[] {
  const best = new Map<string, Hint>()
  for (const hint of hints) if (hint.weight > (best.get(hint.code)?.weight ?? -1)) best.set(hint.code, hint)
  return [...best.values()].sort((a, b) => b.weight - a.weight)
}

/** Where the kernel or a tool said it, guesses from the errno are dropped; consequences are always named. A log may be about something else, and only makes the list short. */
function kept(hints: readonly Hint[]): Hint[] {
  const [top] = hints
  if (top?.seen !== undefined) return hints.filter(({ code }) => code !== 'unknown').slice(0, BESIDE)
  const decided = top !== undefined && top.weight >= TOOL - 6
  return hints.filter((hint) => hint === top || hint.code === 'secondary-error' || !(decided && (hint.weight < SHOWN - 12 || hint.code === 'unknown' || top.sure === true && hint.weight < SHOWN))).slice(0, MOST)
}

/** Said to be possible by an errno, and seen to be otherwise. */
function isRuledOut(code: FindingCode, { target }: Surroundings): boolean {
  return target?.kind === 'directory' && (code === 'target-not-directory' || code === 'target-missing')
}

function toFinding(hint: Hint, hints: readonly Hint[], reading: Reading): Finding {
  const seen = hint.seen?.map(({ fact, source }): Evidence => ({ fact: quotable(fact), source })) ?? []
  const because = [hint, ...hints.filter(({ code, weight }) => code === hint.code && weight >= SHOWN)].filter((one) => one.seen === undefined).map((one) => quotable(one.because)).filter((fact, i, all) => fact !== '' && all.indexOf(fact) === i)
  const evidence = [...seen, ...because.slice(0, 4).map((fact): Evidence => ({ fact, source: 'message' }))]
  const confidence = confidenceOf(hint)
  // The kernel log was read already, or is what was handed in.
  const isSaid = hint.seen !== undefined || reading.sentences.some(({ text }) => text === hint.because)
  const questions = isSaid ? withoutLog(questionFor(hint, reading)) : questionFor(hint, reading)
  const advice = waysOut(hint.code)
  const fix = confidence === 'certain' || isSaid ? [...advice, ...questions] : [...questions, ...advice]
  return finding(hint.code, { title: titleOf(hint), evidence, fix, confidence })
}

/** Where nothing short can be said, what is said at length. */
function waysOut(code: FindingCode): Fix[] {
  const advice = advise(code)
  return advice.length > 0 || NO_CAUSE.includes(code) ? advice : [{ text: 'Read what it is, and all that mends it.', command: `ovl diagnose --code ${code}` }]
}

const NO_CAUSE: readonly FindingCode[] = ['unknown', 'not-overlayfs', 'secondary-error']

function confidenceOf({ weight, sure, likely, code, seen }: Hint): Confidence {
  if (code === 'unknown' || (seen !== undefined && likely !== true)) return 'possible'
  if (sure === true && weight >= TOOL) return 'certain'
  return likely === true || weight >= SHOWN - 2 ? 'likely' : 'possible'
}
