/** The one error class of ovl. Its code is a finding code; how it is shown is the command line's matter. */

import type { FindingCode } from './codes.ts'
import type { Finding } from './finding.ts'
import { errnoWords } from './errno.ts'

export interface OvlErrorDetails {
  /** The step of the plan that failed, e.g. `mount-overlay`. */
  readonly step?: string
  /** The system call, with its sub-command: `fsconfig(CMD_CREATE)`. */
  readonly syscall?: string
  /** Symbolic errno, e.g. `ENOENT`. */
  readonly errno?: string
  /** The kernel's own words: the fs-context log, then the kernel log. */
  readonly kernel?: readonly string[]
  /** Root cause first. */
  readonly findings?: readonly Finding[]
  /** The next step for the reader. */
  readonly hint?: string
  /** What else went wrong while undoing; it never hides the first error. */
  readonly undo?: readonly string[]
  readonly cause?: unknown
}

const BRAND = Symbol.for('ovl.OvlError')

/** Every failure that ovl throws on purpose. */
export class OvlError extends Error {
  readonly code: FindingCode
  readonly details: OvlErrorDetails

  constructor(code: FindingCode, message: string, details: OvlErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'OvlError'
    this.code = code
    this.details = details
    Object.defineProperty(this, BRAND, { value: true })
  }

  get errno(): string | undefined {
    return this.details.errno
  }

  get findings(): readonly Finding[] {
    return this.details.findings ?? []
  }

  /** The same error with more known about it. */
  with(more: OvlErrorDetails & { readonly code?: FindingCode; readonly message?: string }): OvlError {
    const { code, message, ...details } = more
    return new OvlError(code ?? this.code, message ?? this.message, { ...this.details, cause: this, ...details })
  }
}

/** True for an OvlError of any copy of ovl in this process. */
export function isOvlError(value: unknown): value is OvlError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** A failed system call; the finding follows when the facts have been gathered. */
export function syscallError(syscall: string, errno: string, what: string): OvlError {
  if (isFdLimit(errno)) return fdLimit(syscall, errno, what)
  return new OvlError('unknown', `${what}: ${errnoWords(errno)} (${syscall}: ${errno})`, { syscall, errno })
}

const isFdLimit = (errno: unknown): errno is 'EMFILE' | 'ENFILE' => errno === 'EMFILE' || errno === 'ENFILE'

function fdLimit(syscall: string, errno: 'EMFILE' | 'ENFILE', what: string, cause?: unknown): OvlError {
  const [why, hint] = errno === 'EMFILE' ? ['this process may not open more files', 'Raise the limit: ulimit -n 1024'] : ['this system may not open more files', 'Raise the limit: sysctl -w fs.file-max=NUMBER']
  return new OvlError('fd-limit', `${what}: ${why} (${syscall}: ${errno})`, { syscall, errno, hint, ...(cause === undefined ? {} : { cause }) })
}

/**
 * What Node threw where nobody expected it, when it is no bug but the surroundings of the process: no descriptor is left,
 * or the working directory was removed. Anything else is given back.
 */
export function surroundingsError(error: unknown): unknown {
  for (let at: unknown = error, depth = 0; typeof at === 'object' && at !== null && depth < 8; at = (at as Error).cause, depth++) {
    const { code, syscall, path } = at as NodeJS.ErrnoException
    if (isOvlError(at)) {
      if (at === error && at.code !== 'internal' && at.code !== 'unknown') return error
      continue
    }
    if (isFdLimit(code)) return fdLimit(syscall ?? 'open', code, path === undefined ? 'cannot go on' : `cannot open '${path}'`, error)
    if (code === 'ENOENT' && syscall === 'uv_cwd') return new OvlError('cwd-missing', 'the working directory was removed', { syscall: 'getcwd', errno: code, cause: error, hint: 'Change to a directory that exists, for example by cd /, or say absolute paths.' })
  }
  return error
}
