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
import { holdDirectory } from './beneath.ts'
import { realName } from './files.ts'
import { makeScratch } from './scratch.ts'
import type { Scratch, ScratchRef } from './scratch.ts'
import { renameAll } from './trial/names.ts'
import { startRunner } from './trial/runner.ts'
import type { Runner } from './trial/runner.ts'
import { makeStandIns } from './trial/stand-ins.ts'
import type { StandIns } from './trial/stand-ins.ts'

/** What the runner is told. */
export interface TrialRequest extends Pick<StandIns, 'spec' | 'real' | 'probe'> {
  readonly ground: string
  /** Scratch directories, whose paths those of the stand-ins begin with. */
  readonly scratch: readonly ScratchRef[]
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
  const stand = makeStandIns(spec, facts, ground.ref.path, mark)
  try {
    const answer = stand.full === undefined ? await run(requestOf(stand, ground.ref.path)) : noRoom(stand.full)
    return renameAll({ ...answer, tried: [...stand.tried, ...answer.tried], leftOut: [...stand.leftOut, ...answer.leftOut], inUserNamespace }, stand.names)
  } finally {
    for (const scratch of [...stand.scratch, ground]) remove(scratch)
  }
}

function requestOf({ spec, real, probe, scratch }: StandIns, ground: string): TrialRequest {
  return { spec, ground, scratch: scratch.map(({ ref }) => ref), ...(real === undefined ? {} : { real }), ...(probe === undefined ? {} : { probe }) }
}

/** In the first place where one can be made. */
function makeGround(mark: string): Scratch | undefined {
  for (const place of new Set([tmpdir(), '/tmp', '/var/tmp', '/run', '/dev/shm'])) {
    try {
      return makeScratch(holdDirectory(realName(place)), `ovl-trial-${mark}`)
    } catch {
      // The next one, then.
    }
  }
  return undefined
}

function noRoom(errno: string): TrialAnswer {
  return { tried: ['there was no room beside upper for so much as an empty directory'], leftOut: [], trial: { step: 'mount-overlay', syscall: 'mkdir', errno, context: [], kernel: { known: true, value: [] } } }
}

/** A leftover is named in the error, and is better than a failure of what was asked. */
function remove(scratch: Scratch): void {
  try {
    scratch.remove()
  } catch {
    // Somebody else put something there meanwhile.
  }
}
