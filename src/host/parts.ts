/** The mounts that stand beside an overlay, or in it: its tmpfs, images, disks, id-mapped clones, binds. Each is attached ready to use. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { quoteShell } from '../names/shell.ts'
import type { MountFlag } from '../overlay/spec.ts'
import type { ImageType, Slice } from '../plan/step.ts'
import { copyToNameless } from './copy.ts'
import type { CopyWatch } from './copy.ts'
import { statName } from './files.ts'
import { imageMountOptions } from './image.ts'
import { attachLoop, loopsThatStay } from './loop.ts'
import { moveMount, openTree, setMountAttributes } from './syscalls/mount-api.ts'
import { legacyBits } from './syscalls/mount-flags.ts'
import { mountLegacy } from './syscalls/mount-legacy.ts'
import { makeUserNamespaceFd } from './userns.ts'

const MS_BIND = 0x1000
const MS_REC = 0x4000

const UNPACK = 'Run it as root, or unpack the image into a directory and use that as the layer.'

/** A fresh tmpfs, root's alone to write at its top. */
export function attachTmpfs(at: string, size?: string, flags: readonly MountFlag[] = []): void {
  mountLegacy('tmpfs', at, 'tmpfs', legacyBits(flags), size === undefined ? 'mode=0755' : `mode=0755,size=${size}`)
}

export interface ImagePlace {
  /** Where in the file it lies; all of it when absent. Several pieces are put together in a file without a name first. */
  readonly slices?: readonly Slice[] | undefined
  /** What it is called there. */
  readonly name?: string | undefined
  /** Besides `ro`. */
  readonly flags?: readonly MountFlag[] | undefined
  /** Device and inode that the file must have. */
  readonly identity?: string | undefined
  readonly watch?: CopyWatch
}

/** An image file, read-only, on a loop device that frees itself when the mount is gone. */
export async function attachImage(image: string, type: ImageType, at: string, { slices, name, flags = [], identity, watch = {} }: ImagePlace = {}): Promise<void> {
  const [slice, another] = slices ?? []
  using whole = another === undefined ? undefined : await copyToNameless(image, slices ?? [], watch)
  const { device, fd } = attachLoop(image, whole !== undefined ? { file: whole } : { identity, ...(slice === undefined ? {} : { slice }) })
  try {
    mountLegacy(device, at, type, legacyBits(['ro', ...flags]), imageMountOptions(type))
  } catch (error) {
    throw imageError(error, type, `the image '${image}'`, `the ${type} image ${name === undefined ? '' : `'${name}' in `}'${image}'`, image)
  } finally {
    fd.close()
  }
}

/** The file system on a block device or in an image file, writable; a journal is replayed. The loop device frees itself when the mount is gone. */
export async function attachDisk(disk: string, type: ImageType, at: string, flags: readonly MountFlag[], identity: string | undefined): Promise<void> {
  const found = statName(disk)
  const loop = identity === undefined && typeof found === 'object' && found.kind === 'block' ? undefined : attachLoop(disk, { writable: true, identity })
  try {
    // Nothing else keeps two from writing to one file.
    const [other] = loop === undefined ? [] : await loopsThatStay(disk, loop.device)
    if (other !== undefined) throw new OvlError('upper-in-use', `'${disk}' is in use: it is attached to ${other}`)
    mountLegacy(loop?.device ?? disk, at, type, legacyBits(flags), '')
  } catch (error) {
    if (isOvlError(error) && error.code === 'upper-in-use') throw error
    if (isOvlError(error) && error.errno === 'EBUSY') throw error.with({ code: 'upper-in-use', message: `the ${type} on '${disk}' is in use: mounted read-only, or by another program` })
    throw imageError(error, type, `the disk '${disk}'`, `the ${type} on '${disk}'`, disk)
  } finally {
    loop?.fd.close()
  }
}

function imageError(error: unknown, type: ImageType, it: string, what: string, path: string): unknown {
  if (!isOvlError(error)) return error
  if (error.errno === 'ENODEV') return error.with({ code: 'module-missing', message: `this kernel cannot mount ${type}, the type of '${path}'`, hint: `Load the module: modprobe ${type}` })
  if (error.errno === 'EPERM') return error.with({ code: 'not-permitted', message: `attaching ${it} needs root: ${type} cannot be mounted in a user namespace`, hint: UNPACK })
  // btrfs before 6.7 knows a file system by its ids alone.
  if (error.errno === 'EEXIST') return error.with({ code: 'image-unreadable', message: `${what} cannot be mounted: another with the same ids is mounted already`, hint: `Unmount that one, or give this one ids of its own: btrfstune -u ${quoteShell(path)}` })
  return error.with({ code: 'image-unreadable', message: `${what} cannot be mounted: it is damaged, or of a kind this kernel does not read`, hint: `Compare its size and checksum with where it came from, and see what is in it: file -- ${quoteShell(path)}` })
}

/** The directory `from`, without what is mounted below it, at a second place. Read-only it is so before anybody can see it, and private. */
export function attachBind(from: string, at: string, readOnly: boolean): void {
  if (!readOnly) return mountLegacy(from, at, 'none', MS_BIND, '')
  using clone = openTree(from, { clone: true })
  setMountAttributes(clone, { set: ['ro'], propagation: 'private' })
  moveMount(clone, at)
}

/** A staged mount, with what is mounted in it, at a second place: all of it at once. It must be private, or its going would take the other along. */
export function attachTree(from: string, at: string): void {
  mountLegacy(from, at, 'none', MS_BIND | MS_REC, '')
}

/** A read-only clone of `from` (where `image` is attached, if it is one) in which ids are mapped; the overlay then sees the mapped owners. */
export async function attachClone(from: string, idmap: string, at: string, image?: string): Promise<void> {
  using namespace = await makeUserNamespaceFd(idmap)
  using clone = openTree(from, { clone: true })
  try {
    setMountAttributes(clone, { set: ['ro'], idmapFd: namespace.fd })
  } catch (error) {
    if (!isOvlError(error)) throw error
    const what = image === undefined ? `'${from}'` : `the image '${image}'`
    throw error.with({ code: 'idmap-unsupported', message: `${what} cannot be mounted with mapped ids: its file system or this kernel does not do it` })
  }
  moveMount(clone, at)
}

