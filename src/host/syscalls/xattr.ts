/** Extended attributes of the entry itself, symlinks not followed. Values are bytes; what they mean is the layers’ matter. */

import { ffi } from '../ffi.ts'
import { decodeName } from '../../names/bytes.ts'
import { check, cString } from './check.ts'

const ENODATA = -61
const ERANGE = -34
/** XATTR_SIZE_MAX and XATTR_LIST_MAX: no value or list is longer. */
const LONGEST = 65_536

/** The value, or undefined when there is none of that name. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const result = readWhole((buffer) => ffi().lgetxattr(cString(path), cString(name), buffer, buffer.length))
  if (result === ENODATA) return undefined
  if (typeof result === 'number') check(result, 'lgetxattr', `cannot read ${name} of '${path}'`)
  return result as Buffer
}

/** Names of all attributes that the caller may see. */
export function listXattr(path: string): string[] {
  const result = readWhole((buffer) => ffi().llistxattr(cString(path), buffer, buffer.length))
  if (typeof result === 'number') check(result, 'llistxattr', `cannot list the attributes of '${path}'`)
  return decodeName(result as Buffer).split('\0').slice(0, -1)
}

/** Sets a value, whether the attribute was there or not. */
export function setXattr(path: string, name: string, value: Uint8Array): void {
  check(ffi().lsetxattr(cString(path), cString(name), value, value.length, 0), 'lsetxattr', `cannot set ${name} of '${path}'`)
}

/** Removes an attribute; false when there was none. */
export function removeXattr(path: string, name: string): boolean {
  const result = ffi().lremovexattr(cString(path), cString(name))
  if (result === ENODATA) return false
  check(result, 'lremovexattr', `cannot remove ${name} of '${path}'`)
  return true
}

/** Copies all attributes from one open file to another (SELinux label, ACL); `what` is said of a failure. */
export function copyXattrs(from: number, to: number, what: string): void {
  const list = readWhole((buffer) => ffi().flistxattr(from, buffer, buffer.length))
  if (typeof list === 'number') check(list, 'flistxattr', what)
  for (const name of decodeName(list as Buffer).split('\0').slice(0, -1)) {
    const value = readWhole((buffer) => ffi().fgetxattr(from, cString(name), buffer, buffer.length))
    if (value === ENODATA) continue
    if (typeof value === 'number') check(value, 'fgetxattr', what)
    check(ffi().fsetxattr(to, cString(name), value as Buffer, (value as Buffer).length, 0), 'fsetxattr', what)
  }
}

/** Most values are short: one call with a small buffer, a second with the largest. */
function readWhole(read: (buffer: Buffer) => number): Buffer | number {
  for (const size of [256, LONGEST]) {
    const buffer = Buffer.allocUnsafe(size)
    const length = read(buffer)
    if (length >= 0) return buffer.subarray(0, length)
    if (length !== ERANGE) return length
  }
  return ERANGE
}
