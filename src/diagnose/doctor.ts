/**
 * What works here, judged: rows of probes → what stands in the way, and what to do about it. The probes
 * are made in host/probe/; the rules over them stand in doctor/, one file a family. Nothing here looks.
 *
 * A feature that is missing is a row and no finding: one need not have it. A finding is what keeps
 * overlays from working for this user in this directory, or surprises whoever mounts them.
 */

import type { Evidence, Finding } from '../errors/finding.ts'
import type { PathFact, SystemFact } from './facts.ts'
import { directoryFindings } from './doctor/directory.ts'
import { rightsFindings } from './doctor/rights.ts'
import { rowOf } from './doctor/rows.ts'
import { toolFindings } from './doctor/tools.ts'

/** `missing`: this kernel has it not, or it is not installed. `refused`: it is there, and not for this user here. `unknown`: could not look. */
export type ProbeState = 'works' | 'missing' | 'refused' | 'unknown'

/** The headings, in the order of the table. */
export const PROBE_GROUPS = ['overlay', 'options', 'limits', 'rootless', 'directory', 'images', 'programs', 'system'] as const
export type ProbeGroup = (typeof PROBE_GROUPS)[number]

/** One of several things that a row is about: a value of an option, a type of image. */
export interface ProbePart {
  readonly name: string
  readonly state: ProbeState
  readonly detail?: string
}

/** What a probe found. */
export interface Probed {
  readonly state: ProbeState
  /** A few words, to stand in a line of a table. */
  readonly detail: string
  readonly evidence: readonly Evidence[]
  readonly parts?: readonly ProbePart[]
}

export interface ProbeRow extends Probed {
  /** Stable, for programs: `layer-fd`, `option-index`. */
  readonly id: string
  readonly group: ProbeGroup
  readonly what: string
}

/** A namespace that the probes could not be made in. */
export interface ClosedNamespace {
  readonly namespace: ProbeNamespace
  /** The words of unshare(1), or why it was not run. */
  readonly why: string
  /** unshare(1) itself is missing: then nobody was refused anything. */
  readonly missing?: true
}

/** `mount`: a mount namespace of its own, with the rights there are. `user`: with the rights of a user namespace only. */
export type ProbeNamespace = 'mount' | 'user'

/** All that the rules may ask. */
export interface DoctorFacts {
  readonly system: SystemFact
  /** The directory asked about, looked at as an upper. */
  readonly directory: PathFact
  /** Why nothing could be asked of it. */
  readonly silent?: string
  /** Where the probes were made; undefined when in none. */
  readonly namespace?: ProbeNamespace
  readonly closed: readonly ClosedNamespace[]
  readonly rows: readonly ProbeRow[]
}

/** What works here. */
export interface Checkup {
  readonly directory: string
  readonly kernel: string
  readonly uid: number
  /** This process itself is in a user namespace: its root is not that of the system. */
  readonly inUserNamespace?: boolean
  /** Where overlays were tried; absent when nowhere. */
  readonly namespace?: ProbeNamespace
  /** Whether this user can mount an overlay at all that has something to do with the directory. */
  readonly usable: 'yes' | 'no' | 'unknown'
  /** What the directory can be: `yes` where an overlay with it was mounted. */
  readonly layer: { readonly lower: 'yes' | 'no' | 'unknown'; readonly upper: 'yes' | 'no' | 'unknown' }
  readonly rows: readonly ProbeRow[]
  /** The worst first. */
  readonly findings: readonly Finding[]
}

const SEVERITIES = ['error', 'warning', 'note'] as const

/** Facts → verdict. */
export function judgeProbes(facts: DoctorFacts): Checkup {
  const { system, directory, namespace, rows } = facts
  const findings = [...rightsFindings(facts), ...directoryFindings(facts), ...toolFindings(facts)]
  const state = rowOf(facts, 'overlay')?.state ?? 'unknown'
  const error = findings.some(({ severity }) => severity === 'error')
  return {
    directory: directory.absolute,
    kernel: system.kernelRelease,
    uid: system.uid,
    ...(system.inUserNamespace.known ? { inUserNamespace: system.inUserNamespace.value } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    usable: error ? 'no' : state === 'unknown' ? 'unknown' : 'yes',
    layer: { lower: answerOf(facts, 'dir-lower'), upper: answerOf(facts, 'dir-upper') === 'unknown' && answerOf(facts, 'dir-write') === 'no' ? 'no' : answerOf(facts, 'dir-upper') },
    rows,
    findings: SEVERITIES.flatMap((wanted) => findings.filter(({ severity }) => severity === wanted)),
  }
}

function answerOf(facts: DoctorFacts, id: string): 'yes' | 'no' | 'unknown' {
  const state = rowOf(facts, id)?.state ?? 'unknown'
  return state === 'unknown' ? 'unknown' : state === 'works' ? 'yes' : 'no'
}
