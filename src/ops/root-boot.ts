/** `ovl root --boot`: writes into a system what makes it boot with its root as the lower of an overlay. */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { holdBelow, holdDirectory, makeDirectoriesBelow, readBelow, statBelow, writeBelow } from '../host/beneath.ts'
import type { HeldDirectory } from '../host/held-directory.ts'
import { realName, statName } from '../host/files.ts'
import { BOOT_TOOLS, TOOL_MARKS, planBootRoot } from '../live/boot-root.ts'
import type { BootPlan, BootRequest } from '../live/boot-root.ts'
import { parentPath, pathPrefixes } from '../names/path.ts'

/** A plan, and the system that it is for. */
export interface BootWritten extends BootPlan {
  readonly root: string
}

/**
 * What {@link writeBootRoot} would write. Touches nothing.
 * @param root the top directory of a system; `/` is the running one
 * @throws OvlError `live-not-found` when it has no tool that makes an initial RAM file system
 */
export function planOfBootRoot(root: string, request: BootRequest = {}): BootWritten {
  checkWords(request)
  const found = statName(root)
  if (typeof found === 'string' || found.kind !== 'directory') throw new OvlError('usage', found === 'ENOENT' ? `there is no '${root}'` : `'${root}' is no directory`, { hint: 'Name the top directory of a system, unpacked or mounted; / is the running one.' })
  const top = realName(root).replace(/\/$/, '')
  using system = holdDirectory(realName(root))
  const tool = BOOT_TOOLS.find((one) => typeof statBelow(system, TOOL_MARKS[one], 'inside') === 'object')
  if (tool === undefined) {
    const title = `'${root}' has none of the tools that make an initial RAM file system`
    throw new OvlError('live-not-found', title, { findings: [finding('live-not-found', { title, explanation: 'The root is turned around before it is mounted, in the initial RAM file system. Whichever tool makes that takes the files, and none was found.', evidence: BOOT_TOOLS.map((one) => ({ fact: `no '${top}${TOOL_MARKS[one]}' of ${one}`, source: 'stat' })), fix: [{ text: 'Install one of them in it: initramfs-tools, or dracut.' }] })] })
  }
  return { root: top === '' ? '/' : top, ...planBootRoot(tool, request) }
}

/**
 * Writes the files, each whole or not at all. The initial RAM file system is not made anew: `apply` does that.
 * @throws OvlError `usage` when one of them is there and is not of ovl; `unsafe-path` when a symlink is on the way to one
 */
export function writeBootRoot(root: string, request: BootRequest = {}): BootWritten {
  const plan = planOfBootRoot(root, request)
  using system = holdDirectory(plan.root)
  for (const { path } of plan.files) requireOwn(system, path)
  for (const { path, text, mode } of plan.files) {
    makeDirectoriesBelow(system, parentPath(path))
    writeBelow(system, path, text, mode)
  }
  return plan
}

/** Nothing is in the way of the file, and it is not there or of ovl. */
function requireOwn(system: HeldDirectory, path: string): void {
  for (const prefix of pathPrefixes(parentPath(path)).slice(1)) {
    if (statBelow(system, prefix) === 'ENOENT') return
    holdBelow(system, prefix).close()
  }
  if (statBelow(system, path) === 'ENOENT') return
  if (!readBelow(system, path, { links: 'none' }).includes('ovl root --boot')) throw new OvlError('usage', `'${system.path === '/' ? '' : system.path}${path}' is there, and not written by ovl`, { hint: 'Look at it, and move it away if it is not needed.' })
}

/** They end up in scripts that run before anything else does. */
function checkWords({ size, device }: BootRequest): void {
  if (size !== undefined && !/^\d+[kmg%]?$/i.test(size)) throw new OvlError('option-bad-value', `--size takes a number with k, m, g or %, not '${size}'`)
  if (device !== undefined && !/^(\/dev\/|LABEL=|UUID=)[\w/.:-]+$/.test(device)) throw new OvlError('option-bad-value', `--upper of --boot takes a device (/dev/…, LABEL=… or UUID=…), not '${device}'`, { hint: 'A directory lies on a device: name that.' })
  if (size !== undefined && device !== undefined) throw new OvlError('usage', '--size is the size of a tmpfs, and changes go to a device', { hint: 'Leave out --size, or the device.' })
}
