/** `ovl root --boot`: writes into a system what makes it boot with its root as the lower of an overlay. */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { lstatName, makeDirectory, readFileBytes, realName, statName, writeFileAtomic } from '../host/files.ts'
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
  const tool = BOOT_TOOLS.find((one) => typeof statName(`${top}${TOOL_MARKS[one]}`) === 'object')
  if (tool === undefined) {
    const title = `'${root}' has none of the tools that make an initial RAM file system`
    throw new OvlError('live-not-found', title, { findings: [finding('live-not-found', { title, explanation: 'The root is turned around before it is mounted, in the initial RAM file system. Whichever tool makes that takes the files, and none was found.', evidence: BOOT_TOOLS.map((one) => ({ fact: `no '${top}${TOOL_MARKS[one]}' of ${one}`, source: 'stat' })), fix: [{ text: 'Install one of them in it: initramfs-tools, or dracut.' }] })] })
  }
  return { root: top === '' ? '/' : top, ...planBootRoot(tool, request) }
}

/**
 * Writes the files, each whole or not at all. The initial RAM file system is not made anew: `apply` does that.
 * @throws OvlError `usage` when one of them is there and is not of ovl
 */
export function writeBootRoot(root: string, request: BootRequest = {}): BootWritten {
  const plan = planOfBootRoot(root, request)
  const files = plan.files.map((file) => ({ ...file, at: `${plan.root === '/' ? '' : plan.root}${file.path}` }))
  for (const { at } of files) {
    if (typeof lstatName(at) === 'object' && !readFileBytes(at).includes('ovl root --boot')) throw new OvlError('usage', `'${at}' is there, and not written by ovl`, { hint: 'Look at it, and move it away if it is not needed.' })
  }
  for (const { at, text, mode } of files) {
    for (const directory of pathPrefixes(parentPath(at))) makeDirectory(directory)
    writeFileAtomic(at, text, mode)
  }
  return plan
}

/** They end up in scripts that run before anything else does. */
function checkWords({ size, device }: BootRequest): void {
  if (size !== undefined && !/^\d+[kmg%]?$/i.test(size)) throw new OvlError('option-bad-value', `--size takes a number with k, m, g or %, not '${size}'`)
  if (device !== undefined && !/^(\/dev\/|LABEL=|UUID=)[\w/.:-]+$/.test(device)) throw new OvlError('option-bad-value', `--upper of --boot takes a device (/dev/…, LABEL=… or UUID=…), not '${device}'`, { hint: 'A directory lies on a device: name that.' })
  if (size !== undefined && device !== undefined) throw new OvlError('usage', '--size is the size of a tmpfs, and changes go to a device', { hint: 'Leave out --size, or the device.' })
}
