/** Looking without failing: what could not be looked at becomes a value that says why. */

import { readFileSync, readdirSync } from 'node:fs'
import type { Known } from '../../diagnose/facts.ts'
import { decodeName } from '../../names/bytes.ts'

/** A value that was seen. */
export function known<T>(value: T): Known<T> {
  return { known: true, value }
}

/** What `read` returns, or why it could not. */
export function look<T>(read: () => T): Known<T> {
  try {
    return known(read())
  } catch (error) {
    return { known: false, why: error instanceof Error ? error.message : String(error) }
  }
}

/** The text of a file of /proc or /sys, without the last newline. */
export function lookFile(path: string): Known<string> {
  return look(() => readFileSync(path, 'latin1').replace(/\n$/, ''))
}

/** The names in a directory. */
export function lookDirectory(path: string): Known<readonly string[]> {
  return look(() => readdirSync(path, { encoding: 'buffer' }).map((name) => decodeName(name)))
}
