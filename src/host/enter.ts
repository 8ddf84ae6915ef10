/**
 * A command inside a tree, as root directory of mount and process namespaces of its own: what is mounted for it goes
 * with it, whichever way it ends. The mounting is done by enter-child.ts, inside; the files that its mounts
 * must stand on are made and taken away here, outside.
 */

import { OvlError } from '../errors/ovl-error.ts'
import type { OvlErrorDetails } from '../errors/ovl-error.ts'
import type { FindingCode } from '../errors/codes.ts'
import { decodeName } from '../names/bytes.ts'
import { parentPath } from '../names/path.ts'
import { childCommand } from './child.ts'
import { runAttached } from './exec.ts'
import { lstatName, makeEmptyFile, readFileBytes, realName, removeFile, statName } from './files.ts'

/** What the child is told, as JSON in its one argument. */
export interface EnterRequest {
  readonly root: string
  readonly command: readonly string[]
  /** Content of the host’s resolv.conf, where there is one. */
  readonly resolvConf?: string
}

/** What the child says on descriptor 3 when it fails before the command runs. */
export interface EnterFailure {
  readonly code: FindingCode
  readonly message: string
  readonly details: Pick<OvlErrorDetails, 'errno' | 'syscall' | 'hint'>
}

/** Where the tree keeps them; a file is bound over each for as long as the command runs. */
export const RESOLV_CONF = '/etc/resolv.conf'
/** Asked by invoke-rc.d(8) before it starts a service: 101 forbids it. */
export const POLICY = '/usr/sbin/policy-rc.d'

/** When we end, unshare does; when that ends, the first process of the namespaces; and when that ends, all in them. */
const NAMESPACES = ['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child']

export interface EnterOptions {
  /** `stderr` keeps our standard output free for our own result. */
  readonly stdout: 'inherit' | 'stderr'
  readonly signal?: AbortSignal
}

/**
 * Runs `command` in `root`; its exit status, 126 and 127 as chroot(8) has them.
 * @throws OvlError when the namespaces or their mounts cannot be made, or on `interrupted`
 */
export async function enterRoot(root: string, command: readonly string[], options: EnterOptions): Promise<number> {
  const made = [RESOLV_CONF, POLICY].map((name) => `${root}${name}`).filter(makeStand)
  try {
    const request: EnterRequest = { root, command, ...hostResolvConf() }
    const { exitCode, said } = await runAttached('setpriv', [...NAMESPACES, '--', ...childCommand('host-enter-child'), JSON.stringify(request)], { ...options, listen: true })
    if (said === '') return exitCode
    const { code, message, details } = JSON.parse(said) as EnterFailure
    throw new OvlError(code, message, details)
  } finally {
    for (const path of made) removeStand(path)
  }
}

/** An empty file that does nothing by itself; true when it was made. Where it cannot be, nothing is bound. */
function makeStand(path: string): boolean {
  try {
    // A link on the way could lead out of the tree.
    return realName(parentPath(path)) === parentPath(path) && makeEmptyFile(path)
  } catch {
    return false
  }
}

/** The command may have put a file of its own in its place. */
function removeStand(path: string): void {
  const found = lstatName(path)
  if (typeof found === 'object' && found.kind === 'file' && found.size === 0n) removeFile(path)
}

function hostResolvConf(): Pick<EnterRequest, 'resolvConf'> {
  return typeof statName(RESOLV_CONF) === 'string' ? {} : { resolvConf: decodeName(readFileBytes(RESOLV_CONF)) }
}
