/**
 * What a place for changes is, before anything is mounted: a directory, an image or a block device, what lies at its top,
 * and who uses it. The file system is looked into through a read-only mount that is attached nowhere and goes with its descriptor.
 */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { isDiskType } from '../live/keep.ts'
import type { DiskView } from '../live/keep.ts'
import { baseName, parentPath, tidyPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { ImageType, Slice } from '../plan/step.ts'
import { absoluteHere } from './cwd.ts'
import { run } from './exec.ts'
import { holdDirectory, holdReal, listBelow, readBelow, statBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { identityOf, realName, statName } from './files.ts'
import { imageMountOptions, readImageState, readImageType } from './image.ts'
import { attachLoop, loopsThatStay } from './loop.ts'
import { readMountTable } from './mount-table.ts'
import { fsCreate, fsMount, fsOpen, fsSetFlag, fsSetString } from './syscalls/mount-api.ts'
import { formatDevice } from './way-fsconfig.ts'

/** `said`: a path, or LABEL=, UUID=, PARTLABEL=, PARTUUID= of a block device. */
export async function viewDisk(said: string): Promise<DiskView> {
  const path = await pathOf(said)
  const found = statName(path)
  if (found === 'ENOENT') return { what: 'missing', path, said, entries: [] }
  if (typeof found === 'string') throw new OvlError('path-unreadable', `cannot look at '${said}' (${found})`, { errno: found })
  if (found.kind === 'directory') return viewDirectory(path, said)
  if (found.kind !== 'file' && found.kind !== 'block') throw new OvlError('usage', `'${said}' is neither a directory nor a disk: it is a ${found.kind}`)
  const what = found.kind === 'block' ? 'device' : 'image'
  const usedBy = found.kind === 'block' ? mountOf(formatDevice(found.rdev)) : await attachedTo(path)
  const type = readImageType(path)
  if (usedBy !== undefined || type === undefined || !isDiskType(type)) return { what, path, said, entries: [], ...(type === undefined ? {} : { type }), ...(usedBy === undefined ? {} : { usedBy }) }
  const identity = identityOf(found)
  return { what, path, said, type, ...(what === 'device' || identity === undefined ? {} : { identity }), dirty: isDirty(path, type), ...lookInside(path, type, what === 'device') }
}

/** What is looked at is one directory, and the same that is used later. */
function viewDirectory(path: string, said: string): DiskView {
  using directory = holdReal(path)
  const identity = identityOf(statBelow(directory, ''))
  return { what: 'directory', path, said, ...(identity === undefined ? {} : { identity }), ...top(directory) }
}

/** Absolute and without symlinks, as far as it exists. */
async function pathOf(said: string): Promise<string> {
  if (/^(?:PART)?(?:LABEL|UUID)=/.test(said)) {
    const { exitCode, stdout } = await run('findfs', [said])
    if (exitCode !== 0) throw new OvlError('persistence-unusable', `there is no disk with ${said}`, { hint: 'See what there is: lsblk -o NAME,LABEL,UUID,FSTYPE' })
    return stdout.trim()
  }
  const path = absoluteHere(said)
  if (typeof statName(path) === 'object') return realName(path)
  const parent = parentPath(path)
  if (typeof statName(parent) === 'string') throw new OvlError('persistence-unusable', `'${parent}' does not exist, where '${baseName(path)}' would lie`, { hint: `Make it: mkdir -p ${quoteShell(parent)}` })
  return tidyPath(`${realName(parent)}/${baseName(path)}`)
}

const CONF = 'persistence.conf'
const LARGEST_CONF = 256 * 1024

function top(directory: HeldDirectory): Pick<DiskView, 'entries' | 'conf'> {
  const entries = listBelow(directory, '').toSorted()
  const conf = statBelow(directory, CONF)
  // A symlink would be followed here, and not on the disk.
  return { entries, ...(typeof conf === 'object' && conf.kind === 'file' && conf.size <= LARGEST_CONF ? { conf: readBelow(directory, CONF, { links: 'none', limit: LARGEST_CONF }).toString('utf8') } : {}) }
}

async function attachedTo(path: string): Promise<string | undefined> {
  const [device] = await loopsThatStay(path)
  return device === undefined ? undefined : `it is attached to ${device}`
}

function mountOf(device: string): string | undefined {
  const mount = readMountTable().mounts.find((one) => one.device === device)
  return mount === undefined ? undefined : `it is mounted at '${mount.target}'`
}

/** ext4 alone tells by its superblock. */
function isDirty(path: string, type: ImageType): boolean {
  const state = type === 'ext4' ? readImageState(path, type) : undefined
  return state?.known === true && !state.value.clean
}

/** A journal that waits to be replayed is left alone, so that what is seen may be a little older than what is there. */
function lookInside(path: string, type: ImageType, isDevice: boolean): Pick<DiskView, 'entries' | 'conf'> {
  try {
    return whileDetached(path, type, { isDevice }, (root) => {
      using directory = holdDirectory(root)
      return top(directory)
    })
  } catch (error) {
    if (!isOvlError(error) || error.code !== 'unknown') throw error
    throw error.with({ code: 'image-unreadable', message: `the ${type} on '${path}' cannot be mounted: it is damaged, or in use`, hint: type === 'xfs' ? 'Check it: xfs_repair -n' : `Check it: fsck -n ${quoteShell(path)}` })
  }
}

/** Calls `look` with the root of the file system in an image or on a device, mounted read-only for that long and attached nowhere. */
export function whileDetached<T>(path: string, type: ImageType, { isDevice = false, slice }: { readonly isDevice?: boolean; readonly slice?: Slice | undefined }, look: (root: string) => T): T {
  const loop = isDevice ? undefined : attachLoop(path, slice === undefined ? {} : { slice })
  try {
    using context = fsOpen(type)
    fsSetString(context, 'source', loop?.device ?? path)
    fsSetFlag(context, 'ro')
    for (const option of imageMountOptions(type).split(',').filter((word) => word !== '')) {
      const [key = '', value] = option.split('=')
      if (value === undefined) fsSetFlag(context, key)
      else fsSetString(context, key, value)
    }
    fsCreate(context)
    using mount = fsMount(context, ['ro'])
    return look(`/proc/self/fd/${mount.fd}`)
  } finally {
    loop?.fd.close()
  }
}
