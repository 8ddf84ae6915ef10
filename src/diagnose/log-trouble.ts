/** The newest trouble in a kernel log that all mounts of the machine share: the last line that means something, and what was said with it. */

import type { FindingCode } from '../errors/codes.ts'
import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { advise } from './advice.ts'
import type { Facts } from './facts.ts'
import { judgeFailure } from './judge.ts'
import { readSentence } from './kernel-words.ts'

export interface LoggedLine {
  /** Microseconds since the system was started. */
  readonly time: number
  readonly text: string
}

/** Lines of one attempt are said within this time of each other. */
const TOGETHER = 20_000

/** The lines of the newest trouble, oldest first; empty when the log tells of none. */
export function newestTrouble(log: readonly LoggedLine[]): LoggedLine[] {
  const lines = withoutProbes(log)
  const last = lines.findLast(({ text }) => meansTrouble(text))
  return last === undefined ? [] : lines.filter(({ text, time }) => Math.abs(time - last.time) <= TOGETHER && meansTrouble(text))
}

/** More lines than this belong to a storm, of which the newest tell as much as all. */
const STORM = 200

/** The lines that mean trouble and are at most so many microseconds old, the newest first. */
export function freshTrouble(log: readonly LoggedLine[], now: number, most: number): LoggedLine[] {
  return withoutProbes(log).filter(({ time }) => now - time <= most).slice(-STORM).filter(({ text }) => meansTrouble(text)).reverse()
}

/** `ovl doctor` says when it begins and ends to try what may be refused. */
function withoutProbes(log: readonly LoggedLine[]): LoggedLine[] {
  const ends = new Map<string, number>()
  for (const [at, { text }] of log.entries()) {
    const pid = /^ovl doctor\[(\d+)\]: end/.exec(text)?.[1]
    if (pid !== undefined) ends.set(pid, at)
  }
  let until = -1
  return log.filter(({ text }, at) => {
    const pid = /^ovl doctor\[(\d+)\]: begin/.exec(text)?.[1]
    if (pid !== undefined) until = Math.max(until, ends.get(pid) ?? -1)
    return at > until
  })
}

function meansTrouble(text: string): boolean {
  const found = readSentence(text)
  return found !== undefined && (found.sentence.refuses || !HARMLESS.test(text))
}

/** Said of mounts that are as they should be. */
const HARMLESS = /does not support file handles|is (?:useless|meaningless)|falling back to (?:xino=off|uuid=null)|does not support (?:tmpfile|RENAME_WHITEOUT)|too big|connectable file handles|copying fileattr|disabling whiteout inode sharing|try mounting with 'userxattr'/

/** Trouble → findings. `facts` are of the system alone: whose mount it was, nobody knows any more. `now` is by the clock of the log. */
export function judgeTrouble(lines: readonly LoggedLine[], facts: Facts, now: number): Finding[] {
  if (lines.length === 0) return []
  const texts = lines.map(({ text }) => text)
  const refusals = texts.filter(refusesMount)
  const told = refusals.length > 0 ? judgeFailure({ ...facts, trial: { step: 'mount-overlay', context: [], kernel: { known: true, value: refusals } } }) : remarks(texts)
  const when = { fact: `${ageOf(now - (lines.at(-1)?.time ?? now))}, in the kernel log`, source: 'kernel-log' } as const
  return told.map((one) => (one.evidence.some(({ source }) => source === 'kernel-log') ? { ...one, confidence: one.confidence === 'certain' ? 'likely' : one.confidence, evidence: [...one.evidence, when] } : one))
}

/** The line says why a mount failed. */
function refusesMount(text: string): boolean {
  const sentence = readSentence(text)?.sentence
  return sentence?.refuses === true && sentence.when === 'mount'
}

/** Mounts that went on with less, and what failed in their use: one finding for a code, with all its lines. */
function remarks(texts: readonly string[]): Finding[] {
  const codeOf = (text: string): FindingCode => readSentence(text)?.sentence.codes[0] ?? 'unknown'
  return [...new Set(texts.map(codeOf))].map((code) => {
    const lines = texts.filter((text) => codeOf(text) === code)
    const found = readSentence(lines.at(-1) as string)
    const failed = code === 'work-dir-unusable' || lines.some((line) => readSentence(line)?.sentence.refuses === true)
    return finding(code, { title: found?.text ?? code, severity: failed ? 'error' : 'warning', evidence: lines.map((fact) => ({ fact, source: 'kernel-log' })), fix: advise(code) })
  })
}

/** Microseconds in words: `12 seconds ago`. */
export function ageOf(microseconds: number): string {
  const seconds = Math.max(0, Math.round(microseconds / 1e6))
  if (seconds === 0) return 'just now'
  const [count, unit] = seconds < 120 ? [seconds, 'second'] : seconds < 7200 ? [Math.round(seconds / 60), 'minute'] : seconds < 172_800 ? [Math.round(seconds / 3600), 'hour'] : [Math.round(seconds / 86_400), 'day']
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}
