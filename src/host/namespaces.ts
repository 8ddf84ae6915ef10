/**
 * Which mount namespaces live. The kernel lists all of them to root (Linux 6.11). Where it does not, they are looked for
 * where they can be seen: a process or thread lives in one, holds a descriptor of one, or a file stands for one
 * (`unshare --mount=FILE` binds it there), and it is said why others may live besides. Nothing is entered.
 */

import { constants, fstatSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import type { Namespaces } from '../mounts/receipt.ts'
import { parseMountinfo } from '../mounts/mountinfo.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import { decodeName } from '../names/bytes.ts'
import { OwnedFd } from './fd.ts'
import { ffi } from './ffi.ts'
import { readProcFile } from './proc-file.ts'
import { capSysAdmin, inUserNamespace, mountNamespaceId } from './system.ts'

/** The mount namespace of this process: its inode number, and the number that is never used again where the kernel tells it (Linux 6.11). */
export function ownNamespace(): { readonly inode: string; readonly id?: string } {
  const inode = mountNamespaceId()
  const id = uniqueId()
  return id === undefined ? { inode } : { inode, id }
}

/** Looks now: what was on record before is found, unless it has died. */
export function findNamespaces(): Namespaces {
  return askKernel() ?? lookAround()
}

/** _IOR(0xb7, 5, __u64), _IOR(0xb7, 11, struct mnt_ns_info) and 12; https://man7.org/linux/man-pages/man2/ioctl_nsfs.2.html */
const NS_GET_MNTNS_ID = 0x8008_b705
const NS_MNT_GET_NEXT = 0x8010_b70b
const NS_MNT_GET_PREV = 0x8010_b70c
const ENOENT = 2

function uniqueId(): string | undefined {
  try {
    using own = openOwn()
    const id = Buffer.alloc(8)
    return ffi().ioctlBuffer(own.fd, NS_GET_MNTNS_ID, id) === 0 ? String(id.readBigUInt64LE()) : undefined
  } catch {
    return undefined // No FFI, or no /proc.
  }
}

const openOwn = (): OwnedFd => new OwnedFd(openSync('/proc/self/ns/mnt', constants.O_RDONLY))

/** The kernel lists those over which the caller has CAP_SYS_ADMIN: all of them to root of the first user namespace. */
function askKernel(): Namespaces | undefined {
  const [capable, mapped] = [capSysAdmin(), inUserNamespace()]
  if (!capable.known || !capable.value || !mapped.known || mapped.value) return undefined
  const inodes = new Set([mountNamespaceId()])
  const ids = new Set<string>()
  try {
    const own = uniqueId()
    if (own === undefined) return undefined
    ids.add(own)
    return [NS_MNT_GET_NEXT, NS_MNT_GET_PREV].every((request) => walk(request, inodes, ids)) ? { inodes, ids } : undefined
  } catch (error) {
    if (isOvlError(error) && error.code === 'ffi-unavailable') return undefined
    throw error
  }
}

/** From the own namespace on, one after the other. False when the kernel stops before the end. */
function walk(request: number, inodes: Set<string>, ids: Set<string>): boolean {
  let at = openOwn()
  try {
    for (;;) {
      // struct mnt_ns_info { __u32 size; __u32 nr_mounts; __u64 mnt_ns_id; }
      const info = Buffer.alloc(16)
      info.writeUInt32LE(info.length)
      const result = ffi().ioctlBuffer(at.fd, request, info)
      if (result < 0) return result === -ENOENT
      at.close()
      at = new OwnedFd(result)
      ids.add(String(info.readBigUInt64LE(8)))
      inodes.add(String(fstatSync(at.fd, { bigint: true }).ino))
    }
  } finally {
    at.close()
  }
}

/** Without the kernel's list. */
function lookAround(): Namespaces {
  const inhabited = new Set([mountNamespaceId()])
  const kept = new Map<string, string>()
  const closed: string[] = []
  const tables = new Set<string>()
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const threads = quietly(() => readdirSync(`/proc/${pid}/task`)) ?? []
    const seen = threads.map((tid) => lookAtThread(`/proc/${pid}/task/${tid}`, inhabited, kept, tables))
    if (seen.includes(false) && isUserProcess(pid)) closed.push(`${pid} (${nameOf(pid)})`)
  }
  const empty = [...kept].find(([inode]) => !inhabited.has(inode))
  const why = hidesProcesses()
    ? 'the processes of other users are hidden here (hidepid)'
    : closed.length > 0
      ? `process ${closed[0]} ${closed.length === 1 ? '' : `and ${closed.length - 1} more `}may not be looked into`
      : empty === undefined ? undefined : `the mount namespace ${empty[0]} has no process to look through, only ${empty[1]}, and may keep others`
  return { inodes: new Set([...inhabited, ...kept.keys()]), ...(why === undefined ? {} : { unseen: why }) }
}

/** Where it lives, and which namespaces it holds or sees files of. False when that may not be looked at; one that has ended holds nothing. */
function lookAtThread(at: string, inhabited: Set<string>, kept: Map<string, string>, tables: Set<string>): boolean {
  try {
    readThread(at, inhabited, kept, tables)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code !== 'EACCES' && code !== 'EPERM'
  }
}

function readThread(at: string, inhabited: Set<string>, kept: Map<string, string>, tables: Set<string>): void {
  const inode = namespaceIn(readlinkSync(`${at}/ns/mnt`))
  if (inode === undefined) return
  inhabited.add(inode)
  for (const fd of readdirSync(`${at}/fd`)) {
    const held = namespaceIn(quietly(() => readlinkSync(`${at}/fd/${fd}`)) ?? '')
    if (held !== undefined) kept.set(held, `a descriptor of process ${at.split('/')[2] as string}`)
  }
  // A process sees what is mounted below its own root.
  const root = decodeName(readlinkSync(`${at}/root`, { encoding: 'buffer' }))
  if (tables.has(`${inode} ${root}`)) return
  tables.add(`${inode} ${root}`)
  for (const { fsType, root: of, target } of mountsOf(at)) {
    const bound = fsType === 'nsfs' ? namespaceIn(of) : undefined
    if (bound !== undefined) kept.set(bound, `the file '${target}'`)
  }
}

const namespaceIn = (text: string): string | undefined => /^mnt:\[(\d+)\]$/.exec(text)?.[1]
const mountsOf = (at: string): readonly Mount[] => parseMountinfo(readProcFile(`${at}/mountinfo`)).mounts
const nameOf = (pid: string): string => quietly(() => decodeName(readFileSync(`/proc/${pid}/comm`)).trimEnd()) ?? '?'

/** Kernel threads have no command line, and no mounts of their own. */
const isUserProcess = (pid: string): boolean => (quietly(() => readFileSync(`/proc/${pid}/cmdline`).length) ?? 0) > 0

/** With hidepid=invisible or ptraceable, /proc leaves out what this user may not look into. */
function hidesProcesses(): boolean {
  const proc = quietly(() => mountsOf('/proc/self').findLast(({ target }) => target === '/proc'))
  return process.geteuid?.() !== 0 && /(?:^|,)hidepid=(?:2|4|invisible|ptraceable)(?:,|$)/.test(proc?.superOptions ?? '')
}

function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
