/**
 * Who keeps a mount busy: processes that stand in it or have files of it open, mounts on top of it, loop devices
 * and swap on its files. It only looks; no process is stopped. What belongs to a mount is told by mount ids,
 * not by names, so that deleted files and processes in other roots are found and namesakes are not.
 */

import { readFileSync, readlinkSync } from 'node:fs'
import { isWithin } from '../names/path.ts'
import { parseMountinfo } from '../mounts/mountinfo.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import { unescapeOctal } from '../mounts/octal.ts'
import { readDirectory, readFileBytes, realName } from './files.ts'
import { decodeName } from '../names/bytes.ts'
import { readProcFile } from './proc-file.ts'
import { mountIdOf } from './syscalls/files.ts'
import { mountNamespaceId } from './system.ts'

export type Hold = 'cwd' | 'root' | 'program' | 'open file' | 'mapping' | 'mount below' | 'mount namespace' | 'loop device' | 'swap'

export interface Holder {
  readonly what: Hold
  /** Absent when no process but the kernel itself holds it. */
  readonly pid?: number
  readonly command?: string
  /** The file, directory or mount point by which it is held, as the holder names it. */
  readonly path: string
}

export interface Holders {
  readonly holders: readonly Holder[]
  /** Processes that this user may not look into. */
  readonly hidden: number
}

/** All that holds the topmost mount at `target`. A copy of it in another mount namespace counts as held by that. */
export function collectHolders(target: string): Holders {
  const place = realName(target)
  const mounts = mountsOf('self') ?? []
  const mount = mounts.findLast((one) => one.target === place)
  if (mount === undefined) return { holders: [], hidden: 0 }
  const below = mounts.filter(({ parentId }) => parentId === mount.id).map((one): Holder => ({ what: 'mount below', path: one.target }))
  const scan = scanProcesses(mount)
  return { holders: [...scan.holders, ...below, ...kernelHolders(place)], hidden: scan.hidden }
}

/** The mount’s ids, and where it stands, in the namespace of the process looked at. */
interface Copies {
  readonly ids: ReadonlySet<number>
  readonly targets: readonly string[]
}

function scanProcesses(mount: Mount): Holders {
  const own: Copies = { ids: new Set([mount.id]), targets: [mount.target] }
  const namespaces = new Map<string, Copies>([[mountNamespaceId(), own]])
  const holders: Holder[] = []
  let hidden = 0
  for (const pid of readDirectory('/proc').filter((name) => /^\d+$/.test(name))) {
    const namespace = namespaceOf(pid)
    if (namespace === 'gone') continue
    if (namespace === 'hidden') {
      hidden += 1
      continue
    }
    let copies = namespaces.get(namespace)
    if (copies === undefined) {
      copies = copiesIn(pid, mount)
      namespaces.set(namespace, copies)
      holders.push(...copies.targets.map((path): Holder => ({ what: 'mount namespace', pid: Number(pid), command: commandOf(pid), path })))
    }
    if (copies.ids.size > 0) holders.push(...holdsOf(pid, copies))
  }
  return { holders, hidden }
}

/** Kernel threads and the dead hold nothing and are `gone`. */
function namespaceOf(pid: string): string {
  try {
    const namespace = /\d+/.exec(readlinkSync(`/proc/${pid}/ns/mnt`))?.[0] ?? 'gone'
    readlinkSync(`/proc/${pid}/exe`)
    return namespace
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EACCES' || code === 'EPERM' ? 'hidden' : 'gone'
  }
}

/** The same file system, mounted from the same directory, in the namespace of another process. */
function copiesIn(pid: string, mount: Mount): Copies {
  const copies = (mountsOf(pid) ?? []).filter(({ device, root }) => device === mount.device && root === mount.root)
  return { ids: new Set(copies.map(({ id }) => id)), targets: copies.map(({ target }) => target) }
}

function holdsOf(pid: string, copies: Copies): Holder[] {
  const found: Holder[] = []
  const add = (what: Hold, path: string): void => {
    found.push({ what, pid: Number(pid), command: commandOf(pid), path })
  }
  for (const [link, what] of LINKS) {
    const id = mountIdOf(`/proc/${pid}/${link}`)
    if (id !== undefined && copies.ids.has(id)) add(what, linkText(`/proc/${pid}/${link}`))
  }
  for (const fd of quietly(() => readDirectory(`/proc/${pid}/fd`)) ?? []) {
    const id = /^mnt_id:\s*(\d+)$/m.exec(quietly(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1')) ?? '')?.[1]
    if (id !== undefined && copies.ids.has(Number(id))) add('open file', linkText(`/proc/${pid}/fd/${fd}`))
  }
  for (const path of mappedFiles(pid, copies)) add('mapping', path)
  return found
}

const LINKS: readonly (readonly [link: string, what: Hold])[] = [['cwd', 'cwd'], ['root', 'root'], ['exe', 'program']]

/** Files mapped into memory; the program itself is one too, and told as that. Names are checked by mount id where that is permitted. */
function mappedFiles(pid: string, { ids, targets }: Copies): string[] {
  const text = decodeName(quietly(() => readProcFile(`/proc/${pid}/maps`)) ?? Buffer.alloc(0))
  const program = linkText(`/proc/${pid}/exe`)
  const paths = new Set<string>()
  for (const line of text.split('\n')) {
    const [, range, name = ''] = /^(\S+) \S+ \S+ \S+ \S+ +(\/.*)$/.exec(line) ?? []
    const path = name.replaceAll('\\012', '\n')
    if (range === undefined || paths.has(path) || path === program || !targets.some((target) => isWithin(path, target))) continue
    const id = mountIdOf(`/proc/${pid}/map_files/${range}`)
    if (id === undefined || ids.has(id)) paths.add(path)
  }
  return [...paths]
}

/** Files that the kernel itself keeps open: by name only, which is all it tells. */
function kernelHolders(target: string): Holder[] {
  const loops = (quietly(() => readDirectory('/sys/block')) ?? []).filter((name) => name.startsWith('loop'))
  const backing = loops.flatMap((name): Holder[] => {
    const path = quietly(() => decodeName(readFileBytes(`/sys/block/${name}/loop/backing_file`)).replace(/\n$/, ''))
    return path === undefined ? [] : [{ what: 'loop device', command: `/dev/${name}`, path }]
  })
  const swaps = (quietly(() => decodeName(readFileBytes('/proc/swaps'))) ?? '').split('\n').slice(1).map((line): Holder => ({ what: 'swap', path: unescapeOctal(line.split(/\s/)[0] ?? '') }))
  return [...backing, ...swaps].filter(({ path }) => isWithin(path, target))
}

/** The program’s name, 15 bytes of it. */
function commandOf(pid: string): string {
  return quietly(() => decodeName(readFileBytes(`/proc/${pid}/comm`)).replace(/\n$/, '')) ?? '?'
}

function linkText(link: string): string {
  return quietly(() => decodeName(readlinkSync(link, { encoding: 'buffer' }))) ?? link
}

function mountsOf(pid: string): readonly Mount[] | undefined {
  return quietly(() => parseMountinfo(readProcFile(`/proc/${pid}/mountinfo`)).mounts)
}

/** Processes end while they are looked at; that is no failure. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
