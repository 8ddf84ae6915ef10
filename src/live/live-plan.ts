/**
 * What a live system would stack from a medium, in which order, and what is odd about it: a pure function of
 * the medium and the kernel command line. Which system it is, is found here; what each stacks stands in its own file.
 */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { parseBootEntries } from './boot-entries.ts'
import type { BootEntry } from './boot-entries.ts'
import { planCasper } from './casper.ts'
import { valueOf } from './cmdline.ts'
import { isChain } from './dotted.ts'
import { planLiveBoot } from './live-boot.ts'
import { filesIn, isNamedLikeImage } from './medium.ts'
import type { Medium } from './medium.ts'
import { planPlain } from './plain.ts'
import { liveDirectory, shelfOf } from './shelf.ts'

export type { BootEntry } from './boot-entries.ts'

export type LiveSystem = 'casper' | 'live-boot' | 'plain'

export interface LiveLayer {
  /** As the live system calls it: the file name. */
  readonly name: string
  /** Inside the medium; the file itself for bare images. */
  readonly path: string
  readonly size: number
  readonly role: 'base' | 'layer' | 'language' | 'live' | 'module'
  /** An image, or a directory that is stacked as it is. */
  readonly kind: 'file' | 'directory'
}

export type LiveCow =
  | { readonly kind: 'tmpfs'; readonly size?: string }
  | {
      readonly kind: 'persistent'
      /** Labels, partition names or file names it looks for, the first that is found. */
      readonly labels: readonly string[]
      /** Volume for /home alone. */
      readonly home?: string
      /** Directory on the volume in which it looks for a file of that name. */
      readonly path?: string
      /** live-boot: what may hold it, and the tmpfs below it. */
      readonly storage?: readonly string[]
      readonly encryption?: readonly string[]
      readonly size?: string
      readonly readOnly?: true
    }

/** What one system's rules say. */
export interface LiveStack {
  readonly system: LiveSystem
  /** Topmost first. */
  readonly layers: readonly LiveLayer[]
  /** As it mounts the overlay; upperdir, workdir and lowerdir aside. */
  readonly mountOptions: readonly string[]
  /** As it mounts each image. */
  readonly layerMountOptions: readonly string[]
  /** The mount source it uses. */
  readonly source: string
  readonly cow: LiveCow
  /** Whether it copies the medium, or the one image named, to memory first. */
  readonly toram: boolean | string
  readonly findings: readonly Finding[]
}

export interface LivePlan extends LiveStack {
  readonly medium: { readonly source: string; readonly kind: Medium['kind']; readonly volumeId?: string; /** .disk/info */ readonly info?: string }
  /** The kernel command line that was answered for. */
  readonly cmdline: string
  readonly entries: readonly BootEntry[]
}

export interface LivePlanOptions {
  /** In place of that of the default boot entry. */
  readonly cmdline?: string
}

/**
 * The stack of a live system.
 * @throws OvlError live-not-found, telling what the medium holds instead
 */
export function planLive(medium: Medium, options: LivePlanOptions = {}): LivePlan {
  const entries = parseBootEntries(medium.texts)
  const entry = entryToBoot(entries)
  const cmdline = options.cmdline ?? entry?.cmdline ?? ''
  const stack = PLANNERS[systemOf(medium, cmdline, entry)](medium, cmdline)
  if (stack.layers.length === 0 && stack.findings.length === 0) throw notFound(medium, cmdline)
  const info = medium.texts['/.disk/info']?.trim()
  const { source, kind, volumeId } = medium
  return {
    ...stack,
    medium: { source, kind, ...(volumeId === undefined ? {} : { volumeId }), ...(info === undefined || info === '' ? {} : { info }) },
    cmdline,
    entries,
    findings: [...stack.findings, ...damaged(medium, stack)],
  }
}

const PLANNERS: Readonly<Record<LiveSystem, (medium: Medium, cmdline: string) => LiveStack>> = { casper: planCasper, 'live-boot': planLiveBoot, plain: planPlain }

/** The default entry, unless it boots something else, an installer or a memory test, and another boots the live system. */
function entryToBoot(entries: readonly BootEntry[]): BootEntry | undefined {
  const chosen = entries.find(({ isDefault }) => isDefault) ?? entries[0]
  return chosen !== undefined && isLive(chosen) ? chosen : (entries.find(isLive) ?? chosen)
}

/** Whether an entry of a boot menu boots a live system, and not an installer or a memory test. */
export function isLive({ kernel, cmdline }: BootEntry): boolean {
  return /^\/?(?:casper|live|LiveOS|arch)\//.test(kernel) || ['casper', 'live'].includes(valueOf(cmdline, 'boot') ?? '') || (valueOf(cmdline, 'root') ?? '').startsWith('live:')
}

/** By `boot=`, as the initramfs chooses its script; where that is not said, by the directory with images in it. */
function systemOf(medium: Medium, cmdline: string, entry: BootEntry | undefined): LiveSystem {
  const boot = valueOf(cmdline, 'boot')
  if (boot === 'casper') return 'casper'
  if (boot === 'live') return 'live-boot'
  if (valueOf(cmdline, 'layerfs-path') !== undefined) return 'casper'
  if (valueOf(cmdline, 'module') !== undefined) return 'live-boot'
  if (medium.kind === 'images') return isChain(medium.files.map(({ path }) => baseName(path))) ? 'casper' : 'plain'
  const candidates = (['casper', 'live-boot'] as const).filter((system) => shelfOf(medium, liveDirectory(system, cmdline)).some(({ name }) => isNamedLikeImage(name) || name.endsWith('.dir') || name.endsWith('.module')))
  // A path that leads nowhere is that system's to miss, and makes no other of it.
  if (candidates.length === 0 && valueOf(cmdline, 'live-media-path') !== undefined) return systemOf(medium, '', entry)
  if (candidates.length < 2) return candidates[0] ?? 'plain'
  return entry !== undefined && /^\/?live\//.test(entry.kernel) ? 'live-boot' : 'casper'
}

/** Images of the stack that cannot be mounted. */
function damaged(medium: Medium, { layers }: LiveStack): Finding[] {
  return layers.flatMap(({ path }) => {
    const file = medium.files.find((one) => one.path === path)
    if (file?.cutShort === true) {
      return [finding('image-unreadable', { title: `the image '${path}' is cut short: it ends before its file system does`, evidence: [{ fact: `${file.size} bytes`, source: 'stat' }], fix: [{ text: 'Compare the size and checksum of the medium with where it came from, and fetch it again.', ...(medium.kind === 'iso' ? { command: `sha256sum ${quoteShell(medium.source)}` } : {}) }] })]
    }
    return file?.image === 'unknown' ? [finding('image-unreadable', { title: `'${path}' holds no file system that is known`, evidence: [{ fact: `${file.size} bytes`, source: 'stat' }] })] : []
  })
}

function notFound(medium: Medium, cmdline: string): OvlError {
  const top = filesIn(medium, '/').map(({ path, kind }) => `${path.slice(1)}${kind === 'directory' ? '/' : ''}`).toSorted(compareNames)
  const seen = top.length === 0 ? 'It is empty.' : `At its top there are ${top.slice(0, 12).join(', ')}${top.length > 12 ? ` and ${top.length - 12} more` : ''}.`
  const said = valueOf(cmdline, 'live-media-path')
  const looked = said === undefined ? "in '/casper' and '/live'" : `in '/${said.replace(/^\//, '')}' (live-media-path)`
  const title = `there is no live system on '${medium.source}': no image lies ${looked}, nor anywhere else a squashfs`
  const fix = [{ text: 'Name the ISO image, or the top directory of the medium.' }, { text: 'A single image is an ordinary layer: ovl mount -l IMAGE --tmpfs TARGET.' }]
  const evidence = [{ fact: seen, source: 'file' as const }, ...(medium.incomplete === true ? [{ fact: 'There is so much that not all of it was looked at.', source: 'file' as const }] : [])]
  return new OvlError('live-not-found', title, { hint: seen, findings: [finding('live-not-found', { title, evidence, fix })] })
}
