/**
 * A user namespace as a descriptor, for id-mapped mounts: the kernel knows id maps in this shape only. A
 * child makes it (a process cannot change its own safely), and is gone before this returns.
 */

import { constants, openSync, writeFileSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import { formatIdRanges, parseIdmap } from '../overlay/idmap.ts'
import { whileRunning } from './exec.ts'
import { OwnedFd } from './fd.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

/**
 * A user namespace with the map that `words` say, in the language of overlay/idmap.ts.
 * @throws OvlError option-bad-value, userns-disabled, not-permitted (ids that this process may not map), tool-missing
 */
export async function makeUserNamespaceFd(words: string): Promise<OwnedFd> {
  const idmap = parseIdmap(words)
  if (idmap.kind === 'path') return openNamespace(idmap.path)
  return makeNamespace((pid) => {
    writeMap(pid, 'uid_map', formatIdRanges(idmap.uid))
    writeMap(pid, 'gid_map', formatIdRanges(idmap.gid))
    return openNamespace(`/proc/${pid}/ns/user`)
  })
}

/** The child stands still in its namespace: only its parent may write the map, and only before anybody uses it. */
async function makeNamespace(use: (pid: number) => OwnedFd): Promise<OwnedFd> {
  try {
    return await whileRunning('unshare', ['--user', '--', 'sh', '-c', 'echo ready; read -r _'], use)
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'unknown' || error.details.syscall !== 'unshare') throw error
    throw error.with({ code: 'userns-disabled', message: `no user namespace can be made, which an id map needs: ${error.message}` })
  }
}

function writeMap(pid: number, file: 'uid_map' | 'gid_map', text: string): void {
  try {
    checkFs(`cannot map ids (${text.trim().replaceAll('\n', ', ')})`, () => writeFileSync(`/proc/${pid}/${file}`, text))
  } catch (error) {
    if (!isOvlError(error) || error.errno !== 'EPERM') throw error
    throw error.with({ code: 'not-permitted', message: `these ids may not be mapped from here: ${text.trim().replaceAll('\n', ', ')}`, hint: 'Only root may map any id; in a user namespace, only ids that it has itself.' })
  }
}

function openNamespace(path: string): OwnedFd {
  const fd = checkFs(`cannot open the user namespace '${path}'`, () => openSync(nameBuffer(path), constants.O_RDONLY | constants.O_NONBLOCK))
  return new OwnedFd(fd)
}
