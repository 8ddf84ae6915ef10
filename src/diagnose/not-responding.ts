/** A path whose file system answered nobody in time. Nothing of it was looked at, and whoever looks will wait. */

import type { Evidence, Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { quoteShell } from '../names/shell.ts'
import type { PathFact } from './facts.ts'
import { REMOTE } from './filesystems.ts'
import { quote, seen, valueOf } from './suspect.ts'

/** @param why as in “did not answer within 5 s” */
export function notResponding(said: PathFact, why: string): Finding {
  // Known by its name alone. A symlink may lead elsewhere, and the healthy disk that it lies on is not to be taken down.
  const { role, index, absolute } = said
  const path: PathFact = REMOTE.test(fsTypeOf(said)) ? said : { role, index, path: said.path, absolute }
  const mount = valueOf(path.mountPoint)
  const type = fsTypeOf(path)
  const fuse = type.startsWith('fuse')
  return finding('not-responding', {
    title: `${quote(path.absolute)} ${why}${onType(path)}`,
    evidence: [seen('probe', 'a process that touched it was still waiting, and was killed'), ...fsEvidence(path)],
    fix: [
      { text: fuse ? 'See whether its daemon runs, and is not stopped (T).' : 'See what the kernel says of its server.', command: fuse ? `ps -eo pid,stat,args | grep -F ${quoteShell(type.replace(/^fuse\.?/, '') || 'fuse')}` : 'dmesg | tail -n 20' },
      ...(mount === undefined || mount === '/' ? [] : [{ text: 'Or take it down without waiting for it; what is not written yet is lost.', command: `umount -f -l ${quoteShell(mount)}` }]),
    ],
  })
}

export const fsTypeOf = (path: PathFact): string => valueOf(path.fsType) ?? ''

export const onType = (path: PathFact): string => (fsTypeOf(path) === '' ? '' : `: it lies on ${fsTypeOf(path)}`)

export const isReadOnly = (path: PathFact): boolean => valueOf(path.mountReadOnly) === true || valueOf(path.superReadOnly) === true

export function fsEvidence(path: PathFact): Evidence[] {
  const mount = valueOf(path.mountPoint)
  return mount === undefined ? [] : [seen('mountinfo', `${fsTypeOf(path)} at ${quote(mount)}${isReadOnly(path) ? ', read-only' : ''}`)]
}
