/** Whether overlay mounts at all, and which ways into the kernel there are. */

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { isOvlError } from '../../errors/ovl-error.ts'
import type { Probed } from '../../diagnose/doctor.ts'
import type { OwnedFd } from '../fd.ts'
import { openPath } from '../syscalls/files.ts'
import { fsCreate, fsMount, fsOpen, fsSetFd, fsSetFlag, fsSetString, moveMount, openTree, readContextLog, setMountAttributes } from '../syscalls/mount-api.ts'
import { makeUserNamespaceFd } from '../userns.ts'
import type { Ground, Tried } from './ground.ts'
import { tryOverlay, writable } from './ground.ts'
import { heard, missing, refused, stateOfErrno, works } from './probe.ts'
import type { MountProbe } from './probe.ts'

export const OVERLAY_PROBES: readonly MountProbe[] = [
  { id: 'overlay', group: 'overlay', what: 'overlay', where: 'inside', probe: probeOverlay },
  { id: 'fsconfig', group: 'overlay', what: 'fsconfig (new mount API)', where: 'inside', probe: probeFsconfig },
  { id: 'lowerdir+', group: 'overlay', what: 'lowerdir+', where: 'inside', probe: probeAppend },
  { id: 'layer-fd', group: 'overlay', what: 'layers by descriptor', where: 'inside', probe: probeDescriptors },
  { id: 'data-only', group: 'overlay', what: 'data-only layers', where: 'inside', probe: probeDataOnly },
  { id: 'idmap', group: 'overlay', what: 'id-mapped layers', where: 'inside', probe: probeIdmap },
]

async function probeOverlay(ground: Ground): Promise<Probed> {
  const place = ground.place()
  const tried = await tryOverlay(ground, place, writable(place), (merged) => {
    writeFileSync(`${merged}/file`, 'written')
    return readFileSync(`${place}/u/file`, 'utf8') === 'written'
  })
  if (tried.ok) return works('mounted on a tmpfs, and written to', { evidence: heard('kernel-log', tried.said) })
  const state = tried.errno === 'ENODEV' ? missing : refused
  return state(tried.errno === 'ENODEV' ? 'this kernel does not know it' : `the kernel refuses it: ${tried.errno}`, failed(tried))
}

/** Evidence of an attempt that failed. */
export function failed(tried: Tried<unknown>): { readonly evidence: Probed['evidence'] } {
  return { evidence: [...(tried.ok ? [] : heard('probe', [`mount: ${tried.errno}`])), ...heard('kernel-log', tried.said)] }
}

async function probeFsconfig(ground: Ground): Promise<Probed> {
  const place = ground.place()
  const created = inContext((context) => {
    for (const [key, value] of [['source', 'ovl-doctor'], ['lowerdir', `${place}/l1:${place}/l2`]] as const) fsSetString(context, key, value)
    fsCreate(context)
    using mount = fsMount(context, ['ro'])
    moveMount(mount, `${place}/m`)
  })
  if (created !== undefined) return say(created)
  return isLegacyContext()
    ? works('old form (before 6.5): words are checked last', { evidence: heard('probe', ['a word that overlay cannot know was taken']) })
    : works('fsopen to move_mount; each word is checked', { evidence: heard('probe', ['a word that overlay cannot know was refused']) })
}

function probeAppend(ground: Ground): Probed {
  const place = ground.place()
  if (isLegacyContext()) return missing('this kernel takes lowerdir= as a whole (6.7)')
  const failure = inContext((context) => {
    for (const name of ['l1', 'l2']) fsSetString(context, 'lowerdir+', `${place}/${name}`)
    fsCreate(context)
  })
  return failure === undefined ? works('one layer a call, no escapes') : say(failure, 'came with Linux 6.7')
}

function probeDescriptors(ground: Ground): Probed {
  const place = ground.place()
  const failure = inContext((context) => {
    for (const name of ['l1', 'l2']) {
      using layer = openPath(`${place}/${name}`)
      fsSetFd(context, 'lowerdir+', layer.fd)
    }
    fsCreate(context)
  })
  return failure === undefined ? works('no limit of length, true names') : say(failure, 'came with Linux 6.13')
}

/** Before 6.16 they need metacopy; in a user namespace, userxattr. */
async function probeDataOnly(ground: Ground): Promise<Probed> {
  const tries: Tried<unknown>[] = []
  for (const option of ['', 'metacopy=on', 'userxattr']) {
    const place = ground.place()
    const tried = await tryOverlay(ground, place, `lowerdir=${place}/l1::${place}/l2${option === '' ? '' : `,${option}`}`, () => undefined)
    if (tried.ok) return works(option === '' ? 'lowerdir=a::b' : `lowerdir=a::b, with ${option} only`, tries.length === 0 ? {} : failed(tries[0] as Tried<unknown>))
    tries.push(tried)
  }
  const worst = tries.find((tried) => !tried.ok && tried.errno === 'EPERM') ?? (tries[0] as Tried<unknown>)
  const state = worst.ok || stateOfErrno(worst.errno) === 'missing' ? missing('came with Linux 6.5') : refused('needs trusted. attributes (userxattr from 6.16)')
  return { ...state, ...failed(worst) }
}

async function probeIdmap(ground: Ground): Promise<Probed> {
  const layer = `${ground.place()}/l1`
  writeFileSync(`${layer}/file`, '')
  const mapped = await mapLayer(ground, layer)
  return typeof mapped === 'string' ? { ...(stateOfErrno(mapped) === 'refused' ? refused(`mount_setattr: ${mapped}`) : missing('tmpfs cannot here (6.3); a disk may')), evidence: heard('probe', [`mount_setattr on tmpfs: ${mapped}`]) } : mapped
}

/**
 * Mounts an overlay over a clone of `layer` with ids mapped; the errno where the mapping itself is refused.
 * Inside a user namespace root’s own id is all there is to map.
 */
export async function mapLayer(ground: Ground, layer: string): Promise<Probed | string> {
  const id = ground.inUserNamespace ? 0 : 1000
  const place = ground.place()
  mkdirSync(`${place}/mapped`)
  try {
    using map = await makeUserNamespaceFd(`b:0:${id}:1`)
    using clone = openTree(layer, { clone: true })
    setMountAttributes(clone, { idmapFd: map.fd })
    moveMount(clone, `${place}/mapped`)
  } catch (error) {
    if (!isOvlError(error) || error.errno === undefined) throw error
    if (error.details.syscall === 'mount_setattr') return error.errno
    return refused(`the kernel refuses it: ${error.details.syscall ?? ''} ${error.errno}`, { evidence: heard('probe', [error.message]) })
  }
  const tried = await tryOverlay(ground, place, `lowerdir=${place}/mapped:${place}/l2`, (merged) => statSync(merged).uid)
  if (!tried.ok) return { ...(stateOfErrno(tried.errno) === 'refused' ? refused : missing)(`overlay does not take them: ${tried.errno} (5.19)`), ...failed(tried) }
  return works('owners are shown as mapped', { evidence: heard('probe', [`root’s directory is shown as that of ${tried.value}`]) })
}

/** What went wrong in a scratch context, with its own log; undefined when nothing did. */
interface ContextFailure {
  readonly errno: string
  readonly log: readonly string[]
}

export function inContext(fill: (context: OwnedFd) => void): ContextFailure | undefined {
  try {
    using context = fsOpen('overlay')
    try {
      fill(context)
      return undefined
    } catch (error) {
      if (isOvlError(error) && error.errno !== undefined) return { errno: error.errno, log: readContextLog(context).map(({ text }) => text) }
      throw error
    }
  } catch (error) {
    if (isOvlError(error) && error.errno !== undefined) return { errno: error.errno, log: [] }
    throw error
  }
}

/** Kernels before 6.5 collect words into the text of mount(2), and so take any. */
export function isLegacyContext(): boolean {
  return inContext((context) => fsSetFlag(context, 'ovl-is-there-a-check')) === undefined
}

function say({ errno, log }: ContextFailure, otherwise = `the kernel answers ${errno}`): Probed {
  const state = stateOfErrno(errno) === 'refused' ? refused(`the kernel refuses it: ${errno}`) : missing(errno === 'ENOSYS' ? 'came with Linux 5.2' : otherwise)
  return { ...state, evidence: [...heard('probe', [`fsconfig: ${errno}`]), ...heard('fs-context', log)] }
}

