/**
 * The judge of messages: text → findings, the root cause first. Every family of patterns hints at codes;
 * a code is as likely as its best hint. With facts of the system the suspects are looked up, and what was
 * seen goes before what was only read.
 */

import type { Confidence, Evidence, Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { advise } from '../advice.ts'
import type { Facts } from '../facts.ts'
import { quotable } from './clean.ts'
import { circumstances } from './patterns/circumstances.ts'
import { elsewhere } from './patterns/elsewhere.ts'
import { byErrno } from './patterns/errno.ts'
import { SHOWN, TOOL } from './patterns/hint.ts'
import type { Family, Hint } from './patterns/hint.ts'
import { byKernel } from './patterns/kernel.ts'
import { optionClues } from './patterns/option-clues.ts'
import { aftermath, bySpeech } from './patterns/spoken.ts'
import { questionFor } from './questions.ts'
import { readMessage } from './read.ts'
import type { Reading } from './read.ts'
import { titleOf } from './titles.ts'
import { compareWithFacts } from './compare.ts'

const FAMILIES: readonly Family[] = [byKernel, bySpeech, elsewhere, optionClues, circumstances, byErrno, aftermath]

/**
 * What a message means, the likeliest first; never empty. Pure: nothing in the text is looked up or run.
 * With `facts`, gathered about what the text names (spec-of.ts), what was seen on that system comes first.
 */
export function judgeMessage(text: string, facts?: Facts): Finding[] {
  const reading = readMessage(text)
  const read = judgeReading(reading)
  return facts === undefined ? read : compareWithFacts(read, reading, facts)
}

/** The same for a message that was read already. */
export function judgeReading(reading: Reading): Finding[] {
  const hints = FAMILIES.flatMap((family) => family(reading))
  const best = likeliest(hints.length > 0 ? hints : [{ code: 'unknown', weight: 0, because: reading.lines[0]?.text ?? '' }])
  return kept(best).map((hint) => toFinding(hint, hints, reading))
}

const MOST = 8

/** The best hint of each code, in order of weight; of equal ones the first stays first. */
function likeliest(hints: readonly Hint[]): Hint[] {
  const best = new Map<string, Hint>()
  for (const hint of hints) if (hint.weight > (best.get(hint.code)?.weight ?? -1)) best.set(hint.code, hint)
  return [...best.values()].sort((a, b) => b.weight - a.weight)
}

/** Where the kernel or a tool said it, guesses from the errno are dropped; consequences are always named. */
function kept(hints: readonly Hint[]): Hint[] {
  const [top] = hints
  const decided = top !== undefined && top.weight >= TOOL - 6
  return hints.filter((hint) => hint === top || hint.code === 'secondary-error' || !(decided && (hint.weight < SHOWN - 12 || hint.code === 'unknown' || top.sure === true && hint.weight < SHOWN))).slice(0, MOST)
}

function toFinding(hint: Hint, hints: readonly Hint[], reading: Reading): Finding {
  const because = [hint, ...hints.filter(({ code, weight }) => code === hint.code && weight >= SHOWN)].map((one) => quotable(one.because)).filter((fact, i, all) => fact !== '' && all.indexOf(fact) === i)
  const evidence = because.slice(0, 4).map((fact): Evidence => ({ fact, source: 'message' }))
  const confidence = confidenceOf(hint)
  const fix = confidence === 'certain' ? [...advise(hint.code), ...questionFor(hint, reading)] : [...questionFor(hint, reading), ...advise(hint.code)]
  return finding(hint.code, { title: titleOf(hint), evidence, fix, confidence })
}

function confidenceOf({ weight, sure, likely, code }: Hint): Confidence {
  if (code === 'unknown') return 'possible'
  if (sure === true && weight >= TOOL) return 'certain'
  return likely === true || weight >= SHOWN - 2 ? 'likely' : 'possible'
}
