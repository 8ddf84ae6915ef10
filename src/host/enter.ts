/**
 * A command inside a tree, as root directory of namespaces of its own: what is mounted for it goes with it, whichever
 * way it ends, and the host is out of its sight. The mounting is done by enter-child.ts, inside; the files that its
 * mounts must stand on are made and taken away here, outside, and the caller’s terminal is kept from it here.
 */

import { constants } from 'node:fs'
import { isatty } from 'node:tty'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { OvlErrorDetails } from '../errors/ovl-error.ts'
import type { FindingCode } from '../errors/codes.ts'
import { decodeName } from '../names/bytes.ts'
import { baseName, parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { holdBelow, holdDirectory, openBelow, removeBelow, statBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import { childCommand } from './child.ts'
import { POLICY, RESOLV_CONF } from './enter-view.ts'
import type { View } from './enter-view.ts'
import { isInstalled, runAttached } from './exec.ts'
import type { AttachedOptions } from './exec.ts'
import { ffi } from './ffi.ts'
import { statName } from './files.ts'
import type { NameStat } from './files.ts'
import { readRegular } from './regular-file.ts'
import { keepTerminal } from './terminal.ts'

/** What the child is told, as JSON in its one argument. */
export interface EnterRequest extends View {
  readonly root: string
  readonly command: readonly string[]
  /** A session without a terminal, so that nothing can be typed into ours. */
  readonly ownSession: boolean
}

/** What the child says on descriptor 3 when it fails before the command runs. */
export interface EnterFailure {
  readonly code: FindingCode
  readonly message: string
  readonly details: Pick<OvlErrorDetails, 'errno' | 'syscall' | 'hint'>
}

/** Holds the environment of the command, as JSON (arguments can be read by everybody); with `shareHost` it is that of the child. */
export const ENVIRONMENT = 'OVL_ENTER_ENVIRONMENT'

/** When we end, unshare does; when that ends, the first process of the namespaces; and when that ends, all in them. */
const DIE_WITH_US = ['--pdeathsig', 'KILL']
const NAMESPACES = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']

export interface EnterOptions {
  /** `stderr` keeps our standard output free for our own result. */
  readonly stdout: 'inherit' | 'stderr'
  /** The devices of the host, all capabilities, and the caller’s terminal are left to the command, and the host is not hidden from it. */
  readonly shareHost: boolean
  /** All of the command’s environment. */
  readonly env: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * Runs `command` in `root`; its exit status, 126 and 127 as chroot(8) has them. `terminal` tells how the caller’s
 * terminal was kept from it.
 * @throws OvlError when the namespaces or their mounts cannot be made, or on `interrupted`
 */
export async function enterRoot(root: string, command: readonly string[], options: EnterOptions): Promise<{ readonly status: number; readonly terminal: Terminal }> {
  requireSystemCalls()
  using tree = holdDirectory(root)
  const stands = [RESOLV_CONF, POLICY].map((name) => makeStand(tree, name)).filter((stand) => stand !== undefined)
  try {
    return await enterTree(root, command, options)
  } finally {
    for (const stand of stands) stand[Symbol.dispose]()
  }
}

async function enterTree(root: string, command: readonly string[], options: EnterOptions): ReturnType<typeof enterRoot> {
  const { shareHost } = options
  const terminal = terminalFor(options)
  const request: EnterRequest = { root, command, shareHost, console: terminal === 'own', ownSession: !shareHost && terminal !== 'own', ...hostResolvConf() }
  // What is inheritable would outlive the capabilities that are taken away.
  const privileges = shareHost ? DIE_WITH_US : [...DIE_WITH_US, '--inh-caps=-all']
  const words = ['setpriv', ...privileges, ...NAMESPACES, ...(shareHost ? [] : ['--ipc', '--uts']), '--', ...childCommand('host-enter-child'), JSON.stringify(request)]
  const { exitCode, said } = await (terminal === 'own' ? runOnTerminal(words, options) : runWithout(words, options))
  if (said === '') return { status: exitCode, terminal }
  const { code, message, details } = JSON.parse(said) as EnterFailure
  throw new OvlError(code, message, details)
}

/** `own`: a fresh one; `none`: it has none, or a pipe to ours; `missing`: `none`, because script(1) is not installed. */
export type Terminal = 'own' | 'none' | 'missing' | 'shared'

function terminalFor({ shareHost }: EnterOptions): Terminal {
  if (shareHost) return 'shared'
  if (!isatty(0)) return 'none'
  return isInstalled('script') ? 'own' : 'missing'
}

async function runWithout([program, ...args]: readonly string[], options: EnterOptions): ReturnType<typeof runAttached> {
  using _ = keepTerminal()
  return await runAttached(program as string, args, { ...attached(options), relay: !options.shareHost })
}

/**
 * Under script(1): it makes a terminal, keeps ours in raw mode meanwhile, and passes on its size. What of our output is
 * no terminal goes around it.
 */
async function runOnTerminal(words: readonly string[], options: EnterOptions): ReturnType<typeof runAttached> {
  const out = options.stdout === 'stderr' ? 2 : 1
  const around = [...(isatty(out) ? [] : ['>&4']), ...(isatty(2) ? [] : ['2>&5'])]
  const line = `exec ${words.map(quoteShell).join(' ')} ${around.join(' ')} 4>&- 5>&-`
  const screen = isatty(out) ? '' : isatty(2) ? '>&2' : '>&0'
  const { env, ...how } = attached(options)
  using _ = keepTerminal()
  const script = ['script', '--quiet', '--return', '--command', line, '/dev/null']
  return await runAttached('setpriv', [...DIE_WITH_US, 'sh', '-c', `exec 4>&1 5>&2 ${screen}; exec "$@"`, 'sh', ...script], { ...how, env: { ...env, SHELL: '/bin/sh' } })
}

function attached({ stdout, signal, shareHost, env }: EnterOptions): AttachedOptions & { readonly env: Readonly<Record<string, string>> } {
  const how = { stdout, listen: true, ...(signal === undefined ? {} : { signal }) }
  if (shareHost) return { ...how, env }
  // Of ours the child, and what starts it, need to find the programs; a code cache would be written where it ends: in the tree.
  return { ...how, env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', TERM: env['TERM'] ?? 'dumb', NODE_DISABLE_COMPILE_CACHE: '1', [ENVIRONMENT]: JSON.stringify(env) } }
}

function requireSystemCalls(): void {
  try {
    ffi()
  } catch (error) {
    if (!isOvlError(error)) throw error
    throw new OvlError(error.code, `a tree can be entered safely by direct system calls only: ${error.message}`, { hint: 'Reinstall with optional dependencies: npm install --include=optional.', cause: error })
  }
}

/** An empty file that does nothing by itself, until it is disposed of; undefined where it cannot be: then nothing is bound. */
function makeStand(tree: HeldDirectory, path: string): Disposable | undefined {
  const name = baseName(path)
  let directory: HeldDirectory | undefined
  try {
    const parent = directory = holdBelow(tree, parentPath(path), 'inside')
    openBelow(parent, name, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, { mode: 0o644 }).close()
    const made = statBelow(parent, name)
    return { [Symbol.dispose]: () => removeStand(parent, name, made) }
  } catch {
    // It is there already; the tree is read-only, or has no such directory.
    directory?.close()
    return undefined
  }
}

/** The command may have put a file of its own in its place, or removed it. */
function removeStand(parent: HeldDirectory, name: string, made: NameStat | string): void {
  using directory = parent
  const found = statBelow(directory, name)
  if (typeof found === 'object' && typeof made === 'object' && found.kind === 'file' && found.size === 0n && found.ino === made.ino) removeBelow(directory, name)
}

function hostResolvConf(): Pick<View, 'resolvConf'> {
  return typeof statName(RESOLV_CONF) === 'string' ? {} : { resolvConf: decodeName(readRegular(RESOLV_CONF)) }
}
