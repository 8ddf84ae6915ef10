/**
 * The mounts by which a tree becomes a system to work in: /proc, /sys, /dev, a fresh /run, the name servers of this
 * system, and a policy that starts no service. Made in a mount namespace that is nobody else’s. The tree may be hostile:
 * every place in it is reached by descriptor (beneath.ts), and where a symlink stands instead nothing is mounted.
 */

import { constants, readlinkSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import { encodeName } from '../names/bytes.ts'
import { baseName, parentPath } from '../names/path.ts'
import { DEV_LINKS, MASKED, NODES, READ_ONLY } from '../live/confinement.ts'
import { LINKED } from '../live/keep.ts'
import type { MountFlag } from '../overlay/spec.ts'
import { holdBelow, holdDirectory, makeDirectoriesBelow, makeDirectoryBelow, openBelow, readLinkBelow, statBelow, symlinkBelow, writeBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import type { OwnedFd } from './fd.ts'
import { statName } from './files.ts'
import { inUserNamespace } from './system.ts'
import { cloneMount, fsCreate, fsMount, fsOpen, fsSetString, moveMount, moveMountOn, openTree, setMountAttributes } from './syscalls/mount-api.ts'

/** Where the tree keeps them; a file is bound over each for as long as the command runs. */
export const RESOLV_CONF = '/etc/resolv.conf'
/** Asked by invoke-rc.d(8) before it starts a service: 101 forbids it. */
export const POLICY = '/usr/sbin/policy-rc.d'

export interface View {
  /** The devices, and what else of /proc and /sys is not shown to a container. */
  readonly shareHost: boolean
  /** The command’s terminal, which is descriptor 0, is shown as /dev/console. */
  readonly console: boolean
  /** Content of the host’s resolv.conf, where there is one. */
  readonly resolvConf?: string
}

/** Mounts the tree at `root` once more over itself, and in it what it needs. */
export function makeView(root: string, view: View): void {
  again(root, view.shareHost ? [] : ['nodev'])
  using tree = holdDirectory(root)
  // What persistence.conf’s links lead to is there in the fresh /run too.
  using linked = isDirectory(tree, LINKED) ? cloneBelow(tree, LINKED) : undefined
  if (isDirectory(tree, 'proc')) showProc(tree, view)
  if (isDirectory(tree, 'sys')) showSys(tree, view)
  if (isDirectory(tree, 'dev')) (view.shareHost ? shareDev : showDev)(tree, view)
  if (!isDirectory(tree, 'run')) return
  // Fresh, so that systemctl, seeing no /run/systemd/system, starts nothing and says so.
  mountAt(tree, 'run', fresh('tmpfs', ['nosuid', 'nodev'], { mode: '0755' }))
  using run = holdBelow(tree, 'run')
  makeDirectoryBelow(run, 'lock', 0o1777, { uid: 0, gid: 0, mode: 0o1777 })
  makeDirectoryBelow(run, 'ovl')
  if (linked !== undefined) {
    makeDirectoriesBelow(tree, LINKED)
    mountAt(tree, LINKED, linked)
  }
  cover(tree, run, POLICY, '#!/bin/sh\n# ovl live enter: no service is started here.\nexit 101\n', 0o755)
  if (view.resolvConf !== undefined) cover(tree, run, RESOLV_CONF, view.resolvConf, 0o644)
}

/** On top of itself, so that what is changed of it is changed here only. */
function again(root: string, flags: readonly MountFlag[]): void {
  using clone = openTree(root, { clone: true, recursive: true })
  setMountAttributes(clone, { set: flags, propagation: 'rprivate', recursive: true })
  moveMount(clone, root)
}

function showProc(tree: HeldDirectory, { shareHost }: View): void {
  mountAt(tree, 'proc', fresh('proc', ['nosuid', 'nodev', 'noexec']))
  if (shareHost) return
  using proc = holdBelow(tree, 'proc')
  for (const name of READ_ONLY.proc) freeze(proc, name)
  for (const name of MASKED.proc) mask(proc, name)
}

function showSys(tree: HeldDirectory, { shareHost }: View): void {
  // In a user namespace it cannot be had without what is mounted in it.
  const sys = openTree('/sys', { clone: true, recursive: shareHost || isUserNamespace() })
  setMountAttributes(sys, { set: ['ro', 'nosuid', 'nodev', 'noexec'], propagation: 'rprivate', recursive: true })
  mountAt(tree, 'sys', sys)
  if (shareHost) return
  using shown = holdBelow(tree, 'sys')
  for (const name of MASKED.sys) mask(shown, name)
}

/** With what is mounted below it, as /dev/pts; nothing done to these mounts is seen outside. */
function shareDev(tree: HeldDirectory): void {
  const dev = openTree('/dev', { clone: true, recursive: true })
  setMountAttributes(dev, { propagation: 'rprivate', recursive: true })
  mountAt(tree, 'dev', dev)
}

/** Of its own: of the host it has a few nodes that hold nothing, and cannot change their mode or owner. */
function showDev(tree: HeldDirectory, { console }: View): void {
  mountAt(tree, 'dev', fresh('tmpfs', ['nosuid', 'nodev', 'noexec'], { mode: '0755' }))
  using dev = holdBelow(tree, 'dev')
  for (const name of NODES) if (typeof statName(`/dev/${name}`) === 'object') showNode(dev, name, `/dev/${name}`, ['ro', 'nosuid', 'noexec'])
  makeDirectoryBelow(dev, 'pts')
  mountAt(dev, 'pts', fresh('devpts', ['nosuid', 'noexec'], { mode: '0620', ptmxmode: '0666', ...(isUserNamespace() ? {} : { gid: TTY_GROUP }) }))
  makeDirectoryBelow(dev, 'shm')
  mountAt(dev, 'shm', fresh('tmpfs', ['nosuid', 'nodev'], { mode: '1777' }))
  for (const [name, to] of Object.entries(DEV_LINKS)) symlinkBelow(dev, name, to)
  // Programs that ask for the name of their terminal would not find it in a /dev/pts of their own.
  if (console) showNode(dev, 'console', readlinkSync('/proc/self/fd/0'), ['nosuid', 'noexec'])
}

/** Of group tty on all distributions; a user namespace may have no such group. */
const TTY_GROUP = '5'

function isUserNamespace(): boolean {
  const inside = inUserNamespace()
  return inside.known && inside.value
}

function showNode(dev: HeldDirectory, name: string, of: string, flags: readonly MountFlag[]): void {
  makeEmpty(dev, name)
  const node = openTree(of, { clone: true })
  setMountAttributes(node, { set: flags, propagation: 'rprivate' })
  mountAt(dev, name, node, 'entry')
}

function makeEmpty(dir: HeldDirectory, name: string): void {
  openBelow(dir, name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, { mode: 0o644 }).close()
}

/** Read-only, by a mount of itself; what this kernel does not have is passed over. */
function freeze(dir: HeldDirectory, name: string): void {
  if (typeof statBelow(dir, name) === 'string') return
  using place = openBelow(dir, name, O_PATH)
  using clone = cloneMount(place, name, true)
  setMountAttributes(clone, { set: ['ro', 'nosuid', 'nodev', 'noexec'], propagation: 'rprivate', recursive: true })
  moveMountOn(clone, place, name)
}

/** An empty directory, or the null device. */
function mask(dir: HeldDirectory, name: string): void {
  const found = statBelow(dir, name)
  if (typeof found === 'string') return
  if (found.kind === 'directory') return mountAt(dir, name, fresh('tmpfs', ['ro', 'nosuid', 'nodev', 'noexec'], { mode: '0755' }))
  const nothing = openTree('/dev/null', { clone: true })
  setMountAttributes(nothing, { set: ['ro', 'nosuid', 'noexec'], propagation: 'rprivate' })
  mountAt(dir, name, nothing, 'entry')
}

/** Shows `content` at `name` of the tree, in which nothing is written. */
function cover(tree: HeldDirectory, run: HeldDirectory, name: string, content: string, mode: number): void {
  try {
    // Of some systems /usr/sbin is a link; it is followed as the tree itself would.
    using parent = holdBelow(tree, parentPath(name), 'inside')
    const entry = baseName(name)
    const found = statBelow(parent, entry)
    if (typeof found === 'object' && found.kind === 'symlink') return throughLink(run, readLinkBelow(parent, entry), content, mode)
    if (typeof found === 'string' || found.kind !== 'file') return
    writeBelow(run, `ovl/${entry}`, encodeName(content), mode)
    using own = openBelow(run, `ovl/${entry}`, O_PATH)
    mountAt(parent, entry, cloneMount(own, name), 'entry')
  } catch (error) {
    // A tree that is laid out so has no use for it; the host is not harmed.
    if (!isOvlError(error) || !(error.code === 'unsafe-path' || PASSED_OVER.has(error.errno ?? ''))) throw error
  }
}

const PASSED_OVER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV'])

/** systemd-resolved’s link leads into /run, which is ours here. Any other stays as it is. */
function throughLink(run: HeldDirectory, to: string, content: string, mode: number): void {
  const path = /^(?:\.\.\/|\/)run\/(.+)$/.exec(to)?.[1]
  if (path === undefined || path.split('/').includes('..') || `/run/${path}`.startsWith(`${LINKED}/`)) return
  makeDirectoriesBelow(run, parentPath(`/${path}`))
  writeBelow(run, path, encodeName(content), mode)
}

/** A new file system, not yet attached. */
function fresh(type: string, flags: readonly MountFlag[], options: Readonly<Record<string, string>> = {}): OwnedFd {
  using context = fsOpen(type)
  fsSetString(context, 'source', type)
  for (const [key, value] of Object.entries(options)) fsSetString(context, key, value)
  fsCreate(context)
  return fsMount(context, flags)
}

/** Takes the mount over. */
function mountAt(dir: HeldDirectory, name: string, mount: OwnedFd, what: 'directory' | 'entry' = 'directory'): void {
  using _ = mount
  using place = openBelow(dir, name, O_PATH | (what === 'directory' ? constants.O_DIRECTORY : 0))
  moveMountOn(mount, place, `${dir.path}/${name}`)
}

function cloneBelow(tree: HeldDirectory, name: string): OwnedFd {
  using place = holdBelow(tree, name)
  const clone = cloneMount(place, name, true)
  setMountAttributes(clone, { propagation: 'rprivate', recursive: true })
  return clone
}

/** A symlink is none: it could lead out of the tree. */
function isDirectory(tree: HeldDirectory, name: string): boolean {
  const found = statBelow(tree, name)
  return typeof found === 'object' && found.kind === 'directory'
}

/** The same on every machine that ffi.ts knows; node:fs has no name for it. */
const O_PATH = 0x20_0000
