/** `ovl live enter`: work inside a mounted system, without leaving anything of the work mounted. */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { holdDirectory, statBelow } from '../host/beneath.ts'
import { enterRoot } from '../host/enter.ts'
import { realName, statName } from '../host/files.ts'
import { readMountAt } from '../host/mount-table.ts'
import { environmentInside } from '../live/confinement.ts'
import { quoteShell } from '../names/shell.ts'

export interface EnterOptions {
  /** `stderr` keeps our standard output free for our own result. */
  readonly stdout?: 'inherit' | 'stderr'
  /** More variables for the environment of the command. */
  readonly env?: Readonly<Record<string, string>>
  /** The command gets the devices of the host, its environment and its terminal, and all rights of root: for a tree that is trusted. */
  readonly shareHost?: boolean
  readonly signal?: AbortSignal
}

export interface Entered {
  readonly target: string
  readonly command: readonly string[]
  /** Exit status of the command; 128 and the signal’s number when one ended it. */
  readonly status: number
  readonly findings: readonly Finding[]
}

/**
 * Runs `command` (a shell, when empty) with `target` as its root directory, in namespaces of its own that have /proc,
 * /sys (read-only), /dev, a fresh /run and the host’s resolv.conf. Services are not started. The host’s files,
 * devices, settings and environment are out of its reach; kernel and network are shared.
 * @throws OvlError `not-mounted` when nothing is mounted at `target`, `not-permitted` without root
 */
export async function enter(target: string, command: readonly string[], { stdout = 'inherit', env: more = {}, shareHost = false, signal }: EnterOptions = {}): Promise<Entered> {
  const root = mountedAt(target)
  const shell = shellOf(root)
  if (command.length === 0 && shell === undefined) throw new OvlError('target-not-directory', `'${root}' is no system to work in: it has neither /bin/bash nor /bin/sh`, { hint: 'Name the program to run after --.' })
  const said = command.length > 0 ? command : [shell ?? '']
  const env = shareHost ? { ...process.env as Record<string, string>, ...more } : environmentInside(process.env, shell ?? '/bin/sh', more)
  const { status, terminal } = await enterRoot(root, said, { stdout, shareHost, env, ...(signal === undefined ? {} : { signal }) })
  return { target: root, command: said, status, findings: terminal === 'missing' ? [noScript()] : [] }
}

function noScript(): Finding {
  return finding('tool-missing', { severity: 'warning', title: 'the command had no terminal of its own: script is not installed', explanation: 'It ran in a session without a terminal, so that it could type nothing into yours. Shells have no job control then.', fix: [{ text: 'On Debian and Ubuntu, install it.', command: 'apt install bsdutils' }] })
}

function mountedAt(target: string): string {
  const path = typeof statName(target) === 'string' ? target : realName(target)
  if (typeof statName(target) === 'object' && readMountAt(path)?.overlay !== undefined) return path
  const title = `no overlay is mounted at '${target}'`
  throw new OvlError('not-mounted', title, { findings: [finding('not-mounted', { title, evidence: [{ fact: title, source: 'mountinfo' }], fix: [
    { text: 'Mount a live system there.', command: `ovl live mount SOURCE ${quoteShell(target)}` },
    { text: 'Or a copy of the running one.', command: `ovl root --mkdir ${quoteShell(target)}` },
  ] })] })
}

/** Its symlinks are followed inside. */
function shellOf(root: string): string | undefined {
  using tree = holdDirectory(root)
  return ['/bin/bash', '/bin/sh'].find((path) => typeof statBelow(tree, path, 'inside') === 'object')
}
