/** `ovl doctor`: what works on this system, for this user, in one directory. Everything is tried; nothing of it stays. */

import type { Checkup } from '../diagnose/doctor.ts'
import { judgeProbes } from '../diagnose/doctor.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { absoluteHere } from '../host/cwd.ts'
import { collectPath, mountFactsOf } from '../host/facts/path.ts'
import { readMounts } from '../host/facts/mounts.ts'
import { collectSystem } from '../host/facts/system.ts'
import { realName, statName } from '../host/files.ts'
import { probe } from '../host/probe.ts'
import { PATIENCE, answer } from '../host/touch.ts'

export type { Checkup, ProbeGroup, ProbeNamespace, ProbePart, ProbeRow, ProbeState } from '../diagnose/doctor.ts'

export interface DoctorOptions {
  /** The directory that is to be a layer; the working directory when absent. */
  readonly dir?: string
  readonly signal?: AbortSignal
}

/**
 * Probes what overlays can do here: the kernel, this user’s rights, the file system of a directory.
 *
 * Overlays are mounted on a tmpfs in private namespaces of child processes, and in a scratch directory
 * inside `dir`, which is removed again. What could not be looked at is a row of state `unknown` that says
 * why. As root, the kernel log gets a line before and after.
 * A directory whose file system does not answer within five seconds is a finding, and its rows are `unknown`.
 * @throws OvlError `target-missing`, `target-not-directory` or `path-unreadable` of `dir`; `interrupted`
 */
export async function doctor({ dir = '.', signal }: DoctorOptions = {}): Promise<Checkup> {
  const mounts = readMounts()
  const said = { role: 'upper', index: 0, path: dir, absolute: absoluteHere(dir) } as const
  const answers = await answer([said.absolute], { scratch: true, signal })
  const directory = answers ? collectPath({ ...said, absolute: realDirectory(dir) }, mounts, { mountsBelow: true }) : mountFactsOf(said, mounts)
  const silent = answers ? undefined : `it did not answer within ${PATIENCE} s`
  const facts = await probe({ system: collectSystem(mounts), directory, ...(silent === undefined ? {} : { silent }), ...(signal === undefined ? {} : { signal }) })
  return judgeProbes(facts)
}

function realDirectory(dir: string): string {
  const found = statName(dir)
  if (found === 'ENOENT' || found === 'ENOTDIR') throw new OvlError('target-missing', `'${dir}' does not exist`, { syscall: 'stat', errno: found })
  if (found === 'EACCES') throw new OvlError('path-unreadable', `'${dir}' cannot be reached by this user`, { syscall: 'stat', errno: found })
  if (typeof found === 'string') throw new OvlError('target-missing', `'${dir}' cannot be looked at`, { syscall: 'stat', errno: found })
  if (found.kind !== 'directory') throw new OvlError('target-not-directory', `'${dir}' is a ${found.kind}, and a layer is a directory`)
  try {
    return realName(dir)
  } catch (error) {
    if (!isOvlError(error)) throw error
    return absoluteHere(dir)
  }
}
