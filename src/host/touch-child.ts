/**
 * A process of its own that touches paths in the ways that ovl will, and may hang in its place: a file system whose
 * server is gone makes whoever asks it wait. Started by touch.ts, which stops waiting. What it finds does not matter here.
 */

import { mkdirSync, opendirSync, readFileSync, rmdirSync, statfsSync, writeSync } from 'node:fs'
import { nameBuffer } from './syscalls/check.ts'
import { realName, statName } from './files.ts'

const { paths, scratch } = JSON.parse(readFileSync(0, 'utf8')) as { paths: readonly string[]; scratch?: string }
writeSync(1, 'ready\n')
for (const path of paths) {
  try {
    statName(path)
    realName(path)
    statfsSync(nameBuffer(path))
    opendirSync(nameBuffer(path)).closeSync()
    if (scratch === undefined) continue
    mkdirSync(nameBuffer(`${path}/${scratch}`), 0o700)
    rmdirSync(nameBuffer(`${path}/${scratch}`))
  } catch {
    // It answered.
  }
}
