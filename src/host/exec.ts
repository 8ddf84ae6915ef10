/**
 * Programs run by ovl: the only place that knows execa, which is imported on first use because it takes
 * longer to load than most programs to run. No shell is involved, and a non-zero exit is a result, not an error.
 */

import { once } from 'node:events'
import { accessSync, closeSync, constants as modes, existsSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { isatty } from 'node:tty'
import { OvlError, syscallError } from '../errors/ovl-error.ts'
import { isUtf8Name } from '../names/bytes.ts'
import { cwdOfPrograms } from './cwd.ts'
import { checkFs } from './syscalls/check.ts'

export interface RunOptions {
  readonly cwd?: string
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Given as standard input; without it, input is empty. */
  readonly input?: string | Uint8Array
  readonly signal?: AbortSignal
  /** Hears what it writes, of both streams, while it runs. */
  readonly hear?: (text: string) => void
}

export interface RunResult {
  /** 128 and the signal’s number when a signal ended it, as a shell has it. */
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a program to its end. Output is read as UTF-8 and kept whole but for the last newline.
 * @throws OvlError tool-missing, way-cannot-say (a word that is no UTF-8), usage (a NUL within), interrupted
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, env = {}, input = '', signal, hear } = options
  for (const word of [...args, ...Object.values(env), cwd ?? '']) checkWord(command, word)
  const execa = await loadExeca(command)
  const child = execa(command, args, {
    ...COMMON,
    input,
    env,
    cwd: cwd ?? cwdOfPrograms(),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  })
  if (hear !== undefined) for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => hear(String(piece)))
  const result = await child
  // Ctrl-C reaches the whole process group: the child may be gone before this process hears of it.
  if (result.isCanceled || result.signal === 'SIGINT') throw new OvlError('interrupted', `${command} was interrupted`, { cause: signal?.reason })
  return resultOf(command, cwd, result)
}

/** Whether a program is on the PATH. */
export function isInstalled(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(`${directory}/${name}`, modes.X_OK)
      return directory.startsWith('/')
    } catch {
      return false
    }
  })
}

export interface AttachedOptions {
  readonly stdout: 'inherit' | 'stderr'
  /** What it writes to descriptor 3 is returned as `said`: then it has ended when nothing it started holds that any more. */
  readonly listen?: boolean
  readonly signal?: AbortSignal
  /** In place of the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** In a session of its own, which has no terminal; hears the process id. */
  readonly ownSession?: (pid: number) => void
  /** Output that is a terminal’s goes through a pipe, and the program never holds the terminal. */
  readonly relay?: boolean
}

export type RunAttached = (command: string, args: readonly string[], options: AttachedOptions) => Promise<{ readonly exitCode: number; readonly said: string }>

/**
 * Runs a program that has the caller’s terminal to itself: its input, output and errors are ours, and a SIGINT from
 * the keyboard is its own matter.
 * @throws OvlError as run() does
 */
export const runAttached: RunAttached = async (command, args, options) => (await loadAttached(command))(command, args, options)

/** {@link runAttached} with all of its code in memory: for a process that is about to leave its files behind. */
export async function loadAttached(first: string): Promise<RunAttached> {
  const execa = await loadExeca(first)
  return async (command, args, { stdout, listen = false, signal, env, ownSession, relay = false }) => {
    for (const word of args) checkWord(command, word)
    const out = (fd: 1 | 2): 'inherit' | 2 | ['pipe', 'inherit'] => {
      const to = fd === 1 && stdout === 'stderr' ? 2 : fd
      return relay && isatty(to) ? ['pipe', 'inherit'] : to === fd ? 'inherit' : 2
    }
    const child = execa(command, args, {
      ...COMMON,
      cwd: cwdOfPrograms(),
      stdio: ['inherit', out(1), out(2), ...(listen ? ['pipe' as const] : [])],
      buffer: { stdout: false, stderr: false },
      ...(env === undefined ? {} : { env, extendEnv: false }),
      detached: ownSession !== undefined,
      // Execa's own way of ending it ends this process, too, before it could say how it went.
      cleanup: false,
      // It may be deaf to anything milder: unshare(1) is, while it waits.
      ...(signal === undefined ? {} : { cancelSignal: signal, killSignal: 'SIGKILL' as const }),
    })
    if (child.pid !== undefined) ownSession?.(child.pid)
    const result = await child
    if (result.isCanceled) throw new OvlError('interrupted', `${command} was interrupted`, { cause: signal?.reason })
    const { exitCode, signal: killer, code } = result
    const ended = resultOf(command, undefined, { exitCode, signal: killer, code })
    return { exitCode: ended.exitCode, said: listen ? String(result.stdio[3] ?? '') : '' }
  }
}

/**
 * Runs a program on an open file, which it finds as its standard input: a lock that flock(1) takes there is ours when it has ended.
 * @throws OvlError tool-missing
 */
export async function runOn(fd: number, command: string, args: readonly string[]): Promise<number> {
  const { execa } = await import('execa')
  // Any number will do; its types know those of our own standard streams only.
  return resultOf(command, undefined, await execa(command, args, { ...COMMON, stdin: fd as 0, stdout: 'ignore', stderr: 'ignore' })).exitCode
}

/**
 * Starts a program that writes a line when it is ready and ends when its input does; calls `use` with its
 * process id in between.
 * @throws OvlError as run() does; `unknown`, with the program as syscall, when it ends before it is ready
 */
export async function whileRunning<T>(command: string, args: readonly string[], use: (pid: number) => T): Promise<T> {
  for (const word of args) checkWord(command, word)
  const execa = await loadExeca(command)
  const child = execa(command, args, { ...COMMON, cwd: cwdOfPrograms(), stdin: 'pipe', stdout: 'pipe' })
  try {
    const first = await Promise.race([once(child.stdout, 'data'), child])
    if (Array.isArray(first) && child.pid !== undefined) return use(child.pid)
    const { stderr } = resultOf(command, undefined, await child)
    throw new OvlError('unknown', stderr === '' ? `${command} ended before it was ready` : stderr, { syscall: command })
  } finally {
    child.stdin.end()
    await child
  }
}

/**
 * Starts a program that writes a line when it is ready, and tells whether it then comes to its end within so many seconds.
 * If not it is killed and left alone: what waits for a dead file system may not even die.
 * @throws OvlError as run() does; `interrupted`
 */
export async function endsWithin(seconds: number, command: string, args: readonly string[], { input = '', signal }: Pick<RunOptions, 'input' | 'signal'> = {}): Promise<boolean> {
  const execa = await loadExeca(command)
  const child = execa(command, args, { ...COMMON, cwd: '/', input, stdout: 'pipe' })
  const given = new AbortController()
  const up = signal === undefined ? given.signal : AbortSignal.any([given.signal, signal])
  try {
    await Promise.race([once(child.stdout, 'data', { signal: up }), child])
    return await Promise.race([child.then(() => true), sleep(seconds * 1000, false, { signal: up })])
  } catch (error) {
    if (signal?.aborted === true) throw new OvlError('interrupted', `${command} was interrupted`, { cause: error })
    throw error
  } finally {
    given.abort()
    child.kill('SIGKILL')
    child.unref()
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  }
}

/**
 * What a program makes of `input`, piece by piece. Ends the program when nobody wants more of it.
 * @throws OvlError tool-missing; `unknown`, with the program as syscall, when it fails
 */
export async function* pipeThrough(command: string, args: readonly string[], input: Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  const execa = await loadExeca(command)
  const child = execa(command, args, { ...COMMON, cwd: cwdOfPrograms(), input: Readable.from(input, { objectMode: false }), stdout: 'pipe', buffer: { stdout: false }, encoding: 'buffer' })
  let ended = false
  try {
    if (child.pid !== undefined) for await (const piece of child.stdout) yield piece as Buffer
    ended = true
  } finally {
    if (!ended) child.kill('SIGKILL')
    await child
  }
  const { exitCode: status, signal, code } = await child
  const { exitCode } = resultOf(command, undefined, { exitCode: status, signal, code })
  if (exitCode !== 0) throw new OvlError('unknown', `${command} failed with status ${exitCode}`, { syscall: command })
}

/** Pipes of a child in both directions, and what Node needs to start it. */
const DESCRIPTORS = 12

/** Where no descriptor is left, Node ends the process out of an event that nobody can catch: so it is tried before. @throws OvlError fd-limit */
async function loadExeca(command: string): Promise<typeof import('execa').execa> {
  const { execa } = await import('execa')
  const open: number[] = []
  try {
    checkFs(`cannot run ${command}`, () => {
      while (open.length < DESCRIPTORS) open.push(openSync('/dev/null', 'r'))
    })
  } finally {
    for (const fd of open) closeSync(fd)
  }
  return execa
}

const COMMON = { reject: false, stripFinalNewline: true } as const

interface Ended {
  readonly exitCode?: number | undefined
  readonly signal?: NodeJS.Signals | undefined
  readonly code?: string | undefined
  readonly stdout?: string | undefined
  readonly stderr?: string | undefined
}

function resultOf(command: string, cwd: string | undefined, { exitCode, signal, code = 'unknown', stdout = '', stderr = '' }: Ended): RunResult {
  if (exitCode !== undefined) return { exitCode, stdout, stderr }
  if (signal !== undefined) return { exitCode: 128 + (constants.signals[signal] ?? 0), stdout, stderr }
  throw notStarted(command, cwd, code)
}

/** The Debian package of each program that ovl or its users’ plans run, where it is not named like the program. */
const PACKAGES: Readonly<Record<string, string>> = {
  mkfs: 'util-linux', losetup: 'mount', umount: 'mount', unshare: 'util-linux', nsenter: 'util-linux', setpriv: 'util-linux', flock: 'util-linux', findmnt: 'util-linux', lsblk: 'util-linux',
  mksquashfs: 'squashfs-tools', unsquashfs: 'squashfs-tools', 'mkfs.erofs': 'erofs-utils', 'mkfs.ext4': 'e2fsprogs', 'mkfs.xfs': 'xfsprogs', 'mkfs.btrfs': 'btrfs-progs',
  fusermount3: 'fuse3', xz: 'xz-utils', newuidmap: 'uidmap', newgidmap: 'uidmap', modprobe: 'kmod', 'systemd-escape': 'systemd', script: 'bsdutils',
}

function notStarted(command: string, cwd: string | undefined, errno: string): OvlError {
  if (errno === 'ENOENT' && cwd !== undefined && !existsSync(cwd)) return syscallError('chdir', errno, `cannot run ${command} in '${cwd}'`)
  if (errno !== 'ENOENT') return syscallError('execve', errno, `cannot run ${command}`)
  const name = command.slice(command.lastIndexOf('/') + 1)
  return new OvlError('tool-missing', `${command} is not installed, or not on the PATH`, { hint: `On Debian and Ubuntu: apt install ${PACKAGES[name] ?? name}`, syscall: 'execve', errno })
}

/** Node hands words to programs as UTF-8 only: another byte would arrive changed. */
function checkWord(command: string, word: string): void {
  if (word.includes('\0')) throw new OvlError('usage', `'${word.replaceAll('\0', '\\0')}' holds a NUL byte, which no argument can`)
  if (isUtf8Name(word)) return
  throw new OvlError('way-cannot-say', `a name that is no UTF-8 cannot be passed to ${command}: '${word}'`, { hint: 'Use a way of direct system calls (--via fsconfig or mount2), or rename it.' })
}
