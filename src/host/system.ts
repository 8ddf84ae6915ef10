/**
 * What this process is and where it runs: kernel, boot, namespaces, rights, arguments, place for state.
 * All of it is read from /proc; nothing needs FFI and nothing is cached. Files are read as 'utf8' because that
 * alone is one native call in node: half the time of any other encoding.
 */

import { accessSync, constants, existsSync, readFileSync, readlinkSync } from 'node:fs'
import { release } from 'node:os'
import type { Known } from '../diagnose/facts.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'
import { lstatName, makeDirectory } from './files.ts'

/** As uname -r prints it. */
export function kernelRelease(): string {
  return release()
}

/** Bytes of a memory page, the unit of mount(2)’s limit. */
export function pageSize(): number {
  if (process.arch === 'x64') return 4096 // It has no other; elsewhere a kernel is built for one of several.
  try {
    // Pairs of native words: AT_PAGESZ is 6, AT_NULL 0.
    const auxv = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= auxv.length; at += 16) if (auxv.readBigUInt64LE(at) === 6n) return Number(auxv.readBigUInt64LE(at + 8))
  } catch {
    // No /proc.
  }
  return 4096
}

/** Bytes of memory: all there is, and what could be had now without swapping others out. Undefined when /proc does not tell. */
export function memory(): { readonly total: number; readonly available: number } | undefined {
  const text = look(() => readFileSync('/proc/meminfo', 'utf8'))
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text.known ? text.value : '')?.[1]) * 1024
  const [total, available] = [field('MemTotal'), field('MemAvailable')]
  return Number.isNaN(total) || Number.isNaN(available) ? undefined : { total, available }
}

/** Inode number of the mount namespace of this process, as text. */
export function mountNamespaceId(): string {
  return /\[(\d+)\]/.exec(ofProc('the mount namespace of this process', '/proc/self/ns/mnt', (path) => readlinkSync(path)))?.[1] ?? ''
}

/** What must be known, and cannot be where /proc is not mounted or hidden. */
function ofProc(what: string, path: string, read: (path: string) => string): string {
  try {
    return read(path)
  } catch (error) {
    const { code = 'EIO' } = error as NodeJS.ErrnoException
    throw new OvlError(code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'not-mounted', `cannot tell ${what}: '${path}' cannot be read (${code})`, { errno: code, cause: error, hint: 'Is /proc mounted? `mount -t proc proc /proc` mounts it.' })
  }
}

/** Inode number of the pid namespace of this process, as text. */
export function pidNamespaceId(): string {
  return /\[(\d+)\]/.exec(ofProc('the pid namespace of this process', '/proc/self/ns/pid', (path) => readlinkSync(path)))?.[1] ?? ''
}

/** Whether /proc numbers processes as this one does: it may have been mounted for another pid namespace. */
export function isOwnProc(): boolean {
  return ofProc('whose /proc this is', '/proc/self', (path) => readlinkSync(path)) === String(process.pid)
}

/** Whether a process with that id runs; one that is dead and only waits for its parent to notice does not. */
export function isLiveProcess(pid: number): boolean {
  try {
    // `pid (name) state …`; the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return existsSync(`/proc/${pid}`)
  }
}

/** Differs after every boot. */
export function bootId(): string {
  return ofProc('this boot from others', '/proc/sys/kernel/random/boot_id', (path) => readFileSync(path, 'utf8')).trim()
}

/** True when ids are mapped otherwise than in the initial user namespace. */
export function inUserNamespace(): Known<boolean> {
  return look(() => !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')))
}

const CAP_SYS_ADMIN = 21n

/** Whether CAP_SYS_ADMIN is in force, in whichever user namespace this process is. */
export function capSysAdmin(): Known<boolean> {
  return look(() => {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
    if (effective === undefined) throw new Error('/proc/self/status has no CapEff')
    return ((BigInt(`0x${effective}`) >> CAP_SYS_ADMIN) & 1n) === 1n
  })
}

/**
 * Where ovl keeps receipts: `/run/ovl` for root and whoever may write there, else `$XDG_RUNTIME_DIR/ovl`, else
 * `/tmp/ovl-<uid>` with the uid outside of the user namespace. It need not exist; if it does, it is ours alone.
 * @throws OvlError not-permitted, when somebody else could have planted what lies in it
 */
export function stateDirectory(): string {
  const directory = pickStateDirectory()
  if (lstatName(directory) !== 'ENOENT') requireOwnDirectory(directory)
  return directory
}

/** @throws OvlError not-permitted, when it is not a directory of this user that nobody else can write */
export function requireOwnDirectory(directory: string): void {
  const found = lstatName(directory)
  if (typeof found === 'object' && found.kind === 'directory' && found.uid === ownUid() && (found.mode & 0o022) === 0) return
  throw new OvlError('not-permitted', `'${directory}' is not a directory that only this user can write`, {
    hint: `Remove it, or set XDG_RUNTIME_DIR to a directory of your own.`,
    ...(typeof found === 'string' ? { syscall: 'lstat', errno: found } : {}),
  })
}

/** The same, made (0700) if it was missing. */
export function makeStateDirectory(): string {
  makeDirectory(stateDirectory(), 0o700)
  return stateDirectory()
}

/**
 * The command’s arguments (what follows the script in `process.argv`) as names: node decodes them lossily,
 * /proc/self/cmdline has their bytes. Where the two do not match (process.title was set), node’s are given.
 */
export function rawArguments(): string[] {
  const lossy = process.argv.slice(2)
  if (!lossy.some((word) => word.includes('\ufffd'))) return lossy
  try {
    const words = decodeName(readFileSync('/proc/self/cmdline')).split('\0').slice(0, -1)
    const exact = words.slice(words.length - lossy.length)
    const alike = exact.every((word, i) => word === lossy[i] || lossy[i]?.includes('\ufffd') === true)
    return exact.length === lossy.length && alike ? exact : lossy
  } catch {
    return lossy
  }
}

function pickStateDirectory(): string {
  if (isWritable('/run/ovl') || (lstatName('/run/ovl') === 'ENOENT' && isWritable('/run'))) return '/run/ovl'
  const runtime = process.env['XDG_RUNTIME_DIR']
  return runtime !== undefined && runtime.startsWith('/') && isWritable(runtime) ? `${runtime}/ovl` : `/tmp/ovl-${outsideUid()}`
}

/** Who we are outside of this user namespace: inside, everybody who maps himself to root is 0. */
function outsideUid(): number {
  const uid = ownUid()
  try {
    for (const line of readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n')) {
      const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number)
      if (uid >= inside && uid < inside + count) return outside + uid - inside
    }
  } catch {
    // No /proc: nobody else's ids to be told from.
  }
  return uid
}

function ownUid(): number {
  return process.getuid?.() ?? 0
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function look<T>(read: () => T): Known<T> {
  try {
    return { known: true, value: read() }
  } catch (error) {
    return { known: false, why: (error as Error).message }
  }
}
