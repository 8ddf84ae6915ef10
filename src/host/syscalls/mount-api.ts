/**
 * The mount API of Linux 5.2: a context is filled, made a detached mount, and attached last. One
 * function for each meaning; none retries, none falls back, none reads the log by itself.
 */

import { readSync } from 'node:fs'
import type { MountFlag, Propagation } from '../../overlay/spec.ts'
import { decodeName } from '../../names/bytes.ts'
import { OwnedFd } from '../fd.ts'
import { ffi } from '../ffi.ts'
import { check, cString } from './check.ts'
import { attributeBits, clearedAttributeBits, propagationBits } from './mount-flags.ts'

const AT_FDCWD = -100
const AT_EMPTY_PATH = 0x1000
const AT_RECURSIVE = 0x8000
const FSOPEN_CLOEXEC = 1
const FSPICK_CLOEXEC = 1
const FSMOUNT_CLOEXEC = 1
const OPEN_TREE_CLONE = 1
const OPEN_TREE_CLOEXEC = 0x8_0000
const MOVE_MOUNT_F_EMPTY_PATH = 4
const MOVE_MOUNT_T_SYMLINKS = 0x10
const MOVE_MOUNT_T_EMPTY_PATH = 0x40
const MOUNT_ATTR_IDMAP = 0x10_0000
const EMPTY = Buffer.alloc(1)
/** enum fsconfig_command */
const SET_FLAG = 0
const SET_STRING = 1
const SET_FD = 5
const CMD_CREATE = 6
const CMD_RECONFIGURE = 7

/** A new context for a file system type. ENODEV: no such type. */
export function fsOpen(type: string): OwnedFd {
  return new OwnedFd(check(ffi().fsopen(cString(type), FSOPEN_CLOEXEC), 'fsopen', `cannot open a context for '${type}'`))
}

/** A context of the file system mounted at `path`, to reconfigure it. */
export function fsPick(path: string): OwnedFd {
  return new OwnedFd(check(ffi().fspick(AT_FDCWD, cString(path), FSPICK_CLOEXEC), 'fspick', `cannot open the file system at '${path}'`))
}

/** `key=value`; the kernel takes at most 255 bytes of each. */
export function fsSetString(fs: OwnedFd, key: string, value: string): void {
  check(ffi().fsconfig(fs.fd, SET_STRING, cString(key), cString(value), 0), 'fsconfig(SET_STRING)', `cannot set ${key}='${value}'`)
}

/** A word without a value, `ro` or `userxattr`. */
export function fsSetFlag(fs: OwnedFd, key: string): void {
  check(ffi().fsconfig(fs.fd, SET_FLAG, cString(key), null, 0), 'fsconfig(SET_FLAG)', `cannot set ${key}`)
}

/** A layer by descriptor; overlay takes it since 6.13. */
export function fsSetFd(fs: OwnedFd, key: string, layer: number): void {
  check(ffi().fsconfig(fs.fd, SET_FD, cString(key), null, layer), 'fsconfig(SET_FD)', `cannot set ${key} to descriptor ${layer}`)
}

/** Makes the superblock. After it, failed or not, the context takes no more parameters (EBUSY). */
export function fsCreate(fs: OwnedFd): void {
  check(ffi().fsconfig(fs.fd, CMD_CREATE, null, null, 0), 'fsconfig(CMD_CREATE)', 'cannot make the file system')
}

/** Applies the parameters to the file system that {@link fsPick} opened. */
export function fsReconfigure(fs: OwnedFd): void {
  check(ffi().fsconfig(fs.fd, CMD_RECONFIGURE, null, null, 0), 'fsconfig(CMD_RECONFIGURE)', 'cannot reconfigure the file system')
}

/** The superblock as a detached mount; it goes away with its descriptor unless it is attached. */
export function fsMount(fs: OwnedFd, flags: readonly MountFlag[]): OwnedFd {
  return new OwnedFd(check(ffi().fsmount(fs.fd, FSMOUNT_CLOEXEC, attributeBits(flags)), 'fsmount', 'cannot make a mount of the file system'))
}

/** Attaches a detached mount; a symlink at `target` is followed, as mount(2) does. */
export function moveMount(mount: OwnedFd, target: string): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS
  check(ffi().moveMount(mount.fd, EMPTY, AT_FDCWD, cString(target), flags), 'move_mount', `cannot attach the mount at '${target}'`)
}

/** Attaches a detached mount on what a descriptor (O_PATH will do) is of; `path` is what it is called, for messages. */
export function moveMountOn(mount: OwnedFd, target: { readonly fd: number }, path: string): void {
  check(ffi().moveMount(mount.fd, EMPTY, target.fd, EMPTY, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), 'move_mount', `cannot attach the mount at '${path}'`)
}

/** `clone`: a detached bind mount of `path` (with what is mounted below it, if `recursive`); else a plain handle. */
export function openTree(path: string, how: { readonly clone?: boolean; readonly recursive?: boolean } = {}): OwnedFd {
  const flags = OPEN_TREE_CLOEXEC | (how.clone === true ? OPEN_TREE_CLONE : 0) | (how.recursive === true ? AT_RECURSIVE : 0)
  return new OwnedFd(check(ffi().openTree(AT_FDCWD, cString(path), flags), 'open_tree', `cannot open the tree at '${path}'`))
}

/** A detached bind mount of what a descriptor is of, without what is mounted below it unless `recursive`; `path` as above. */
export function cloneMount(of: { readonly fd: number }, path: string, recursive = false): OwnedFd {
  const flags = OPEN_TREE_CLOEXEC | OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)
  return new OwnedFd(check(ffi().openTree(of.fd, EMPTY, flags), 'open_tree', `cannot open the tree at '${path}'`))
}

export interface MountAttributes {
  readonly set?: readonly MountFlag[]
  readonly clear?: readonly MountFlag[]
  readonly propagation?: Propagation
  /** Descriptor of a user namespace; 5.12, on a detached mount only. */
  readonly idmapFd?: number
  readonly recursive?: boolean
}

/** Changes a mount, by path or by its descriptor; 5.12. Superblock flags among them have no effect here. */
export function setMountAttributes(mount: OwnedFd | string, { set = [], clear = [], propagation, idmapFd, recursive = false }: MountAttributes): void {
  // struct mount_attr { __u64 attr_set, attr_clr, propagation, userns_fd }
  const attributes = Buffer.alloc(32)
  const spread = propagation === undefined ? { bit: 0, recursive: false } : propagationBits(propagation)
  attributes.writeBigUInt64LE(BigInt(attributeBits(set) | (idmapFd === undefined ? 0 : MOUNT_ATTR_IDMAP)), 0)
  attributes.writeBigUInt64LE(BigInt(clearedAttributeBits(clear, set)), 8)
  attributes.writeBigUInt64LE(BigInt(spread.bit), 16)
  attributes.writeBigUInt64LE(BigInt(idmapFd ?? 0), 24)
  const depth = recursive || spread.recursive ? AT_RECURSIVE : 0
  const result = typeof mount === 'string'
    ? ffi().mountSetattr(AT_FDCWD, cString(mount), depth, attributes, attributes.length)
    : ffi().mountSetattr(mount.fd, EMPTY, AT_EMPTY_PATH | depth, attributes, attributes.length)
  check(result, 'mount_setattr', `cannot change the mount${typeof mount === 'string' ? ` at '${mount}'` : ''}`)
}

/** One message of a context: `e` error, `w` warning, `i` information. Overlay only ever says errors. */
export interface ContextMessage {
  readonly level: 'e' | 'w' | 'i'
  readonly text: string
}

/** What the kernel said about a context since it was last asked, oldest first. It keeps eight: ask after each failure. */
export function readContextLog(fs: OwnedFd): ContextMessage[] {
  const messages: ContextMessage[] = []
  for (let buffer = Buffer.alloc(1024); ; ) {
    try {
      // "e overlay: text\n"; a message has no length limit.
      const line = decodeName(buffer.subarray(0, readSync(fs.fd, buffer))).replace(/\n$/, '')
      messages.push({ level: line.slice(0, 1) as ContextMessage['level'], text: line.slice(2) })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EMSGSIZE') return messages // ENODATA: the log is empty
      buffer = Buffer.alloc(buffer.length * 4)
    }
  }
}
