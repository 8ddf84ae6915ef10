/**
 * Programs that read a whole tree to pack it: mksquashfs, tar, du. They run in a mount namespace of their own, in which
 * nothing is left of what others mounted inside the tree, and end with this process, however it ends.
 */

import { closeSync, constants, openSync, readSync } from 'node:fs'
import { OvlError } from '../errors/ovl-error.ts'
import { SUPERBLOCK_LENGTH, packingOf } from '../live/squashfs.ts'
import { isWithin } from '../names/path.ts'
import { run } from './exec.ts'
import type { RunResult } from './exec.ts'
import { findMountNamespaces, readMountAt, readMountTable } from './mount-table.ts'
import type { MountTable } from './mount-table.ts'
import { PROMPT } from './regular-file.ts'
import { checkFs, nameBuffer } from './syscalls/check.ts'

export interface PackWatch {
  readonly signal?: AbortSignal | undefined
  /** How much of it is done, in percent. */
  readonly progress?: ((percent: number) => void) | undefined
}

/** Mount points inside the tree that are no part of it, topmost first: `own` are its parts. */
export function foreignMounts(target: string, own: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return readMountTable().mounts.map((mount) => mount.target).filter((path) => {
    if (path === target || !isWithin(path, target)) return false
    const isOwn = own.includes(path) && !seen.has(path)
    seen.add(path)
    return !isOwn
  }).toReversed()
}

/** A process in each other mount namespace in which more is mounted inside the tree than here, as `ovl live enter` does. */
export function findVisitors(target: string): readonly number[] {
  const device = readMountAt(target)?.mount.device
  const inside = ({ mounts }: Pick<MountTable, 'mounts'>): readonly string[] => {
    const root = mounts.find((mount) => mount.device === device)?.target
    return root === undefined ? [] : mounts.filter((mount) => mount.target !== root && isWithin(mount.target, root)).map((mount) => mount.target.slice(root === '/' ? 0 : root.length))
  }
  const here = new Set(inside(readMountTable()))
  return findMountNamespaces().namespaces.filter((namespace) => {
    try {
      return inside(readMountTable(namespace)).some((path) => !here.has(path))
    } catch {
      return false // It has ended.
    }
  }).map(({ pid }) => pid)
}

/** Takes the foreign mounts away, then becomes the program. */
const WITHOUT = 'n=$1; shift; while [ "$n" -gt 0 ]; do umount -l -- "$1"; shift; n=$((n-1)); done; exec "$@"'

/** The command that runs a program on a tree without what others mounted in it. */
export function treeCommand(foreign: readonly string[], command: string, args: readonly string[]): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', WITHOUT, 'sh', String(foreign.length), ...foreign, command, ...args]
}

/** @throws OvlError interrupted, no-space, tool-missing; `unknown`, with what the program said last */
export async function runOnTree(foreign: readonly string[], command: string, args: readonly string[], watch: PackWatch, words: readonly string[] = ['--version']): Promise<RunResult> {
  // Behind sh and unshare, a program that is missing would be a status only.
  await run(command, words)
  return runGuarded(treeCommand(foreign, command, args), command, watch)
}

/** Runs a command line that dies with this process. */
export async function runGuarded(words: readonly string[], name: string, { signal, progress }: PackWatch): Promise<RunResult> {
  const hear = progress === undefined ? {} : { hear: (text: string) => {
    const percent = percentIn(text)
    if (percent !== undefined) progress(percent)
  } }
  const result = await run('setpriv', ['--pdeathsig', 'KILL', ...words], { env: { LC_ALL: 'C' }, ...hear, ...(signal === undefined ? {} : { signal }) })
  if (result.exitCode === 0) return result
  // Ctrl-C goes to all programs of a terminal; ours may come a moment later.
  await new Promise((resolve) => setTimeout(resolve, 50))
  if (signal?.aborted === true) throw new OvlError('interrupted', `${name} was interrupted`, { cause: signal.reason })
  const said = `${result.stdout}\n${result.stderr}`.split(/[\n\r]+/).map((line) => line.trim())
  const reason = said.find((line) => /No space left on device|Disk quota exceeded|exceeds free space on media/.test(line))
  if (reason !== undefined) throw new OvlError('no-space', `${name} ran out of room: ${reason}`, { syscall: name, errno: 'ENOSPC' })
  const told = said.filter((line) => /FATAL|FAILURE|SORRY|rror|annot|ailed/.test(line))
  throw new OvlError('unknown', `${name} failed with status ${result.exitCode}: ${told[0] ?? said.findLast((line) => line !== '') ?? 'it said nothing'}`, { syscall: name })
}

/** Of the last line that tells of progress the first number: behind it xorriso says how full its buffers are. */
export function percentIn(text: string): number | undefined {
  const said = text.split(/[\r\n]/).findLast((line) => /\d%/.test(line))
  return said === undefined ? undefined : Math.min(100, Number(/(\d+)(?:\.\d+)?%/.exec(said)?.[1]))
}

/** How the image that is mounted at a place was packed, as words of mksquashfs. */
export function packingAt(mountPoint: string): readonly string[] {
  const device = readMountAt(mountPoint)?.mount.source
  if (device?.startsWith('/dev/') !== true) return []
  const fd = checkFs(`cannot read '${device}'`, () => openSync(nameBuffer(device), constants.O_RDONLY | PROMPT))
  try {
    const bytes = Buffer.alloc(SUPERBLOCK_LENGTH)
    return packingOf(bytes.subarray(0, checkFs(`cannot read '${device}'`, () => readSync(fd, bytes, 0, bytes.length, 0))))
  } finally {
    closeSync(fd)
  }
}

/** True when this mksquashfs can leave out attributes by name (4.6 and later). */
export async function canLeaveOutXattrs(): Promise<boolean> {
  const { stdout, stderr } = await run('mksquashfs', ['-help-all'])
  return `${stdout}${stderr}`.includes('-xattrs-exclude')
}
