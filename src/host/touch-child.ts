/**
 * A process of its own that touches a directory in the ways that ovl will, and may hang in its place: a file system whose
 * server is gone makes whoever asks it wait. Started by touch.ts, which stops waiting. What it finds does not matter here.
 */

import { mkdirSync, opendirSync, readFileSync, rmdirSync, statfsSync, writeSync } from 'node:fs'
import { nameBuffer } from './syscalls/check.ts'
import { realName, statName } from './files.ts'

const { directory, scratch } = JSON.parse(readFileSync(0, 'utf8')) as { directory: string; scratch: string }
writeSync(1, 'ready\n')
try {
  statName(directory)
  realName(directory)
  statfsSync(nameBuffer(directory))
  opendirSync(nameBuffer(directory)).closeSync()
  mkdirSync(nameBuffer(scratch), 0o700)
  rmdirSync(nameBuffer(scratch))
} catch {
  // It answered.
}
