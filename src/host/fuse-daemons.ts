/** The running fuse-overlayfs daemons, by their command lines. Only this user's own, unless this is root. */

import { readFileSync, readlinkSync, readdirSync } from 'node:fs'
import { absolutePath } from '../names/path.ts'
import { decodeName } from '../names/bytes.ts'
import { parseFuseCommand } from '../mounts/fuse-overlayfs.ts'
import type { FuseCommand } from '../mounts/fuse-overlayfs.ts'

/** Targets and layers of all daemons that can be seen, absolute where their working directory is still the one they were started in. */
export function readFuseDaemons(): FuseCommand[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const command = readCommand(pid)
      return command === undefined ? [] : [command]
    })
}

function readCommand(pid: string): FuseCommand | undefined {
  try {
    const command = parseFuseCommand(decodeName(readFileSync(`/proc/${pid}/cmdline`)).split('\0').slice(0, -1))
    if (command === undefined) return undefined
    const cwd = decodeName(readlinkSync(`/proc/${pid}/cwd`, { encoding: 'buffer' }))
    // A daemon moves to `/`; what it was told relative to another directory cannot be told any more.
    if (cwd === '/') return command
    const { target, lower, upper, work } = command
    const absolute = (path: string): string => absolutePath(path, cwd)
    return {
      target: absolute(target),
      lower: lower.map(absolute),
      ...(upper === undefined ? {} : { upper: absolute(upper) }),
      ...(work === undefined ? {} : { work: absolute(work) }),
    }
  } catch {
    // It ended meanwhile, or is somebody else's.
    return undefined
  }
}
