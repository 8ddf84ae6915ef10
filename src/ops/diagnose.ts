/**
 * `ovl diagnose`: what is wrong with words, with an error text, with a live mount, or what the kernel
 * last complained of. Facts are gathered, a mount is tried where there is one to try; rules judge. Nothing stays.
 */

import type { Case } from '../diagnose/case.ts'
import { judgeCase } from '../diagnose/case.ts'
import type { Facts } from '../diagnose/facts.ts'
import { foreseeLive } from '../diagnose/foresee.ts'
import { judgeFailure } from '../diagnose/judge.ts'
import { judgeLive } from '../diagnose/live-health.ts'
import { judgeTrouble, newestTrouble } from '../diagnose/log-trouble.ts'
import { unseenFacts } from '../diagnose/unseen.ts'
import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { collectFacts } from '../host/facts.ts'
import { readMounts } from '../host/facts/mounts.ts'
import { collectSystem } from '../host/facts/system.ts'
import { kernelLogNow, readKernelLog } from '../host/kmsg.ts'
import { collectLiveState } from '../host/live-state.ts'
import { findOwner } from '../host/owner.ts'
import { startTrial } from '../host/trial.ts'
import { findWorkTrouble } from '../host/trial/work-trouble.ts'
import { walkUpper } from '../host/upper-walk.ts'
import type { Inspection } from '../mounts/inspection.ts'
import { fixByOwner } from '../mounts/owner.ts'
import { isOptionName } from '../overlay/options.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import { quoteShell } from '../names/shell.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { readWords } from '../overlay/words.ts'
import type { MountWords } from '../overlay/words.ts'
import { diagnoseMessage } from './diagnose-message.ts'
import { inspect } from './inspect.ts'
import { findSilentLayers } from './silent-layers.ts'
import { upperWarnings } from './mount.ts'

export type { Case } from '../diagnose/case.ts'

/** What is to be diagnosed; without any of these, what the kernel last complained of. */
export interface DiagnoseRequest {
  /** A mount, as a spec or a builder … */
  readonly spec?: OverlaySpec | OverlayBuilder
  /** … or as the words of a command line, right or wrong. */
  readonly words?: MountWords
  /** Any path inside a live overlay. */
  readonly target?: string
  /** An error text, of any tool. Where it leaves the cause open, the kernel log of this machine is looked at as well. */
  readonly message?: string
  /** Look up on this system the paths and options that the message names. */
  readonly check?: boolean
  /** Facts gathered earlier, perhaps elsewhere. Nothing is looked at here. */
  readonly facts?: Case
  /** Do not try the mount; default is to try. */
  readonly trial?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Diagnosis {
  /** Root cause first. */
  readonly findings: readonly Finding[]
  /** What was tried, the errno it ended in, and the kernel’s words. */
  readonly trial?: { readonly tried: readonly string[]; readonly errno?: string; readonly kernel: readonly string[] }
  /** The words as they were understood. */
  readonly words?: OverlaySpec
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[]
}

/**
 * Names what is wrong. Mounting is tried in a private mount namespace, on directories that stand in for
 * upper and work: neither they nor the mount table are touched. What a layer’s file system does not answer
 * within five seconds is not waited for.
 * @throws OvlError `not-mounted`, `target-missing` (of `target`); `interrupted`
 */
export async function diagnose(request: DiagnoseRequest = {}): Promise<Diagnosis> {
  return (await examine(request)).diagnosis
}

/** {@link diagnose}, with the case that the verdict rests on where there is one. */
export async function examine(request: DiagnoseRequest): Promise<{ readonly diagnosis: Diagnosis; readonly judged?: Case }> {
  const { spec, words, target, message, facts } = request
  if (facts !== undefined) return { diagnosis: verdictOf(facts), judged: facts }
  if (spec !== undefined) return examineSpec(specOf(spec), [], request)
  if (words !== undefined) {
    const read = readWords(words)
    return examineSpec(read.spec, read.faults, request)
  }
  if (target !== undefined) return { diagnosis: await diagnoseLive(target) }
  if (message !== undefined) return { diagnosis: await diagnoseMessage(message, request, (spec, faults) => examineSpec(spec, faults, { signal: request.signal })) }
  return { diagnosis: diagnoseLog() }
}

async function examineSpec(spec: OverlaySpec, faults: readonly Finding[], { trial: wanted = true, signal }: DiagnoseRequest): Promise<{ diagnosis: Diagnosis; judged?: Case }> {
  const silent = await findSilentLayers(spec, signal)
  if (silent.length > 0) return { diagnosis: { findings: [...faults, ...silent], words: spec, unseen: ['all else: whoever looks at what does not answer waits as well'] } }
  const wrong = faults.some(({ severity }) => severity === 'error')
  const running = wanted && !wrong ? startTrial(signal) : undefined
  const facts = collectFacts(spec, { everywhere: true })
  if (running === undefined) {
    const judged: Case = { version: 1, facts, faults, ...(wrong && wanted ? { trial: { tried: [], leftOut: ['the trial mount was not made: the words cannot be read as they were meant'], inUserNamespace: false } } : {}) }
    return { diagnosis: withUpperOf(verdictOf(judged), spec), judged }
  }
  const { trial: attempt, mounted, upper, ...trial } = await running.run(spec, facts)
  // The trial loads the module, if it was not.
  const system = facts.system.moduleParameters.known ? facts.system : collectSystem(readMounts())
  const judged: Case = {
    version: 1, faults, trial,
    facts: { ...facts, system, ...(attempt === undefined ? {} : { trial: attempt }), ...(mounted === undefined ? {} : { mounted: { known: true, value: mounted } }), ...(upper === undefined ? {} : { upperProbe: { known: true, value: upper } }) },
  }
  return { diagnosis: withUpperOf(verdictOf(judged), spec), judged }
}

/** An upper that a stopped container will use again. It is asked of the stores here, and no fact of a case. */
function withUpperOf(diagnosis: Diagnosis, { upper }: OverlaySpec): Diagnosis {
  return { ...diagnosis, findings: [...diagnosis.findings, ...upperWarnings(upper, diagnosis.findings)] }
}

function verdictOf(judged: Case): Diagnosis {
  const { findings, trial, unseen } = judgeCase(judged)
  const { spec } = judged.facts
  return { findings, ...(trial === undefined ? {} : { trial }), ...(spec === undefined ? {} : { words: spec }), unseen }
}

async function diagnoseLive(target: string): Promise<Diagnosis> {
  const inspection = await inspect(target)
  const there = (role: string): string[] => inspection.layers.filter((layer) => layer.role === role && layer.exists === true && layer.covered !== true).map(({ path }) => path)
  const [upper] = inspection.type === 'overlay' ? there('upper') : []
  const walk = upper === undefined ? undefined : walkUpper(upper, there('lower'), inspection.layers.every(({ exists, covered }) => exists === true && covered !== true))
  const state = { ...collectLiveState(inspection), ...(walk === undefined ? {} : { walk }) }
  const hidden = inspection.layers.filter(({ exists, covered }) => exists === undefined && covered !== true).map(({ role, path }) => `whether ${role} '${path}' is still there`)
  const changed = judgeLive(inspection, state)
  // “Can be changed” is no news where something was.
  const known = changed.some(({ code }) => code === 'lower-modified') ? inspection.findings.filter(({ code, severity }) => code !== 'lower-modified' || severity !== 'note') : inspection.findings
  return { findings: bySeverity(fixByOwner([...judgeAsWords(inspection), ...known, ...changed], findOwner(inspection))), unseen: [...hidden, ...state.unseen, ...(walk?.complete === false ? [`the rest of upper '${upper}': only its first entries were looked at`] : [])] }
}

/** What its layers would be told as words: of a success that is none, the mount table and a log that is gone say little. */
function judgeAsWords(inspection: Inspection): Finding[] {
  const { type, target, lower, data, upper, work, options, flags, readOnly, layers } = inspection
  if (type !== 'overlay' || upper === undefined || work === undefined || !layers.every(({ exists, covered }) => exists === true && covered !== true)) return []
  const known = Object.fromEntries(Object.entries(options).filter(([name]) => isOptionName(name)))
  const spec = { ...EMPTY_SPEC, target, lower: lower.map((path) => ({ path })), data: data.map((path) => ({ path })), upper, work, options: known, flags: flags.includes('ro') ? ['ro' as const] : [] }
  return foreseeLive(collectFacts(spec), readOnly ? findWorkTrouble(work) : undefined)
}

function diagnoseLog(): Diagnosis {
  const log = readKernelLog()
  const facts = systemFacts()
  const trouble = log.known ? newestTrouble(log.value) : []
  const told = judgeTrouble(trouble, facts, kernelLogNow())
  const state = [...judgeFailure(facts), ...readOnlyOverlays(facts)].filter(({ code, title }) => !told.some((one) => one.code === code && one.title === title))
  return { findings: [...told, ...bySeverity(state)], unseen: [...(log.known ? [] : [`the kernel log: ${log.why}`]), ...unseenFacts(facts)] }
}

/** Facts of no mount in particular. */
function systemFacts(): Facts {
  const mounts = readMounts()
  const none = { known: false, why: 'no mount was asked about' } as const
  return {
    version: 1, cwd: '/', paths: [], joined: [], work: none, holders: { known: true, value: [] },
    overlays: mounts.known ? { known: true, value: mounts.value.overlays } : mounts,
    system: collectSystem(mounts),
  }
}

function readOnlyOverlays({ overlays }: Facts): Finding[] {
  return (overlays.known ? overlays.value : []).filter(({ readOnly, upper, flags }) => readOnly && upper !== undefined && !flags.includes('ro')).map(({ target }) => finding('mounted-read-only', {
    title: `'${target}' has an upper and is read-only all the same`,
    evidence: [{ fact: 'the superblock is ro, the mount is not', source: 'mountinfo' }],
    fix: [{ text: 'See why.', command: `ovl diagnose --target ${quoteShell(target)}` }],
  }))
}

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'note']
const bySeverity = (findings: readonly Finding[]): Finding[] => findings.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
