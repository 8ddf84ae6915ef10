/** What the file system of upper can do, tried in a directory of its own that whoever calls removes: never in upper itself. */

import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs'
import type { UpperFeature, UpperProbe } from '../../diagnose/facts.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { nameBuffer } from '../syscalls/check.ts'
import { directoryEntryTypes, renameWhiteout } from '../syscalls/files.ts'
import { setXattr } from '../syscalls/xattr.ts'

/** __O_TMPFILE and O_DIRECTORY; node:fs has no name for the first. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY

/** Throws for what it has none of. */
const TRIES: Readonly<Record<UpperFeature, (place: string) => void>> = {
  dType: (place) => {
    if (directoryEntryTypes(place).some(({ type }) => type === 'unknown')) throw Object.assign(new Error('no types'), { code: 'none' })
  },
  trustedXattr: (place) => setXattr(place, 'trusted.overlay.probe', Buffer.from('y')),
  userXattr: (place) => setXattr(place, 'user.overlay.probe', Buffer.from('y')),
  tmpfile: (place) => closeSync(openSync(nameBuffer(place), O_TMPFILE | constants.O_RDWR, 0o600)),
  renameWhiteout: (place) => renameWhiteout(`${place}/old`, `${place}/new`),
}

/** `place` is made, and must not be there. */
export function probeUpper(place: string): UpperProbe | undefined {
  try {
    mkdirSync(nameBuffer(place))
    writeFileSync(nameBuffer(`${place}/old`), '')
  } catch {
    return undefined // No room: the trial says so.
  }
  return Object.fromEntries(Object.entries(TRIES).map(([feature, attempt]) => [feature, outcome(() => attempt(place))])) as UpperProbe
}

function outcome(attempt: () => void): string {
  try {
    attempt()
    return 'works'
  } catch (error) {
    return (isOvlError(error) ? error.errno : (error as NodeJS.ErrnoException).code) ?? 'none'
  }
}
