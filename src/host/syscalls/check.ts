/** What goes into a system call and what comes out of it: C strings in, OvlErrors out. No call is made here. */

import { OvlError, syscallError } from '../../errors/ovl-error.ts'
import { encodeName } from '../../names/bytes.ts'
import { errnoName } from '../../errors/errno.ts'

/** A result ≥ 0 passes; `-errno` becomes an OvlError that says `what` failed. */
export function check(result: number, syscall: string, what: string): number {
  if (result >= 0) return result
  throw syscallError(syscall, errnoName(-result), what)
}

/** A name as a NUL-terminated C string. @throws OvlError usage, for a NUL within or a lone surrogate. */
export function cString(name: string): Buffer {
  refuseNul(name)
  return bytesOf(`${name}\0`, name)
}

/** A name as node:fs takes it. @throws OvlError usage, for a NUL within or a lone surrogate. */
export function nameBuffer(name: string): Buffer {
  refuseNul(name)
  return bytesOf(name, name)
}

function refuseNul(name: string): void {
  if (name.includes('\0')) throw new OvlError('usage', `'${name.replaceAll('\0', '\\0')}' holds a NUL byte, which no name or value can`)
}

function bytesOf(text: string, name: string): Buffer {
  try {
    return encodeName(text)
  } catch (cause) {
    throw new OvlError('usage', `'${name}' is no file name: ${(cause as Error).message}`, { cause })
  }
}

/** Runs a node:fs call; its failure becomes the OvlError of the system call that failed. */
export function checkFs<T>(what: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    throw syscallError(syscall, errnoOf(code), what)
  }
}

/** Node says ENOTSUP where the manuals of Linux say EOPNOTSUPP. */
export function errnoOf(code: string): string {
  return code === 'ENOTSUP' ? 'EOPNOTSUPP' : code
}
