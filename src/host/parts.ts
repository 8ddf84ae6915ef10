/** The mounts that stand beside an overlay: its tmpfs, its images, its id-mapped clones. Each is attached ready to use. */

import { isOvlError } from '../errors/ovl-error.ts'
import { quoteShell } from '../names/shell.ts'
import type { ImageType } from '../plan/step.ts'
import { imageMountOptions } from './image.ts'
import { attachLoop } from './loop.ts'
import { moveMount, openTree, setMountAttributes } from './syscalls/mount-api.ts'
import { legacyBits } from './syscalls/mount-flags.ts'
import { mountLegacy } from './syscalls/mount-legacy.ts'
import { makeUserNamespaceFd } from './userns.ts'

const UNPACK = 'Run it as root, or unpack the image into a directory and use that as the layer.'

/** A fresh tmpfs, root's alone to write at its top. */
export function attachTmpfs(at: string, size?: string): void {
  mountLegacy('tmpfs', at, 'tmpfs', 0, size === undefined ? 'mode=0755' : `mode=0755,size=${size}`)
}

/** An image file, read-only, on a loop device that frees itself when the mount is gone. */
export function attachImage(image: string, type: ImageType, at: string): void {
  const { device, fd } = attachLoop(image)
  try {
    mountLegacy(device, at, type, legacyBits(['ro']), imageMountOptions(type))
  } catch (error) {
    if (!isOvlError(error)) throw error
    if (error.errno === 'ENODEV') throw error.with({ code: 'module-missing', message: `this kernel cannot mount ${type}, the type of '${image}'`, hint: `Load the module: modprobe ${type}` })
    if (error.errno === 'EPERM') throw error.with({ code: 'not-permitted', message: `attaching the image '${image}' needs root: ${type} cannot be mounted in a user namespace`, hint: UNPACK })
    // btrfs before 6.7 knows a file system by its ids alone.
    if (error.errno === 'EEXIST') throw error.with({ code: 'image-unreadable', message: `the ${type} image '${image}' cannot be mounted: another with the same ids is mounted already`, hint: `Unmount that one, or give this one ids of its own: btrfstune -u ${quoteShell(image)}` })
    throw error.with({ code: 'image-unreadable', message: `the ${type} image '${image}' cannot be mounted: it is damaged, or of a kind this kernel does not read` })
  } finally {
    fd.close()
  }
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

