/**
 * The judge: facts → findings, root cause first. Rules suspect, the kernel’s words confirm, and the
 * suspects are ranked by how well they explain the very errno and stage of the failure.
 */

import type { Confidence, Finding, Severity } from '../errors/finding.ts'
import { errnoWords } from '../errors/errno.ts'
import { readAttempt } from './attempt.ts'
import type { Attempt } from './attempt.ts'
import { canExplain, checkOrder } from './causes.ts'
import type { Facts } from './facts.ts'
import { hear } from './hear.ts'
import { filesystemSuspects } from './rules/filesystem.ts'
import { guesses } from './rules/guesses.ts'
import { imageSuspects } from './rules/images.ts'
import { inUseSuspects } from './rules/in-use.ts'
import { limitSuspects } from './rules/limits.ts'
import { mountedSuspects } from './rules/mounted.ts'
import { optionSuspects } from './rules/options.ts'
import { pathSuspects } from './rules/paths.ts'
import { relationSuspects } from './rules/relations.ts'
import { rightsSuspects } from './rules/rights.ts'
import { stateSuspects } from './rules/state.ts'
import { seen, suspect, valueOf } from './suspect.ts'
import type { Rule, Suspect } from './suspect.ts'

const RULES: readonly Rule[] = [optionSuspects, pathSuspects, relationSuspects, inUseSuspects, filesystemSuspects, imageSuspects, limitSuspects, rightsSuspects, stateSuspects]

/**
 * Why a mount failed; without a trial, what would make it fail. Never empty for a failure: when nothing
 * explains it, `unknown` says what to collect next.
 */
export function judgeFailure(facts: Facts): Finding[] {
  const attempt = readAttempt(facts)
  const suspects = hear(facts, RULES.flatMap((rule) => rule(facts)))
  const ranked = rank(merge(suspects), attempt)
  if (attempt === undefined) return ranked.map(({ finding }) => finding)
  const explained = ranked.filter((one) => explains(one, attempt))
  if (explained.length === 0) {
    const guessed = guesses(facts, attempt)
    const rest = ranked.filter(({ finding }) => finding.severity === 'error').map(unsure)
    const last = guessed.length > 0 || rest.length > 0 ? [] : [unknown(facts, attempt)]
    return [...guessed, ...rest, ...last, ...ranked.filter(({ finding }) => finding.severity !== 'error')].map(({ finding }) => finding)
  }
  const certain = explained.some(({ finding }) => finding.confidence === 'certain')
  return ranked.filter((one) => !(certain && explained.includes(one) && one.finding.confidence !== 'certain')).map(({ finding }) => finding)
}

/**
 * What a mount that succeeded silently lacks, compared with what was asked for; the worst first, each before what follows
 * from it. With `hearsay` also what only the kernel log says and somebody else's mount may have caused, as likely: for
 * those who ask twice.
 */
export function judgeMounted(facts: Facts, { hearsay = false }: { readonly hearsay?: boolean } = {}): Finding[] {
  const findings = merge(mountedSuspects(facts, hearsay)).map(({ finding }) => finding)
  return findings.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
}

/** The kernel’s own words explain it; so does a fault that was seen and can end in this errno at this stage. */
function explains({ finding, said }: Suspect, attempt: Attempt): boolean {
  return said !== undefined || (finding.severity === 'error' && canExplain(finding.code, attempt))
}

const CONFIDENCES: readonly Confidence[] = ['certain', 'likely', 'possible']
const SAID: readonly Suspect['said'][] = ['confirmed', 'words', undefined]
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

function rank(suspects: readonly Suspect[], attempt: Attempt | undefined): Suspect[] {
  const key = (one: Suspect): number[] => [
    attempt === undefined || explains(one, attempt) ? 0 : 1,
    SAID.indexOf(one.said),
    SEVERITIES.indexOf(one.finding.severity),
    CONFIDENCES.indexOf(one.finding.confidence),
    attempt === undefined || explains(one, attempt) ? checkOrder(one.finding.code) : 0,
  ]
  return suspects.map((one) => ({ one, key: key(one) })).sort((a, b) => compare(a.key, b.key)).map(({ one }) => one)
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i])
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number)
}

/** One finding for one title: what two rules saw of it is added up. */
function merge(suspects: readonly Suspect[]): Suspect[] {
  const merged = new Map<string, Suspect>()
  for (const one of suspects) {
    const key = `${one.finding.code} ${one.finding.title}`
    const before = merged.get(key)
    if (before === undefined) merged.set(key, one)
    else {
      const evidence = [...before.finding.evidence, ...one.finding.evidence.filter(({ fact }) => !before.finding.evidence.some((known) => known.fact === fact))]
      merged.set(key, { ...before, ...saidBy(before, one), finding: { ...before.finding, evidence } })
    }
  }
  return [...merged.values()]
}

const saidBy = (...some: readonly Suspect[]): Pick<Suspect, 'said'> => {
  const said = SAID.find((how) => how !== undefined && some.some((one) => one.said === how))
  return said === undefined ? {} : { said }
}

/** True as a fact, but not the cause of this errno. */
const unsure = (one: Suspect): Suspect => ({ ...one, finding: { ...one.finding, confidence: 'possible' } })

function unknown({ trial, spec }: Facts, { errno }: Attempt): Suspect {
  const lines = [...(trial?.context ?? []), ...(valueOf(trial?.kernel) ?? [])]
  const readable = trial?.kernel.known === true
  const what = errno === undefined ? 'the mount failed' : `the kernel answered ${errno} (${errnoWords(errno)})${trial?.syscall === undefined ? '' : ` to ${trial.syscall}`}`
  return suspect('unknown', [], {
    title: `${what}, and nothing seen here explains it`,
    confidence: 'possible',
    evidence: lines.map((line) => seen('kernel-log', line)),
    fix: [
      readable
        ? { text: 'Look at what else the kernel said at that moment.', command: 'dmesg | tail -n 30' }
        : { text: 'Read the kernel log as root: the reason is written there and nowhere else.', command: 'sudo dmesg | grep -E "overlay|VFS" | tail -n 20' },
      ...(spec?.upper === undefined ? [] : [{ text: 'Try it read-only, without upper: that tells which half is at fault.' }]),
    ],
  })
}
