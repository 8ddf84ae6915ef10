/**
 * Where a path breaks off: the first component that is missing, may not be searched, is no directory,
 * or loops. The walk follows symlinks as the kernel does, one component at a time, so that a culprit
 * behind a symlink is named where it is.
 */

import { readlinkSync } from 'node:fs'
import type { Known, PathFact } from '../../diagnose/facts.ts'
import { decodeName } from '../../names/bytes.ts'
import { parentPath, tidyPath } from '../../names/path.ts'
import { lstatName, statName } from '../files.ts'
import { nameBuffer } from '../syscalls/check.ts'
import { known } from './look.ts'
import { mountOf } from './mounts.ts'
import type { MountView } from './mounts.ts'

/** As MAXSYMLINKS of the kernel. */
const MAX_LINKS = 40

type Culprit = Pick<PathFact, 'culprit' | 'via' | 'culpritFsType'>

/** The culprit of a tidy absolute path that stat refused. */
export function findCulprit(absolute: string, mounts: Known<MountView>): Culprit {
  const rest = absolute.split('/').filter((part) => part !== '')
  let at = '/'
  let via: PathFact['via']
  for (let links = 0; rest.length > 0; ) {
    const part = rest.shift() as string
    if (part === '..') {
      at = parentPath(at)
      continue
    }
    const next = at === '/' ? `/${part}` : `${at}/${part}`
    const found = lstatName(next)
    // EACCES: the directory we stand in may not be searched. ENOTDIR: it is none.
    if (found === 'EACCES' || found === 'ENOTDIR') return { culprit: at, ...withLink(via), ...fsTypeOf(at, mounts) }
    if (typeof found === 'string') return { culprit: next, ...withLink(via) }
    if (found.kind !== 'symlink') {
      at = next
      continue
    }
    // A link of /proc leads to where no text of it does; what breaks off there is the link itself.
    const to = readLink(next)
    if (to === undefined || (next.startsWith('/proc/') && typeof statName(next) === 'string')) return { culprit: next, ...withLink(via) }
    via = { link: next, to }
    if (++links > MAX_LINKS) return { culprit: next, via }
    if (to.startsWith('/')) at = '/'
    rest.unshift(...tidyPath(to).split('/').filter((step) => step !== '' && step !== '.'))
  }
  return { culprit: at, ...withLink(via) }
}

const withLink = (via: PathFact['via']): Culprit => (via === undefined ? {} : { via })

/** A file system that refuses even root (FUSE, NFS) refuses at its own root. */
function fsTypeOf(path: string, mounts: Known<MountView>): Culprit {
  if (!mounts.known) return {}
  const mount = mountOf(path, undefined, mounts.value)
  return mount === undefined ? {} : { culpritFsType: known(mount.fsType) }
}

function readLink(path: string): string | undefined {
  try {
    return decodeName(readlinkSync(nameBuffer(path), { encoding: 'buffer' }))
  } catch {
    return undefined
  }
}
