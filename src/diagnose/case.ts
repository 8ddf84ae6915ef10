/**
 * A case: all that diagnose goes by, as data. Facts about the words and this system, what a trial answered,
 * what was wrong with the words themselves. It is what `--facts` writes and `--from-facts` reads, and
 * judging it needs no system at all.
 */

import type { Finding, Severity } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { Facts } from './facts.ts'
import { judgeFailure, judgeMounted } from './judge.ts'
import { foresee } from './foresee.ts'
import type { TrialAnswer } from './trial-answer.ts'
import { unseenFacts } from './unseen.ts'

export interface Case {
  readonly version: 1
  readonly facts: Facts
  /** What is wrong with the words, before any system is asked. */
  readonly faults: readonly Finding[]
  /** Absent when nothing was tried. */
  readonly trial?: Omit<TrialAnswer, 'trial' | 'mounted' | 'upper'> & { readonly inUserNamespace: boolean }
}

export interface Verdict {
  readonly findings: readonly Finding[]
  readonly trial?: { readonly tried: readonly string[]; readonly errno?: string; readonly kernel: readonly string[] }
  /** What could not be looked at, in words. */
  readonly unseen: readonly string[]
}

/** A case → every fault in it, root cause first. */
export function judgeCase({ facts, faults, trial }: Case): Verdict {
  const { trial: attempt } = facts
  const said = [...(attempt?.context ?? []), ...(attempt?.kernel.known === true ? attempt.kernel.value : [])]
  return {
    findings: distinct(findingsOf({ facts, faults, trial })),
    ...(trial === undefined || trial.tried.length === 0 ? {} : { trial: { tried: trial.tried, ...(attempt?.errno === undefined ? {} : { errno: attempt.errno }), kernel: said } }),
    unseen: [...unseenFacts(facts), ...(trial?.leftOut ?? [])],
  }
}

function findingsOf({ facts, faults, trial }: Pick<Case, 'facts' | 'faults'> & { readonly trial: Case['trial'] | undefined }): Finding[] {
  const { trial: attempt, mounted, ...seen } = facts
  const refused = trial?.refused
  const own = refused === undefined ? [] : refused.findings.length > 0 ? refused.findings : [finding(refused.code, { title: refused.message, fix: refused.hint === undefined ? [] : [{ text: refused.hint }] })]
  const wordErrors = faults.filter(({ severity }) => severity === 'error')
  const rest = faults.filter(({ severity }) => severity !== 'error')
  // It was tried with the rights there are: what a user namespace does otherwise is told as such.
  const within = trial?.inUserNamespace === true ? { ...facts, system: { ...facts.system, inUserNamespace: { known: true, value: true } as const } } : facts
  if (attempt !== undefined && mounted === undefined) return [...wordErrors, ...own, ...judgeFailure(within), ...judgeRights(facts, within), ...rest]
  const foreseen = judgeFailure(seen)
  const lost = mounted === undefined ? [] : judgeMounted(within)
  // What was judged of the mount itself is known better than what was foreseen.
  // Where the words are wrong already, what else is wrong with them comes before what the paths are.
  const ofWords = wordErrors.length === 0 ? [] : foreseen.filter(({ severity, evidence }) => severity === 'error' && evidence.every(({ source }) => source === 'message'))
  const judged = [...foreseen.filter(({ code, severity }) => severity === 'error' || !lost.some((other) => other.code === code)), ...lost, ...foresee(facts, trial?.work)]
  return [...wordErrors, ...own, ...ofWords, ...judged.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)), ...rest]
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

/** Inside the user namespace of the trial mounting is permitted; outside, where it was asked about, it may not be. */
function judgeRights(facts: Facts, within: Facts): Finding[] {
  if (facts === within) return []
  const { trial: _, ...seen } = facts
  return judgeFailure(seen).filter(({ code }) => code === 'not-permitted' || code === 'userns-disabled')
}

function distinct(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>()
  return findings.filter(({ code, title }) => {
    const key = `${code} ${title}`
    if (known.has(key)) return false
    known.add(key)
    return true
  })
}
