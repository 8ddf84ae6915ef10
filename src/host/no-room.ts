/**
 * No room for something of ovl's own: a directory of a plan, or its notes of a mount. Measured when it fails, because undoing
 * makes room again. What the kernel itself has no room for while mounting is for the rules to tell.
 */

import { statfsSync } from 'node:fs'
import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import type { OvlError } from '../errors/ovl-error.ts'
import { parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { Step } from '../plan/step.ts'
import { statName } from './files.ts'
import { nameBuffer } from './syscalls/check.ts'

/** The error with its cause, when it says that there is no room for a file or a directory of the step; else as it is. */
export function noRoomError(step: Step, error: OvlError): OvlError {
  const path = ownPath(step, error)
  if (path === undefined || error.findings.length > 0 || (error.errno !== 'ENOSPC' && error.errno !== 'EDQUOT')) return error
  const found = noRoomFinding(topOf(parentPath(path)), step.do === 'make-dir' ? `to make '${path}'` : "for ovl's notes of the mount", error.errno)
  return error.with({ code: found.code, message: found.title, findings: [found] })
}

/** The mount itself says ENOSPC for reasons of its own. */
function ownPath(step: Step, { details: { syscall = '' } }: OvlError): string | undefined {
  if (step.do === 'make-dir' || step.do === 'write-receipt') return step.path
  return step.do === 'mount-overlay' && FILE_CALLS.has(syscall) ? step.receipt : undefined
}

const FILE_CALLS: ReadonlySet<string> = new Set(['open', 'write', 'fsync', 'rename'])

function noRoomFinding(directory: string, what: string, errno: string): Finding {
  const { inodes, fact } = freeOf(directory)
  const code = inodes ? 'no-inodes' : 'no-space'
  return finding(code, {
    title: `no ${inodes ? 'inode' : 'space'} is left on the file system at '${directory}' ${what}${errno === 'EDQUOT' ? ' within the quota' : ''}`,
    explanation: 'ovl makes the directories that a mount needs, and notes what it puts up so that umount can take all of it down again. There is no room for that, so nothing was mounted.',
    evidence: fact === undefined ? [] : [{ fact, source: 'statfs' }],
    fix: [
      { text: 'See what takes the room.', command: `${inodes ? 'df -i' : 'df -h'} ${quoteShell(directory)}` },
      { text: 'Clear what earlier mounts have left.', command: 'ovl umount --stale' },
    ],
  })
}

/** The topmost directory of the file system: those of the plan are gone when this is read. */
function topOf(directory: string): string {
  const deviceOf = (path: string): bigint | string => {
    const found = statName(path)
    return typeof found === 'string' ? found : found.dev
  }
  let top = directory
  while (top !== '/' && deviceOf(parentPath(top)) === deviceOf(directory)) top = parentPath(top)
  return top
}

function freeOf(directory: string): { readonly inodes: boolean; readonly fact?: string } {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(nameBuffer(directory), { bigint: true })
    return { inodes: ffree === 0n && files > 0n, fact: `${bavail * bsize} bytes and ${ffree} of ${files} inodes are free` }
  } catch {
    return { inodes: false }
  }
}
