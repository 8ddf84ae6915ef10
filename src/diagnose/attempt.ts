/**
 * The failed attempt, read: at which stage of mounting it failed, and with which errno. mount(8) hides
 * the errno behind a sentence; the sentences of util-linux (LC_ALL=C) are undone here.
 */

import { errnoWords } from '../errors/errno.ts'
import type { Facts, TrialFact } from './facts.ts'

/**
 * `make` directories and parts before the mount, `open` the context, `set` a parameter (layer paths are
 * resolved here), `create` the superblock (layers are compared here), `attach` it to the target.
 */
export type Stage = 'make' | 'open' | 'set' | 'create' | 'attach'

/** All of them, for an errno of which nobody knows where it came from. */
export const ANY_STAGE: readonly Stage[] = ['make', 'open', 'set', 'create', 'attach']

export interface Attempt {
  /** Where it may have failed: mount(2) does all in one call and tells no stage. */
  readonly stages: readonly Stage[]
  readonly errno?: string
}

/** The attempt in `facts`, or undefined when nothing was tried or nothing failed. */
export function readAttempt({ trial, system }: Facts): Attempt | undefined {
  if (trial === undefined) return undefined
  if (trial.errno !== undefined) return { stages: stagesOf(trial, system.kernelRelease), errno: trial.errno }
  for (const line of trial.context) {
    for (const { words, stages, errno } of SENTENCES) {
      const found = words.exec(line)
      const name = found === null ? undefined : (errno ?? errnoOfWords(found[1] ?? ''))
      if (name !== undefined) return { stages, errno: name }
    }
  }
  return trial.context.length > 0 || trial.syscall !== undefined ? { stages: stagesOf(trial, system.kernelRelease) } : undefined
}

/** True when one call did everything, so that its options were one string. */
export function isOneCall({ stages }: Attempt): boolean {
  return stages.includes('set') && stages.includes('attach')
}

const ALL: readonly Stage[] = ['open', 'set', 'create', 'attach']

/** In the order of a mount; `mount` and unknown calls are all of it. */
const STAGES: readonly { readonly syscall: RegExp; readonly stages: readonly Stage[] }[] = [
  { syscall: /^(mkdir|mkdirat|open_tree|mount_setattr)$/, stages: ['make'] },
  { syscall: /^fsopen/, stages: ['open'] },
  { syscall: /^(fsconfig\(SET|open$|openat|stat$)/, stages: ['set'] },
  { syscall: /^fsconfig\(CMD_/, stages: ['create'] },
  { syscall: /^(fsmount|move_mount)/, stages: ['attach'] },
]

function stagesOf({ step, syscall = '' }: TrialFact, release: string): readonly Stage[] {
  if (step !== 'mount-overlay' && /^(make|attach|mount|clone|write)-/.test(step)) return ['make']
  const stages = STAGES.find((row) => row.syscall.test(syscall))?.stages ?? ALL
  // Until 6.4 overlay’s context only collected words, and CREATE read them all.
  return syscall.startsWith('fsconfig(CMD_') && isBefore(release, 6, 5) ? ['set', ...stages] : stages
}

/** Whether a kernel release is older than a version. Features are backported: never the only proof of anything. */
export function isBefore(release: string, major: number, minor: number): boolean {
  const [here = 0, there = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  return here < major || (here === major && there < minor)
}

/** mount(8) 2.38–2.41. EPERM reads “permission denied”, EACCES “cannot mount … read-only”. */
const SENTENCES: readonly { readonly words: RegExp; readonly stages: readonly Stage[]; readonly errno?: string }[] = [
  { words: /mount point does not exist/, stages: ['attach'], errno: 'ENOENT' },
  { words: /mount point is not a directory/, stages: ['attach'], errno: 'ENOTDIR' },
  { words: /special device .* does not exist/, stages: ['set'], errno: 'ENOENT' },
  { words: /cannot mount .* read-only/, stages: ALL, errno: 'EACCES' },
  { words: /wrong fs type, bad option, bad superblock/, stages: ALL, errno: 'EINVAL' },
  { words: /unknown filesystem type/, stages: ['open'], errno: 'ENODEV' },
  { words: /already mounted/, stages: ['create'], errno: 'EBUSY' },
  { words: /must be superuser|only root can|permission denied/, stages: ALL, errno: 'EPERM' },
  { words: /(?:system call|fsconfig\(\)) failed: ([^.]+)/, stages: ALL },
]

const ERRNOS = ['EPERM', 'ENOENT', 'EIO', 'EACCES', 'EBUSY', 'ENODEV', 'ENOTDIR', 'EINVAL', 'ENOSPC', 'EROFS', 'ENAMETOOLONG', 'ELOOP', 'EOPNOTSUPP', 'ESTALE', 'ENOMEM']

/** The inverse of errnoWords: util-linux prints the C library’s words, with a capital. */
function errnoOfWords(words: string): string | undefined {
  return ERRNOS.find((name) => errnoWords(name) === words.trim().toLowerCase())
}
