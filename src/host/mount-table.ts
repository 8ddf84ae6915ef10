/**
 * The mount table of a mount namespace, with its overlays decoded by all that this machine knows
 * besides: receipts, running daemons, the records of image stores, and which paths exist.
 */

import type { Stats } from 'node:fs'
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { encodeName } from '../names/bytes.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { decodeOverlays, isOverlay } from '../mounts/decode.ts'
import type { Knowledge } from '../mounts/decode.ts'
import { FUSE_OVERLAYFS } from '../mounts/fuse-overlayfs.ts'
import { parseMountinfo } from '../mounts/mountinfo.ts'
import type { Mount, MountInfo } from '../mounts/mountinfo.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { Receipt } from '../plan/step.ts'
import { holdDirectory, statBelow } from './beneath.ts'
import { readFuseDaemons } from './fuse-daemons.ts'
import { readLowersOnRecord } from './image-stores.ts'
import { readProcFile } from './proc-file.ts'
import { readReceipts } from './receipts.ts'
import { nameBuffer } from './syscalls/check.ts'
import { statOverlay, statOverlayStatus } from './syscalls/statmount.ts'
import type { OverlayStatus } from './syscalls/statmount.ts'
import { mountNamespaceId } from './system.ts'

export interface MountTable extends MountInfo {
  /** In the order of the table: of several on one target the last is the visible one. */
  readonly overlays: readonly OverlayMount[]
}

/** A mount namespace and a process in it. */
export interface MountNamespace {
  readonly inode: string
  readonly pid: number
}

/**
 * Reads and decodes the table of this process, or of another mount namespace. Paths there are as
 * the process that stands for it sees them.
 * @throws OvlError when it cannot be read
 */
export function readMountTable(namespace?: MountNamespace): MountTable {
  const info = parseMountinfo(readMountinfo(namespace?.pid ?? 'thread-self'))
  const overlays = decodeOverlays(info.mounts, knowledge(info.mounts, namespace === undefined ? undefined : `/proc/${namespace.pid}/root`, receipts()))
  return { ...info, overlays: namespace === undefined ? overlays : overlays.map((overlay) => ({ ...overlay, namespace })) }
}

/**
 * The topmost mount at `target` (no symlinks in it), decoded if it is an overlay; the table's own names,
 * without receipts. Asks the kernel for this mount alone, or reads one line of the table: with thousands
 * of mounts the rest is not even parsed.
 */
export function readMountAt(target: string): { readonly mount: Mount; readonly overlay?: OverlayMount } | undefined {
  const mount = statOverlayHere(target) ?? findLine(target)
  if (mount === undefined || !isOverlay(mount)) return mount === undefined ? undefined : { mount }
  const [overlay] = decodeOverlays([mount], knowledge([mount], undefined, []))
  return overlay === undefined ? { mount } : { mount, overlay }
}

/** Device and read-only state of the overlay at exactly `target`, where the kernel tells them without the rest; undefined says nothing. */
export function statusAt(target: string): OverlayStatus | undefined {
  try {
    return statOverlayStatus(target)
  } catch {
    return undefined // No FFI.
  }
}

function statOverlayHere(target: string): Mount | undefined {
  try {
    return statOverlay(target)
  } catch {
    return undefined // No FFI.
  }
}

/** The line of the topmost mount at `target` in the mount table itself: statmount(2) leaves the words of security modules out before 6.13. */
export function findLine(target: string): Mount | undefined {
  const table = readMountinfo('thread-self')
  const field = Buffer.from(` ${escapeTarget(encodeName(target).toString('latin1'))} `, 'latin1')
  for (let at = table.lastIndexOf(field); at >= 0; at = at === 0 ? -1 : table.lastIndexOf(field, at - 1)) {
    const start = table.lastIndexOf(0x0a, at) + 1
    const end = table.indexOf(0x0a, at)
    const [mount] = parseMountinfo(table.subarray(start, end < 0 ? table.length : end)).mounts
    if (mount?.target === target) return mount
  }
  return undefined
}

/** The characters that the kernel escapes in a mount point. */
const escapeTarget = (target: string): string => target.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)

/** The other mount namespaces that processes live in, each with its first process; `hidden` counts the processes that may not be asked. */
export function findMountNamespaces(): { readonly namespaces: readonly MountNamespace[]; readonly hidden: number } {
  const own = mountNamespaceId()
  const found = new Map<string, MountNamespace>()
  let hidden = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    const inode = namespaceOf(pid)
    if (inode === undefined) hidden += 1
    else if (inode !== '' && inode !== own && !found.has(inode)) found.set(inode, { inode, pid })
  }
  return { namespaces: [...found.values()], hidden }
}

/** What is mounted in the mount namespaces of other processes, as far as this user may look. */
export function readMountsElsewhere(): Mount[] {
  return findMountNamespaces().namespaces.flatMap(({ pid }) => {
    try {
      return parseMountinfo(readMountinfo(pid)).mounts
    } catch (error) {
      if (isOvlError(error)) return []
      throw error
    }
  })
}

/** A thread may have a mount namespace of its own: syscalls/own-namespace.ts. */
function readMountinfo(pid: number | 'thread-self'): Buffer {
  const path = `/proc/${pid}/mountinfo`
  try {
    return readProcFile(path)
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    throw new OvlError(code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'not-mounted', `cannot read the mount table '${path.replace('thread-', '')}' (${code})`, {
      syscall: 'read',
      errno: code,
      cause: error,
      ...(pid === 'thread-self' ? { hint: 'Is /proc mounted? `mount -t proc proc /proc` mounts it.' } : {}),
    })
  }
}

/** `root` is that of a process of another namespace. */
function knowledge(mounts: readonly Mount[], root: string | undefined, receipts: readonly Receipt[]): Knowledge {
  return {
    receipts,
    daemons: mounts.some(({ fsType }) => fsType === FUSE_OVERLAYFS) ? readFuseDaemons() : [],
    exists: (path) => (root === undefined ? isThere(path) : isThereBelow(root, path)),
    lowersOnRecord: (upper) => readLowersOnRecord(upper, root),
  }
}

/** Inode of the mount namespace; empty when the process is gone, undefined when it may not be asked. */
function namespaceOf(pid: number): string | undefined {
  try {
    return /\d+/.exec(readlinkSync(`/proc/${pid}/ns/mnt`))?.[0] ?? ''
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return (code === 'EACCES' || code === 'EPERM') && !isKernelThread(pid) ? undefined : ''
  }
}

/** Only they have no command line. */
function isKernelThread(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length === 0
  } catch {
    return false
  }
}

/** Receipts only help to understand: where they cannot be trusted or read, the table alone must do. */
function receipts(): readonly Receipt[] {
  try {
    return readReceipts()
  } catch {
    return []
  }
}

/** As a process with that root would find it: an absolute symlink stays in its world. */
function isThereBelow(root: string, path: string): boolean {
  try {
    using held = holdDirectory(root)
    return typeof statBelow(held, path, 'inside') === 'object'
  } catch {
    return false // It ended meanwhile.
  }
}

function isThere(path: string): boolean {
  try {
    const found: Stats | undefined = statSync(nameBuffer(path), { throwIfNoEntry: false })
    return found !== undefined
  } catch {
    return false
  }
}
