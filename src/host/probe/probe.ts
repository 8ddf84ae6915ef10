/** What a probe is: a row of a table (table.ts), asked in the process that runs it, and the words for its answer. */

import type { DoctorFacts, ProbeGroup, ProbePart, ProbeRow, ProbeState, Probed } from '../../diagnose/doctor.ts'
import type { Evidence, EvidenceSource } from '../../errors/finding.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import type { ScratchRef } from '../scratch.ts'
import type { Ground } from './ground.ts'

interface Named {
  /** Stable, for programs. */
  readonly id: string
  readonly group: ProbeGroup
  /** As it stands in the table. */
  readonly what: string
}

/** Asked of files and programs, where nothing is mounted. */
export interface PlainProbe extends Named {
  readonly where: 'here'
  readonly probe: (facts: Seen) => Probed | Promise<Probed>
}

/** `inside`: in the namespace with the most rights that there is. `userns`: in a user namespace, whoever asks. */
export interface MountProbe extends Named {
  readonly where: 'inside' | 'userns'
  readonly probe: (ground: Ground) => Probed | Promise<Probed>
}

export type Probe = PlainProbe | MountProbe

/** What was read before any probe. */
export interface Seen extends Pick<DoctorFacts, 'system' | 'directory'> {
  /** The scratch directory made in the directory asked about, or the errno that forbade it. */
  readonly scratch: ScratchRef | { readonly errno: string }
  /** Why nothing is to be asked of the directory. */
  readonly silent?: string
  readonly signal?: AbortSignal
}

interface More {
  readonly evidence?: readonly Evidence[]
  readonly parts?: readonly ProbePart[]
}

const answer = (state: ProbeState) => (detail: string, { evidence = [], parts }: More = {}): Probed => ({ state, detail, evidence, ...(parts === undefined ? {} : { parts }) })

export const works: (detail: string, more?: More) => Probed = answer('works')
export const missing: (detail: string, more?: More) => Probed = answer('missing')
export const refused: (detail: string, more?: More) => Probed = answer('refused')
export const unknown: (detail: string, more?: More) => Probed = answer('unknown')

/** The same piece of evidence for several lines. */
export function heard(source: EvidenceSource, lines: readonly string[]): Evidence[] {
  return lines.map((fact) => ({ fact, source }))
}

/** Makes one probe; one that fails in a way it did not foresee could not look. */
export async function rowFrom({ id, group, what }: Probe, probe: () => Probed | Promise<Probed>): Promise<ProbeRow> {
  try {
    return { id, group, what, ...(await probe()) }
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted') throw error
    return { id, group, what, ...unknown(isOvlError(error) && error.code === 'ffi-unavailable' ? NO_FFI : error instanceof Error ? error.message : String(error)) }
  }
}

export const NO_FFI = 'not tried: it needs direct system calls (koffi)'

/** Errnos by which the kernel says: not you. The rest says: not here. */
export function stateOfErrno(errno: string): 'refused' | 'missing' {
  return errno === 'EPERM' || errno === 'EACCES' ? 'refused' : 'missing'
}
