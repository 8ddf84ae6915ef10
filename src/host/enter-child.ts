/**
 * The first process of the namespaces that enter.ts makes: mounts what a system expects to find, then runs the
 * command in the tree and ends with its status. When it ends the kernel ends all others in it, and takes the mounts.
 */

import { writeSync } from 'node:fs'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { encodeName } from '../names/bytes.ts'
import { runAttached } from './exec.ts'
import { POLICY, RESOLV_CONF } from './enter.ts'
import type { EnterFailure, EnterRequest } from './enter.ts'
import type { OwnedFd } from './fd.ts'
import { lstatName, makeDirectory, readLink, writeFileAtomic } from './files.ts'
import { moveMount, openTree, setMountAttributes } from './syscalls/mount-api.ts'
import { legacyBits } from './syscalls/mount-flags.ts'
import { mountLegacy } from './syscalls/mount-legacy.ts'
import { LINKED } from '../live/keep.ts'
import { pathPrefixes, parentPath } from '../names/path.ts'

/** Ctrl-C and the end of the terminal are for the command; the first process of a namespace would not see them anyway. */
for (const name of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.on(name, () => {})

const { root, command, resolvConf } = JSON.parse(process.argv[3] as string) as EnterRequest
void enterTree()

async function enterTree(): Promise<void> {
  try {
    furnish()
    const { exitCode } = await runAttached('chroot', [root, ...command], { stdout: 'inherit' })
    process.exitCode = exitCode
  } catch (error) {
    const { code, message, details: { errno, syscall, hint } } = isOvlError(error) ? error : new OvlError('internal', String(error))
    const failure: EnterFailure = { code, message, details: { ...(errno === undefined ? {} : { errno }), ...(syscall === undefined ? {} : { syscall }), ...(hint === undefined ? {} : { hint }) } }
    writeSync(3, JSON.stringify(failure))
    process.exitCode = 1
  }
}

function furnish(): void {
  const at = (name: string): string | undefined => (isDirectory(`${root}/${name}`) ? `${root}/${name}` : undefined)
  const [proc, sys, dev, run] = [at('proc'), at('sys'), at('dev'), at('run')]
  if (proc !== undefined) mountLegacy('proc', proc, 'proc', legacyBits(['nosuid', 'nodev', 'noexec']), '')
  if (sys !== undefined) bind('/sys', sys, true)
  if (dev !== undefined) bind('/dev', dev, false)
  if (run === undefined) return
  // Fresh, so that systemctl, seeing no /run/systemd/system, starts nothing and says so.
  using linked = isDirectory(`${run}/live`) && isDirectory(`${root}${LINKED}`) ? openTree(`${root}${LINKED}`, { clone: true, recursive: true }) : undefined
  mountLegacy('tmpfs', run, 'tmpfs', legacyBits(['nosuid', 'nodev']), 'mode=0755')
  if (linked !== undefined) showAgain(linked)
  makeDirectory(`${run}/lock`, 0o1777)
  makeDirectory(`${run}/ovl`)
  cover(POLICY, '#!/bin/sh\n# ovl live enter: no service is started here.\nexit 101\n', 0o755)
  if (resolvConf !== undefined) cover(RESOLV_CONF, resolvConf, 0o644)
}

/** With what is mounted below it, as /dev/pts; nothing done to it here is seen outside. */
function bind(from: string, to: string, readOnly: boolean): void {
  using clone = openTree(from, { clone: true, recursive: true })
  setMountAttributes(clone, { propagation: 'rprivate', recursive: true, ...(readOnly ? { set: ['ro'] } : {}) })
  moveMount(clone, to)
}

/** Of persistence.conf’s links: what they lead to is there in the fresh /run too. */
function showAgain(linked: OwnedFd): void {
  makeDirectory(`${root}/run/live`)
  makeDirectory(`${root}${LINKED}`)
  setMountAttributes(linked, { propagation: 'rprivate', recursive: true })
  moveMount(linked, `${root}${LINKED}`)
}

/** Shows `content` at `name` of the tree, in which nothing is written. */
function cover(name: string, content: string, mode: number): void {
  const path = `${root}${name}`
  const found = lstatName(path)
  if (typeof found === 'string') return
  if (found.kind === 'symlink') return throughLink(name, content, mode)
  const own = `${root}/run/ovl/${name.slice(name.lastIndexOf('/') + 1)}`
  writeFileAtomic(own, encodeName(content), mode)
  using clone = openTree(own, { clone: true })
  moveMount(clone, path)
}

/** systemd-resolved’s link leads into /run, which is ours here. Any other stays as it is: following it could leave the tree. */
function throughLink(name: string, content: string, mode: number): void {
  const to = /^(?:\.\.\/|\/)(run\/.+)$/.exec(readLink(`${root}${name}`))?.[1]
  if (to === undefined || to.split('/').includes('..')) return
  for (const directory of pathPrefixes(parentPath(`${root}/${to}`)).filter((prefix) => prefix.startsWith(`${root}/run/`))) makeDirectory(directory)
  writeFileAtomic(`${root}/${to}`, encodeName(content), mode)
}

/** A link could lead out of the tree. */
function isDirectory(path: string): boolean {
  const found = lstatName(path)
  return typeof found === 'object' && found.kind === 'directory'
}
