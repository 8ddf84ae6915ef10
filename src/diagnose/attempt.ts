/**
 * The failed attempt, read: at which stage of mounting it failed, and with which errno. mount(8) hides
 * the errno behind a sentence; the sentences of util-linux (LC_ALL=C) are undone here.
 */

import { errnoWords } from '../errors/errno.ts'
import type { Facts, TrialFact } from './facts.ts'

/**
 * `make` directories and parts before the mount, `open` the context, `set` a parameter (layer paths are
 * resolved here), `create` the superblock (layers are compared here), `attach` it to the target.
 * mount(2) does all in one call and tells no stage: `any`.
 */
export type Stage = 'make' | 'open' | 'set' | 'create' | 'attach' | 'any'

export interface Attempt {
  readonly stage: Stage
  readonly errno?: string
}

/** The attempt in `facts`, or undefined when nothing was tried or nothing failed. */
export function readAttempt({ trial }: Facts): Attempt | undefined {
  if (trial === undefined) return undefined
  if (trial.errno !== undefined) return { stage: stageOf(trial), errno: trial.errno }
  for (const line of trial.context) {
    for (const { words, stage, errno } of SENTENCES) {
      const found = words.exec(line)
      const name = found === null ? undefined : (errno ?? errnoOfWords(found[1] ?? ''))
      if (name !== undefined) return { stage, errno: name }
    }
  }
  return trial.context.length > 0 || trial.syscall !== undefined ? { stage: stageOf(trial) } : undefined
}

/** In the order of a mount; `mount` and unknown calls are `any`. */
const STAGES: readonly { readonly syscall: RegExp; readonly stage: Stage }[] = [
  { syscall: /^(mkdir|mkdirat|open_tree|mount_setattr)$/, stage: 'make' },
  { syscall: /^fsopen/, stage: 'open' },
  { syscall: /^(fsconfig\(SET|open$|openat|stat$)/, stage: 'set' },
  { syscall: /^fsconfig\(CMD_/, stage: 'create' },
  { syscall: /^(fsmount|move_mount)/, stage: 'attach' },
]

function stageOf({ step, syscall = '' }: TrialFact): Stage {
  if (step !== 'mount-overlay' && /^(make|attach|mount|clone|write)-/.test(step)) return 'make'
  return STAGES.find((row) => row.syscall.test(syscall))?.stage ?? 'any'
}

/** mount(8) 2.38–2.41. EPERM reads “permission denied”, EACCES “cannot mount … read-only”. */
const SENTENCES: readonly { readonly words: RegExp; readonly stage: Stage; readonly errno?: string }[] = [
  { words: /mount point does not exist/, stage: 'attach', errno: 'ENOENT' },
  { words: /mount point is not a directory/, stage: 'attach', errno: 'ENOTDIR' },
  { words: /special device .* does not exist/, stage: 'set', errno: 'ENOENT' },
  { words: /cannot mount .* read-only/, stage: 'any', errno: 'EACCES' },
  { words: /wrong fs type, bad option, bad superblock/, stage: 'any', errno: 'EINVAL' },
  { words: /unknown filesystem type/, stage: 'open', errno: 'ENODEV' },
  { words: /already mounted/, stage: 'create', errno: 'EBUSY' },
  { words: /must be superuser|only root can|permission denied/, stage: 'any', errno: 'EPERM' },
  { words: /(?:system call|fsconfig\(\)) failed: ([^.]+)/, stage: 'any' },
]

const ERRNOS = ['EPERM', 'ENOENT', 'EIO', 'EACCES', 'EBUSY', 'ENODEV', 'ENOTDIR', 'EINVAL', 'ENOSPC', 'EROFS', 'ENAMETOOLONG', 'ELOOP', 'EOPNOTSUPP', 'ESTALE', 'ENOMEM']

/** The inverse of errnoWords: util-linux prints the C library’s words, with a capital. */
function errnoOfWords(words: string): string | undefined {
  return ERRNOS.find((name) => errnoWords(name) === words.trim().toLowerCase())
}
