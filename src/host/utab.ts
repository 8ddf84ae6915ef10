/**
 * libmount's table of what the kernel does not remember, /run/mount/utab: written here for one thing only, the word
 * `helper=ovl` that makes umount(8) run umount.ovl for this mount. (By the type in the mount table it would look for
 * umount.overlay, which would then be run for every overlay of Docker too; `uhelper=` counts for ordinary users only.)
 *
 * Written as libmount does: under its lock, whole, renamed into place. What cannot be written is left: umount(8) then
 * takes down the overlay alone, and `ovl umount --stale` or the next mount there the rest.
 *
 * Source: libmount/src/tab_update.c and lock.c of util-linux; measured with 2.38.
 */

import { constants, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOvlError } from '../errors/ovl-error.ts'
import { decodeName, encodeName } from '../names/bytes.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import { makeDirectory, writeFileAtomic } from './files.ts'

const DIRECTORY = '/run/mount'
const UTAB = `${DIRECTORY}/utab`
const OURS = 'OPTS=helper=ovl'

const LOCK_EX_NB = 2 | 4
/** libmount holds its lock for the time of one write. */
const TRIES = 40
const PAUSE_MS = 50

/** From now on umount(8) of `target` runs umount.ovl. */
export async function rememberHelper(source: string, target: string): Promise<void> {
  const line = `SRC=${mangle(source)} TARGET=${mangle(target)} ROOT=/ ${OURS}`
  await rewrite((lines) => [...lines.filter((other) => !isAt(other, target)), line])
}

/** Forgets it again. */
export async function forgetHelper(target: string): Promise<void> {
  if (!readLines().some((line) => isOurs(line, target))) return
  await rewrite((lines) => lines.filter((line) => !isOurs(line, target)))
}

async function rewrite(change: (lines: string[]) => string[]): Promise<void> {
  try {
    makeDirectory(DIRECTORY, 0o755)
    using lock = new OwnedFd(openSync(`${UTAB}.lock`, constants.O_RDONLY | constants.O_CREAT, 0o644))
    for (let left = TRIES; ffi().flock(lock.fd, LOCK_EX_NB) < 0; left--) {
      if (left === 0) return
      await sleep(PAUSE_MS)
    }
    writeFileAtomic(UTAB, encodeName(change(readLines()).map((line) => `${line}\n`).join('')), 0o644)
  } catch (error) {
    if (isOvlError(error) || (error as NodeJS.ErrnoException).code !== undefined) return
    throw error
  }
}

function readLines(): string[] {
  // Mostly there is none, and the error that node throws then costs more than all else here.
  if (!existsSync(UTAB)) return []
  try {
    return decodeName(readFileSync(UTAB)).split('\n').filter((line) => line !== '')
  } catch {
    return []
  }
}

const isAt = (line: string, target: string): boolean => line.split(' ').includes(`TARGET=${mangle(target)}`)
const isOurs = (line: string, target: string): boolean => isAt(line, target) && line.split(' ').includes(OURS)

/** As libmount's mangle(). */
function mangle(text: string): string {
  return text.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
}
