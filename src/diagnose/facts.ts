/**
 * Facts: what was seen on a system, as data, before anybody judges it. Collected by host/facts.ts,
 * judged by rules/*.ts, written into a bug report as JSON. "Could not look" is a value, and rules
 * stay silent on it.
 */

import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { OverlaySpec } from '../overlay/spec.ts'

export type Known<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string }

export type PathRole = 'lower' | 'data' | 'upper' | 'work' | 'target'
export type FileKind = 'directory' | 'file' | 'block' | 'char' | 'symlink' | 'fifo' | 'socket'

/** What a path of the spec is on this system. */
export interface PathFact {
  readonly role: PathRole
  /** Position among its role, topmost 0. */
  readonly index: number
  /** As it was said. */
  readonly path: string
  /** Absolute, tidy. */
  readonly absolute: string
  /** The errno of stat(2) on it, if it failed. */
  readonly errno?: string
  /** The first component that is missing, unsearchable, no directory or a looping link. */
  readonly culprit?: string
  readonly kind?: FileKind
  /** Present when stat succeeded. dev and ino as decimal text: both pass 2^53. */
  readonly device?: string
  readonly inode?: string
  readonly uid?: number
  readonly mode?: number
  /** `dev:ino` of the directory and each parent up to `/`, itself first. */
  readonly ancestry?: readonly string[]
  /** Id of the mount it lies on, with that mount’s fs type and flags. */
  readonly mountId?: Known<number>
  readonly fsType?: Known<string>
  readonly mountReadOnly?: Known<boolean>
  readonly free?: Known<{ readonly bytes: string; readonly inodes: string; readonly totalInodes: string }>
}

/** The attempt whose failure (or silent success) is to be explained. */
export interface TrialFact {
  readonly step: string
  readonly syscall?: string
  readonly errno?: string
  /** Lines of the fs-context log, prefix letter dropped. */
  readonly context: readonly string[]
  /** Lines of the kernel log between two marks; unknown when it cannot be read. */
  readonly kernel: Known<readonly string[]>
}

export interface SystemFact {
  readonly kernelRelease: string
  readonly pageSize: number
  readonly overlayRegistered: Known<boolean>
  readonly moduleParameters: Known<Readonly<Record<string, string>>>
  readonly inUserNamespace: Known<boolean>
  readonly capSysAdmin: Known<boolean>
  readonly uid: number
  readonly mountMax: Known<number>
  readonly mountCount: Known<number>
}

export interface Facts {
  readonly version: 1
  readonly cwd: string
  readonly spec?: OverlaySpec
  readonly paths: readonly PathFact[]
  /** Live overlays of this mount namespace. */
  readonly overlays: Known<readonly OverlayMount[]>
  readonly system: SystemFact
  readonly trial?: TrialFact
  /** The mount as it is now, read back. */
  readonly mounted?: Known<OverlayMount>
}
