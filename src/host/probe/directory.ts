/**
 * What the directory asked about can do, in a scratch directory inside it: what overlay asks of the file
 * system of an upper one by one, then real overlays. The parent makes the scratch directory and removes it.
 */

import { closeSync, constants, lstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Probed } from '../../diagnose/doctor.ts'
import { valueOf } from '../../diagnose/suspect.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { openPath, directoryEntryTypes, makeWhiteout } from '../syscalls/files.ts'
import { setXattr } from '../syscalls/xattr.ts'
import type { Ground } from './ground.ts'
import { tryOverlay } from './ground.ts'
import { failed, mapLayer } from './overlay.ts'
import { heard, missing, refused, stateOfErrno, unknown, works } from './probe.ts'
import type { MountProbe, PlainProbe, Probe, Seen } from './probe.ts'

const READ: readonly PlainProbe[] = [
  { id: 'dir-type', group: 'directory', what: 'file system', where: 'here', probe: readType },
  { id: 'dir-free', group: 'directory', what: 'room', where: 'here', probe: readRoom },
  { id: 'dir-write', group: 'directory', what: 'writable', where: 'here', probe: readWrite },
]

const row = (id: string, what: string, probe: MountProbe['probe']): MountProbe => ({ id, group: 'directory', what, where: 'inside', probe })

export const DIRECTORY_PROBES: readonly Probe[] = [
  ...READ,
  row('dir-lower', 'as a lower', probeLower),
  row('dir-upper', 'as an upper', (ground) => inScratch(ground, (path, fd) => probeUpper(ground, path, fd))),
  row('dir-rename', 'rename leaves a whiteout', (ground) => inScratch(ground, (path, fd) => probeRename(ground, path, fd))),
  row('dir-whiteout', 'whiteouts by mknod', (ground) => inScratch(ground, (path) => call(() => makeWhiteout(`${path}/whiteout`), 'c 0 0 can be made'))),
  row('dir-tmpfile', 'O_TMPFILE', (ground) => inScratch(ground, (path) => call(() => closeSync(openSync(path, O_TMPFILE | constants.O_RDWR, 0o600)), 'copies are made without a name'))),
  row('dir-d-type', 'd_type', (ground) => inScratch(ground, probeTypes)),
  row('dir-xattr', 'xattrs on directories', (ground) => inScratch(ground, (path) => probeXattrs(ground, path))),
  row('dir-idmap', 'id-mapped layers', probeIdmap),
]

/** __O_TMPFILE and O_DIRECTORY; node:fs has no name for the first. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY

function readType({ directory }: Seen): Probed {
  const [type, mount] = [valueOf(directory.fsType), valueOf(directory.mountPoint)]
  if (type === undefined) return unknown('the mount table does not show it')
  const readOnly = valueOf(directory.mountReadOnly) === true || valueOf(directory.superReadOnly) === true
  const depth = valueOf(directory.stackDepth) ?? 0
  return works(`${type}, mounted at ${mount ?? '?'}${readOnly ? ', read-only' : ''}${depth > 0 ? `, level ${depth} of stacking` : ''}`)
}

function readRoom({ directory }: Seen): Probed {
  const free = valueOf(directory.free)
  if (free === undefined) return unknown(directory.free?.known === false ? directory.free.why : 'statfs says nothing')
  const inodes = free.totalInodes === '0' ? 'inodes as needed' : `${free.inodes} inodes free`
  const bytes = Number(free.bytes)
  return works(`${bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`} and ${inodes}`, { evidence: heard('statfs', [`${free.bytes} bytes free, ${free.inodes} of ${free.totalInodes} inodes`]) })
}

function readWrite({ scratch, system }: Seen): Probed {
  if ('path' in scratch) return works('a scratch directory was made in it')
  const why = { EROFS: 'read-only', EACCES: `user ${system.uid} may not write it`, EPERM: 'not permitted', ENOSPC: 'it is full' }[scratch.errno] ?? scratch.errno
  return refused(why, { evidence: heard('probe', [`mkdir: ${scratch.errno}`]) })
}

/** Runs a probe in a directory of its own inside the scratch directory. */
async function inScratch({ scratch }: Ground, probe: (path: string, fd: number) => Probed | Promise<Probed>): Promise<Probed> {
  if (typeof scratch !== 'number') return unknown('not tried: nothing may be written there')
  const path = `/proc/self/fd/${scratch}/${++scratches}`
  try {
    mkdirSync(path)
    using own = openPath(path)
    return await probe(`/proc/self/fd/${own.fd}`, own.fd)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (isOvlError(error) || code === undefined) throw error
    return refused(`not writable after all: ${code}`, { evidence: heard('probe', [code]) })
  }
}

let scratches = 0

/** A call that the file system has, or has not. */
function call(act: () => void, detail: string): Probed {
  try {
    act()
    return works(detail)
  } catch (error) {
    const errno = isOvlError(error) ? error.errno : (error as NodeJS.ErrnoException).code
    if (errno === undefined) throw error
    return (stateOfErrno(errno) === 'refused' ? refused : missing)(`no: ${errno}`, { evidence: heard('probe', [errno]) })
  }
}

function probeTypes(path: string): Probed {
  mkdirSync(`${path}/directory`)
  const types = directoryEntryTypes(path).map(({ type }) => type)
  return types.includes('unknown') ? missing('listings do not tell types') : works('listings tell types')
}

/** Which of the two overlay keeps its notes in depends on userxattr; root may have either. */
function probeXattrs({ inUserNamespace }: Ground, path: string): Probed {
  mkdirSync(`${path}/directory`)
  const parts = (['trusted', 'user'] as const).map((name) => {
    const { state, detail } = call(() => setXattr(`${path}/directory`, `${name}.overlay.probe`, Buffer.from('y')), 'can be set')
    return { name: `${name}.`, state, detail }
  })
  const own = parts[inUserNamespace ? 1 : 0]
  const good = parts.filter(({ state }) => state === 'works').map(({ name }) => name)
  const detail = good.length === 0 ? 'neither trusted. nor user.' : good.length === 2 ? 'trusted. and user.' : `${good[0]} only`
  return { state: own?.state ?? 'unknown', detail, parts, evidence: heard('probe', parts.filter(({ state }) => state !== 'works').map(({ name, detail }) => `setxattr ${name}overlay.probe: ${detail}`)) }
}

async function probeLower(ground: Ground): Promise<Probed> {
  const place = ground.place()
  // By descriptor’s name the directory itself is meant, whatever its name is like.
  const tried = await tryOverlay(ground, place, `lowerdir=.:${place}/l2`, () => undefined, ground.directory)
  return tried.ok ? works('an overlay was mounted over it') : refused(`the kernel refuses it: ${tried.errno}`, failed(tried))
}

async function probeUpper(ground: Ground, path: string, fd: number): Promise<Probed> {
  const place = ground.place()
  for (const name of ['u', 'w']) mkdirSync(`${path}/${name}`)
  const option = ground.inUserNamespace ? ',userxattr' : ''
  const tried = await tryOverlay(ground, place, `lowerdir=${place}/l1,upperdir=u,workdir=w${option}`, (merged) => {
    writeFileSync(`${merged}/file`, 'written')
    return readFileSync(`${path}/u/file`, 'utf8')
  }, fd).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS') throw error
    return { ok: false as const, errno: 'EROFS', said: ['the superblock is read-only'] }
  })
  if (!tried.ok) return refused(tried.errno === 'EROFS' ? 'mounted, and silently read-only' : `the kernel refuses it: ${tried.errno}`, failed(tried))
  return works(`mounted and written to${option === '' ? '' : ', with userxattr'}`, { evidence: heard('kernel-log', tried.said) })
}

/** RENAME_WHITEOUT: overlay makes it when a file of a lower is renamed. */
async function probeRename(ground: Ground, path: string, fd: number): Promise<Probed> {
  const place = ground.place()
  for (const name of ['u', 'w']) mkdirSync(`${path}/${name}`)
  writeFileSync(`${place}/l1/old`, '')
  const tried = await tryOverlay(ground, place, `lowerdir=${place}/l1,upperdir=u,workdir=w${ground.inUserNamespace ? ',userxattr' : ''}`, (merged) =>
    call(() => {
      renameSync(`${merged}/old`, `${merged}/new`)
      if (!lstatSync(`${path}/u/old`).isCharacterDevice()) throw Object.assign(new Error('no whiteout'), { code: 'EINVAL' })
    }, 'RENAME_WHITEOUT'), fd)
  return tried.ok ? tried.value : unknown('not tried: it is no upper')
}

async function probeIdmap(ground: Ground): Promise<Probed> {
  const mapped = await mapLayer(ground, `/proc/self/fd/${ground.directory}`)
  if (typeof mapped !== 'string') return mapped
  return { ...(stateOfErrno(mapped) === 'refused' ? refused('only root of the whole system may map it') : missing('this file system cannot')), evidence: heard('probe', [`mount_setattr: ${mapped}`]) }
}
