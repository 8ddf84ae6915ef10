/**
 * Facts: what was seen on a system, as data, before anybody judges it. Collected by host/facts.ts,
 * judged by rules/*.ts, written into a bug report as JSON. "Could not look" is a value, and rules
 * stay silent on it.
 */

import type { ContainerName } from '../mounts/identity.ts'
import type { Maker, OverlayMount } from '../mounts/overlay-mount.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import type { Form, ImageType } from '../plan/step.ts'

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
  /** ovl makes it when it is missing, and removes it again when the mount fails: its mount facts are then those it would have. */
  readonly made?: true
  /** A file that ovl attaches by itself: an image of this type. */
  readonly image?: ImageType
  readonly imageState?: Known<ImageState>
  /** The first component that is missing, unsearchable, no directory or a looping link; behind a symlink it is where the link leads. */
  readonly culprit?: string
  /** The last symlink followed before the culprit was met. */
  readonly via?: { readonly link: string; readonly to: string }
  /** File system the unsearchable component lies on, for EACCES. */
  readonly culpritFsType?: Known<string>
  readonly kind?: FileKind
  /** Present when stat succeeded. dev and ino as decimal text: both pass 2^53. */
  readonly device?: string
  readonly inode?: string
  readonly uid?: number
  readonly mode?: number
  /** `dev:ino` of the directory and of each parent up to the root of its mount, itself first: the kernel looks no further. */
  readonly ancestry?: readonly string[]
  /** Where it lies inside its file system, which bind mounts do not change. */
  readonly place?: Known<Place>
  /** Id of the mount it lies on, with that mount’s mount point, fs type and flags. */
  readonly mountId?: Known<number>
  readonly mountPoint?: Known<string>
  readonly fsType?: Known<string>
  /** The `ro` of the mount, and that of its superblock. */
  readonly mountReadOnly?: Known<boolean>
  readonly superReadOnly?: Known<boolean>
  /** Of the mount, as the mount table prints them: `noexec`, `nodev` … */
  readonly mountFlags?: Known<readonly string[]>
  readonly unbindable?: Known<boolean>
  /** Levels of stacking below it, at least: 0 for a disk, 1 for an overlay on one, 2 for /proc and hugetlbfs. */
  readonly stackDepth?: Known<number>
  /** Mount points strictly below it. */
  readonly mountsBelow?: Known<readonly string[]>
  readonly free?: Known<{ readonly bytes: string; readonly inodes: string; readonly totalInodes: string }>
  /** Whether the file system has `user.*` attributes, in which userxattr keeps its notes; of upper. */
  readonly userXattrs?: Known<boolean>
}

/** Of an image: what is only in the journal is not seen where it is attached read-only. */
export type ImageState = { readonly clean: true } | { readonly clean: false; readonly fact: string }

/** A directory inside a file system: the superblock (`major:minor`) and the path from its root. */
export interface Place {
  readonly superblock: string
  readonly path: string
}

/** A longer path that exists, and that was cut at a separator when the options were read. */
export interface JoinedFact {
  readonly path: string
  /** As said, in order: `/srv/a` and `b` for `/srv/a:b`. */
  readonly parts: readonly string[]
  readonly separator: ':' | ','
}

/** A directory that a live overlay holds as upper or work. */
export interface HolderFact {
  readonly mountId: number
  readonly target: string
  readonly role: 'upper' | 'work'
  readonly path: string
  readonly device: string
  readonly inode: string
  readonly place: Known<Place>
  /** A mount namespace that is not ours, and a process that lives in it; `target` and `path` are as seen there. */
  readonly elsewhere?: { readonly namespace: string; readonly pid: number; readonly program: string }
  /** Who made that overlay, where it is somebody who goes on using it; and the container it is of. */
  readonly maker?: Maker
  readonly container?: Pick<ContainerName, 'id' | 'name' | 'engine'>
}

/** What overlay asks of the file system of an upper. */
export type UpperFeature = 'dType' | 'trustedXattr' | 'userXattr' | 'tmpfile' | 'renameWhiteout'

/** `works`, or the errno of the attempt; d_type is missing without one (`none`). */
export type UpperProbe = Readonly<Record<UpperFeature, string>>

/** What lies in the work directory. */
export interface WorkFact {
  /** Kind of its entries `work` and `index`, where there are any. */
  readonly work?: FileKind
  readonly index?: FileKind
  /** Entries of `work/incompat`: what a kernel that does not know them must not mount. */
  readonly incompat: readonly string[]
  /** Entries of `index` that are none of an index. */
  readonly indexJunk: readonly string[]
}

/** The attempt whose failure (or silent success) is to be explained. */
export interface TrialFact {
  readonly step: string
  /** With its sub-command, `fsconfig(CMD_CREATE)`; the name of a program where one was run. */
  readonly syscall?: string
  readonly errno?: string
  /** How layers were named, where that is known. */
  readonly form?: Form
  /** Lines of the fs-context log, prefix letter dropped; the words of a program where one was run. */
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
  /** Whether the kernel lets this process mount anything at all: CAP_SYS_ADMIN must hold for the owner of the mount namespace. */
  readonly mayMount: Known<boolean>
  readonly uid: number
  readonly mountMax: Known<number>
  readonly mountCount: Known<number>
  /** Active security modules, in order. */
  readonly securityModules: Known<readonly string[]>
  /** Settings that keep unprivileged users from user namespaces, by their sysctl name; absent ones are not there. */
  readonly userNamespaceLimits: Known<Readonly<Record<string, string>>>
  /** Whether /lib/modules has a directory for the running kernel. */
  readonly modulesInstalled: Known<boolean>
  /** How the kernel was built: `CONFIG_OVERLAY_FS…` to `y`, `m` or `n`. Read where /proc and /sys leave it open. */
  readonly kernelConfig?: Known<Readonly<Record<string, string>>>
}

export interface Facts {
  readonly version: 1
  readonly cwd: string
  readonly spec?: OverlaySpec
  readonly paths: readonly PathFact[]
  readonly joined: readonly JoinedFact[]
  readonly work: Known<WorkFact>
  /** Live overlays of this mount namespace; and the directories they write to, with those of other namespaces where these were looked at. */
  readonly overlays: Known<readonly OverlayMount[]>
  readonly holders: Known<readonly HolderFact[]>
  readonly system: SystemFact
  readonly trial?: TrialFact
  /** Tried in a scratch directory beside upper, with the rights of the trial; absent where nothing was tried. */
  readonly upperProbe?: Known<UpperProbe>
  /** The mount as it is now, read back. */
  readonly mounted?: Known<OverlayMount>
}
