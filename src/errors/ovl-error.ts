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
  return new OvlError('unknown', `${what}: ${errnoWords(errno)} (${syscall}: ${errno})`, { syscall, errno })
}
