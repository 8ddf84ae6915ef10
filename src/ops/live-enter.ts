/** `ovl live enter`: work inside a mounted system, without leaving anything of the work mounted. */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { enterRoot } from '../host/enter.ts'
import type { EnterOptions } from '../host/enter.ts'
import { realName, statName } from '../host/files.ts'
import { readMountAt } from '../host/mount-table.ts'
import { quoteShell } from '../names/shell.ts'

export type { EnterOptions } from '../host/enter.ts'

export interface Entered {
  readonly target: string
  readonly command: readonly string[]
  /** Exit status of the command; 128 and the signal’s number when one ended it. */
  readonly status: number
}

/**
 * Runs `command` (a shell, when empty) with `target` as its root directory, in mount and process namespaces of its
 * own that have /proc, /sys (read-only), /dev, a fresh /run and the host’s resolv.conf. Services are not started.
 * @throws OvlError `not-mounted` when nothing is mounted at `target`, `not-permitted` without root
 */
export async function enter(target: string, command: readonly string[], options: Partial<EnterOptions> = {}): Promise<Entered> {
  const root = mountedAt(target)
  const said = command.length > 0 ? command : shellOf(root)
  return { target: root, command: said, status: await enterRoot(root, said, { stdout: 'inherit', ...options }) }
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

function shellOf(root: string): readonly string[] {
  const shell = ['/bin/bash', '/bin/sh'].find((path) => typeof statName(`${root}${path}`) === 'object')
  if (shell !== undefined) return [shell]
  throw new OvlError('target-not-directory', `'${root}' is no system to work in: it has neither /bin/bash nor /bin/sh`, { hint: 'Name the program to run after --.' })
}
