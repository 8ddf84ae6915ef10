/**
 * A mount tried out, of which nothing stays: in a mount namespace of its own, on directories that stand
 * in for upper and work (trial/stand-ins.ts says which and why). Another enters the namespace (trial/runner.ts),
 * because Node never changes its own; without root that takes a user namespace too, where some things differ.
 */

import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import type { Facts } from '../diagnose/facts.ts'
import type { TrialAnswer } from '../diagnose/trial-answer.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { makeDirectory } from './files.ts'
import { removeScratch } from './probe/scratch.ts'
import { startRunner } from './trial/runner.ts'
import type { Runner } from './trial/runner.ts'
import { makeStandIns } from './trial/stand-ins.ts'
import type { StandIns } from './trial/stand-ins.ts'

/** What the runner is told. */
export interface TrialRequest extends Pick<StandIns, 'spec' | 'real' | 'probe'> {
  readonly ground: string
}

export interface TrialOutcome extends TrialAnswer {
  /** It was tried in a user namespace, as without root it has to be. */
  readonly inUserNamespace: boolean
}

/** A trial that is on its way: whoever makes it starts while facts are gathered. */
export interface Trial {
  /** Tries the mount that `facts` are about. @throws OvlError interrupted */
  run(spec: OverlaySpec, facts: Facts): Promise<TrialOutcome>
}

export function startTrial(signal?: AbortSignal): Trial {
  const runner = startRunner(signal)
  return { run: (spec, facts) => tryMount(spec, facts, runner).finally(() => runner.stop()) }
}

async function tryMount(spec: OverlaySpec, facts: Facts, { inUserNamespace, run }: Runner): Promise<TrialOutcome> {
  const mark = randomBytes(6).toString('hex')
  const ground = makeGround(mark)
  if (ground === undefined) return { tried: [], leftOut: ['the trial mount was not made: no directory can be made for it in /tmp'], inUserNamespace: false }
  const stand = makeStandIns(spec, facts, ground, mark)
  try {
    const answer = stand.full === undefined ? await run({ spec: stand.spec, ground, ...(stand.real === undefined ? {} : { real: stand.real }), ...(stand.probe === undefined ? {} : { probe: stand.probe }) }) : noRoom(stand.full)
    return withSaidNames({ ...answer, tried: [...stand.tried, ...answer.tried], leftOut: [...stand.leftOut, ...answer.leftOut], inUserNamespace }, stand.names)
  } finally {
    for (const path of [...stand.scratch, ground]) remove(path)
  }
}

/** In the first place where one can be made. */
function makeGround(mark: string): string | undefined {
  for (const place of new Set([tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm'])) {
    try {
      makeDirectory(`${place}/ovl-trial-${mark}`, 0o700)
      return `${place}/ovl-trial-${mark}`
    } catch {
      // The next one, then.
    }
  }
  return undefined
}

function noRoom(errno: string): TrialAnswer {
  return { tried: ['there was no room beside upper for so much as an empty directory'], leftOut: [], trial: { step: 'mount-overlay', syscall: 'mkdir', errno, context: [], kernel: { known: true, value: [] } } }
}

/** The names that were said, in place of those that stood for them. */
function withSaidNames<T extends TrialAnswer>(answer: T, names: StandIns['names']): T {
  const rename = (text: string): string => names.reduce((said, [stand, name]) => said.replaceAll(stand, () => name), text)
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return rename(value)
    if (Array.isArray(value)) return value.map(deep)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, deep(field)]))
  }
  return deep(answer) as T
}

/** A leftover is named in the error, and is better than a failure of what was asked. */
function remove(path: string): void {
  try {
    removeScratch(path)
  } catch {
    // Somebody else put something there meanwhile.
  }
}
