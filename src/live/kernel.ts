/** Kernels of a live medium: which version one is, which the boot menu names, and whom it boots besides what is packed. */

import { compareNames } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'
import { parseBootEntries } from './boot-entries.ts'
import { isLive } from './live-plan.ts'
import { findFile } from './medium.ts'
import type { Medium } from './medium.ts'
import { edited, stackOf } from './pack.ts'
import type { MediumEdit } from './pack.ts'

/** As much of a kernel as holds its version, wherever its header says that it lies. */
export const KERNEL_HEAD = 0x1_02_80

/** `6.1.0-18-amd64` of a bzImage, by the x86 boot protocol (2.00 and later); undefined for any other file. */
export function parseKernelVersion(head: Buffer): string | undefined {
  if (head.length < 0x210 || head.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined
  const at = head.readUInt16LE(0x20e)
  const text = at === 0 ? '' : head.toString('latin1', at + 0x200, at + 0x280)
  return /^\d[\w.+~-]*(?=[\s\0])/.exec(text)?.[0]
}

/** The highest version: 6.1.0-9 is below 6.1.0-18. */
export function newestVersion(versions: readonly string[]): string | undefined {
  const key = (version: string): string => version.replaceAll(/\d+/g, (digits) => digits.padStart(12, '0'))
  return versions.toSorted((a, b) => compareNames(key(a), key(b))).at(-1)
}

/** The newest of the flavour of `like` (amd64, cloud-amd64, generic …), where there is one. */
export function newestLike(like: string, versions: readonly string[]): string | undefined {
  const flavour = (version: string): string => version.split('-').filter((word) => !/^\d/.test(word)).join('-')
  return newestVersion(versions.filter((version) => flavour(version) === flavour(like))) ?? newestVersion(versions)
}

export interface BootedKernel {
  readonly path: string
  /** Those that entries load with it. */
  readonly initrds: readonly string[]
  /** Another entry of the menu boots other images with it than those that were packed, or another kernel with its initrd. */
  readonly shared: boolean
}

/** The kernels that boot what is packed, by the menu of the medium as it will be. */
export function bootedKernels(medium: Medium, edit: MediumEdit): readonly BootedKernel[] {
  const after = edited(medium, edit.image, edit.removed, edit.texts)
  const wanted = edit.chain.join('\n')
  const entries = parseBootEntries(after.texts).filter(isLive).map(({ kernel, initrd, cmdline }) => ({
    kernel: onMedium(medium, kernel), initrd: initrd === undefined ? undefined : onMedium(medium, initrd), isPacked: stackOf(after, cmdline).names === wanted,
  }))
  // What no entry says is booted with the kernel of one of them, and a line typed by hand.
  const own = entries.some(({ isPacked }) => isPacked) ? entries.filter(({ isPacked }) => isPacked) : entries
  const paths = [...new Set(own.flatMap(({ kernel }) => kernel ?? []))]
  return paths.map((path) => {
    const users = entries.filter(({ kernel }) => kernel === path)
    const initrds = [...new Set(users.flatMap(({ initrd }) => initrd ?? []))]
    const lends = entries.some(({ kernel, initrd }) => kernel !== undefined && kernel !== path && initrd !== undefined && initrds.includes(initrd))
    return { path, initrds, shared: lends || users.some(({ isPacked }) => !isPacked) }
  })
}

function onMedium(medium: Medium, said: string): string | undefined {
  const path = tidyPath(`/${said}`)
  return findFile(medium, path)?.kind === 'file' ? path : undefined
}
