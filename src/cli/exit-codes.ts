/** From what went wrong to the exit code: one row for each family of commands. What the codes mean stands in --help and the man page. */

import type { FindingCode } from '../errors/codes.ts'
import { isOvlError } from '../errors/ovl-error.ts'
import type { Family } from './define.ts'

interface ExitRow {
  /** For every code that is not listed. */
  readonly other: number
  readonly codes: Readonly<Partial<Record<FindingCode, number>>>
}

/** Usage or permission is 1 for mount(8) too. */
const REFUSED = { usage: 1, 'not-permitted': 1, 'userns-disabled': 1, 'way-cannot-say': 1 } as const
const SYSTEM = { 'ffi-unavailable': 2, 'tool-missing': 2, 'fd-limit': 2, 'output-failed': 2 } as const

export const EXIT_CODES: Readonly<Record<Family, ExitRow>> = {
  // mount(8): 1 usage or permission, 2 system, 4 a bug, 8 interrupted, 32 the mount failed.
  mount: { other: 32, codes: { ...REFUSED, ...SYSTEM, internal: 4, interrupted: 8 } },
  look: { other: 1, codes: { ...SYSTEM, internal: 4, interrupted: 8 } },
  // diagnose, doctor: 2 could not look.
  check: { other: 2, codes: {} },
  // diff(1): 2 trouble.
  diff: { other: 2, codes: {} },
  // fsck(8): 8 operational error, 16 usage, 32 cancelled.
  fsck: { other: 8, codes: { usage: 16, interrupted: 32 } },
  // env(1), chroot(1), docker run: 125 is the runner’s own failure.
  run: { other: 125, codes: {} },
}

/** mount(8): some of several succeeded. */
export const EXIT_PARTIAL = 64

/** What each number means for commands of the mount family, for help and the man page. */
export const MOUNT_EXITS: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'success'], [1, 'wrong usage, or not permitted'], [2, 'system error, or the result could not be written'], [4, 'a bug in ovl'],
  [8, 'interrupted, and undone'], [32, 'the mount or umount failed'], [64, 'some of several succeeded'],
]

/** One line of them for `--help`. */
export function exitLine(family: Family): string | undefined {
  if (family === 'look') return 'Exit 0: success; 1: failure; 2: system error.'
  return family === 'mount' ? `Exit ${MOUNT_EXITS.map(([code, meaning]) => `${code}: ${meaning}`).join('; ')}.` : undefined
}

/** Exit code of a failed command; words that name no command count as mount’s. */
export function exitCodeOf(error: unknown, family: Family = 'mount'): number {
  const { other, codes } = EXIT_CODES[family]
  return codes[isOvlError(error) ? error.code : 'internal'] ?? other
}
