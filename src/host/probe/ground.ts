/**
 * The ground that probes stand on, inside a mount namespace of their own: a tmpfs over some directory
 * that is not needed meanwhile, and overlays tried on it. The namespace takes all of it along when it
 * ends, so nothing is left behind but in the directory asked about, which the parent clears.
 *
 * Without FFI mounts are made by mount(8), which says less.
 */

import { mkdirSync, readFileSync } from 'node:fs'
import { parseMountinfo } from '../../mounts/mountinfo.ts'
import { splitSuperOptions } from '../../mounts/super-options.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import { run } from '../exec.ts'
import { ffi } from '../ffi.ts'
import { markKernelLog } from '../kmsg.ts'
import { openScratch } from '../scratch.ts'
import type { ScratchRef } from '../scratch.ts'
import { mountIdOf, openPath } from '../syscalls/files.ts'
import { mountLegacy, unmount } from '../syscalls/mount-legacy.ts'

export interface Ground {
  /** The tmpfs: an absolute path of plain letters. */
  readonly root: string
  /** A second file system of the same type. */
  readonly second: string
  /** Descriptor of the directory asked about; of the scratch directory in it, where one could be made. */
  readonly directory: number
  readonly scratch: number | { readonly errno: string }
  readonly inUserNamespace: boolean
  readonly hasFfi: boolean
  /** Makes an empty place: the directories l1, l2, u, w and m of a mount. */
  readonly place: () => string
}

/** What the parent says about the place to stand on. */
export interface GroundPlan {
  readonly cover: string
  readonly directory: string
  /** The scratch directory in it, or the errno. */
  readonly scratch: ScratchRef | { readonly errno: string }
  readonly inUserNamespace: boolean
}

/** Mounts the tmpfs. The directory is opened first: nobody knows what the tmpfs covers. */
export async function breakGround({ cover, directory, scratch, inUserNamespace }: GroundPlan): Promise<Ground> {
  const directoryFd = openPath(directory).fd
  const scratchFd = 'path' in scratch ? openOrNot(scratch) : scratch
  const hasFfi = canCall()
  await mountTmpfs(cover, hasFfi)
  const second = `${cover}/second`
  mkdirSync(second)
  await mountTmpfs(second, hasFfi)
  mkdirSync(`${second}/l`)
  let places = 0
  const place = (): string => {
    const path = `${cover}/p${++places}`
    for (const name of ['', '/l1', '/l2', '/u', '/w', '/m']) mkdirSync(path + name)
    return path
  }
  return { root: cover, second, directory: directoryFd, scratch: scratchFd, inUserNamespace, hasFfi, place }
}

function openOrNot(scratch: ScratchRef): Ground['scratch'] {
  try {
    return openScratch(scratch).fd
  } catch (error) {
    if (isOvlError(error) && error.code === 'unsafe-path') return { errno: 'ESTALE' }
    throw error
  }
}

/** One attempt: what came of it, what the kernel said meanwhile. */
export type Tried<T> = { readonly said: readonly string[] } & (
  | { readonly ok: true; readonly value: T; readonly options: ReadonlyMap<string, string | true> }
  | { readonly ok: false; readonly errno: string }
)

/** Options for a writable overlay on a place; `more` begins without a comma. */
export function writable(place: string, more = ''): string {
  return `lowerdir=${place}/l1:${place}/l2,upperdir=${place}/u,workdir=${place}/w${more === '' ? '' : `,${more}`}`
}

/** Mounts an overlay with mount(2) at `place`/m, uses it, and takes it down. `cwd` is where relative names begin. */
export async function tryOverlay<T>(ground: Ground, place: string, data: string, use: (merged: string) => T | Promise<T>, cwd?: number): Promise<Tried<T>> {
  using mark = markKernelLog()
  const said = (): string[] => {
    const lines = mark.lines()
    return lines.known ? lines.value : []
  }
  const merged = `${place}/m`
  if (cwd !== undefined) process.chdir(`/proc/self/fd/${cwd}`)
  try {
    const errno = await mountOverlay(ground, merged, data)
    if (errno !== undefined) return { ok: false, errno, said: said() }
  } finally {
    if (cwd !== undefined) process.chdir(ground.root)
  }
  try {
    const options = optionsOf(merged)
    return { ok: true, value: await use(merged), options, said: said() }
  } finally {
    if (ground.hasFfi) unmount(merged, { lazy: true })
    else await run('umount', ['-l', merged])
  }
}

/** Undefined when it worked. */
async function mountOverlay({ hasFfi }: Ground, merged: string, data: string): Promise<string | undefined> {
  if (!hasFfi) return errnoOfMount8(await run('mount', ['-t', 'overlay', '-o', data, SOURCE, merged], { env: { LIBMOUNT_FORCE_MOUNT2: 'always', LC_ALL: 'C' } }))
  try {
    mountLegacy(SOURCE, merged, 'overlay', 0, data)
    return undefined
  } catch (error) {
    if (isOvlError(error) && error.errno !== undefined) return error.errno
    throw error
  }
}

const SOURCE = 'ovl-doctor'

/** What mount(8) makes of the errnos that matter here. */
const MOUNT8: readonly (readonly [words: RegExp, errno: string])[] = [
  [/permission denied|must be superuser/i, 'EPERM'],
  [/unknown filesystem type/, 'ENODEV'],
  [/special device .* does not exist/, 'ENOENT'],
  [/Too many levels/, 'ELOOP'],
]

function errnoOfMount8({ exitCode, stderr }: { readonly exitCode: number; readonly stderr: string }): string | undefined {
  if (exitCode === 0) return undefined
  return MOUNT8.find(([words]) => words.test(stderr))?.[1] ?? 'EINVAL'
}

function optionsOf(merged: string): Map<string, string | true> {
  const id = mountIdOf(merged)
  const mount = parseMountinfo(readFileSync('/proc/self/mountinfo')).mounts.find((mount) => mount.id === id)
  return new Map(splitSuperOptions(mount?.superOptions ?? '').map(({ key, value }) => [key, value ?? true]))
}

async function mountTmpfs(target: string, hasFfi: boolean): Promise<void> {
  if (hasFfi) mountLegacy(SOURCE, target, 'tmpfs', 0, 'mode=0700,size=16m')
  else {
    const { exitCode, stderr } = await run('mount', ['-t', 'tmpfs', '-o', 'mode=0700,size=16m', SOURCE, target], { env: { LC_ALL: 'C' } })
    if (exitCode !== 0) throw new Error(stderr.split('\n')[0])
  }
}

function canCall(): boolean {
  try {
    ffi()
    return true
  } catch {
    return false
  }
}
