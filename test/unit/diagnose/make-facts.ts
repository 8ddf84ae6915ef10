/** Facts as literals: an ordinary system on which nothing is wrong, to be changed in one place. */

import type { Facts, Known, PathFact, PathRole, SystemFact, TrialFact } from '../../../src/diagnose/facts.ts'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'

export const known = <T>(value: T): Known<T> => ({ known: true, value })
export const unknown: Known<never> = { known: false, why: 'nobody looked' }

export const SPEC: OverlaySpec = { ...EMPTY_SPEC, lower: [{ path: '/l1' }, { path: '/l2' }], upper: '/u', work: '/w', target: '/m' }

export const SYSTEM: SystemFact = {
  kernelRelease: '6.18.44', pageSize: 4096, overlayRegistered: known(true),
  moduleParameters: known({ redirect_dir: 'N', redirect_always_follow: 'Y', index: 'N', metacopy: 'N', nfs_export: 'N', xino_auto: 'N' }),
  inUserNamespace: known(false), capSysAdmin: known(true), mayMount: known(true), uid: 0, mountMax: known(100_000), mountCount: known(30),
  securityModules: known([]), userNamespaceLimits: known({ 'user.max_user_namespaces': '15000' }), modulesInstalled: known(true),
}

/** A directory on one ext4, told apart by its path. */
export function directory(role: PathRole, path: string, change: Partial<PathFact> = {}): PathFact {
  return {
    role, index: 0, path, absolute: path, kind: 'directory', device: '1', inode: String([...path].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7)),
    place: known({ superblock: '8:1', path }), mountId: known(20), mountPoint: known('/'), fsType: known('ext4'), mountReadOnly: known(false), superReadOnly: known(false),
    unbindable: known(false), stackDepth: known(0), free: known({ bytes: '1000000000', inodes: '100000', totalInodes: '200000' }), ...change,
  }
}

/** A path that stat refused. */
export function refused(role: PathRole, path: string, errno: string, change: Partial<PathFact> = {}): PathFact {
  return { role, index: 0, path, absolute: path, errno, culprit: path, ...change }
}

export const PATHS: readonly PathFact[] = [directory('lower', '/l1'), directory('lower', '/l2', { index: 1 }), directory('upper', '/u'), directory('work', '/w'), directory('target', '/m')]

/** The ordinary paths with some replaced, by role and index. */
export function paths(...others: readonly PathFact[]): PathFact[] {
  const is = (a: PathFact, b: PathFact): boolean => a.role === b.role && a.index === b.index
  return [...PATHS.map((path) => others.find((other) => is(other, path)) ?? path), ...others.filter((other) => !PATHS.some((path) => is(other, path)))]
}

export interface FactsChange extends Partial<Omit<Facts, 'system' | 'spec' | 'trial'>> {
  readonly spec?: Partial<OverlaySpec>
  readonly system?: Partial<SystemFact>
  readonly trial?: Partial<TrialFact>
}

export function facts({ spec, system, trial, ...rest }: FactsChange = {}): Facts {
  return {
    version: 1, cwd: '/here', spec: { ...SPEC, ...spec }, paths: PATHS, joined: [], work: unknown, overlays: known([]), holders: known([]),
    system: { ...SYSTEM, ...system },
    ...(trial === undefined ? {} : { trial: { step: 'mount-overlay', context: [], kernel: unknown, ...trial } }),
    ...rest,
  }
}

/** An overlay as the mount table shows it. */
export function overlay(change: Partial<OverlayMount> = {}): OverlayMount {
  return {
    id: 99, parentId: 20, target: '/m', source: 'overlay', type: 'overlay', device: '0:50', lower: ['/l1', '/l2'], data: [], upper: '/u', work: '/w',
    options: {}, flags: ['rw'], readOnly: false, propagation: [], maker: { name: 'unknown' }, ...change,
  }
}

export const SET = 'fsconfig(SET_FD)'
export const CREATE = 'fsconfig(CMD_CREATE)'
