/** `ovl live pack`: look at the mounted system and its medium → decide what becomes of it → write beside → look at what was written → rename. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { absoluteHere } from '../host/cwd.ts'
import { realName, statName } from '../host/files.ts'
import { readMedium } from '../host/medium.ts'
import { isHybrid } from '../host/pack-iso.ts'
import { writeBeside } from '../host/pack-output.ts'
import { foreignMounts } from '../host/pack-tree.ts'
import { readUpperMarks } from '../host/pack-upper.ts'
import { withUpper } from '../host/upper-tree.ts'
import { valueOf } from '../live/cmdline.ts'
import type { Medium } from '../live/medium.ts'
import { placeOf, planPack } from '../live/pack.ts'
import type { MediumEdit } from '../live/pack.ts'
import { baseName, isWithin, parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { readLive } from './live.ts'
import type { LiveMount } from './live.ts'
import { packCommands, packImage, packMedium, packTar } from './pack-kinds.ts'
import { bootOf } from './pack-boot.ts'
import { renewKernels } from './pack-kernel.ts'
import { explained, isLinked, leftOut, roomFindings, visitors } from './pack-findings.ts'
import type { PackJob } from './pack-kinds.ts'

export interface LivePackOptions {
  /** Only what changed, as one more layer. */
  readonly layer?: boolean
  readonly signal?: AbortSignal
  /** Hears what is being made, and how much of it is done, in percent. */
  readonly progress?: (what: string, percent: number) => void
}

export type PackKind = 'squashfs' | 'iso' | 'img' | 'tar'

export interface LivePacked {
  readonly target: string
  readonly out: string
  readonly kind: PackKind
  readonly bytes: number
  /** Path on the medium of what was packed as one more layer. */
  readonly layer?: string
  /** What the live system stacks then, topmost first. */
  readonly chain: readonly string[]
  /** What to do with it, as a sentence. */
  readonly next: string
  readonly warnings: readonly Finding[]
}

/** What {@link packLive} would do: in words, and as commands. */
export interface LivePackPlan extends Omit<LivePacked, 'bytes'> {
  readonly steps: readonly string[]
  readonly shell: readonly string[]
}

/**
 * Makes an image, a medium or an archive of the live system that is mounted at `target`.
 * @throws OvlError not-mounted, usage, metacopy-mismatch, live-stacks-everything, no-space, tool-missing, interrupted; what was at `out` is there still
 */
export async function packLive(target: string, out: string, options: LivePackOptions = {}): Promise<LivePacked> {
  const { job, result } = await prepare(target, out, options)
  const write = { squashfs: packImage, iso: packMedium, img: packMedium, tar: packTar }[job.kind]
  try {
    const more: Finding[] = []
    const bytes = await writeBeside(job.out, async (beside) => {
      more.push(...(await write(job, beside, options)))
    })
    return { ...result, bytes, warnings: [...result.warnings, ...more] }
  } catch (error) {
    throw explained(error, job)
  }
}

/** The same, without doing it. */
export async function planOfLivePack(target: string, out: string, options: LivePackOptions = {}): Promise<LivePackPlan> {
  const { job, result } = await prepare(target, out, options)
  return { ...result, ...(await packCommands(job)) }
}

interface Prepared {
  readonly job: PackJob
  readonly result: Omit<LivePacked, 'bytes'>
}

async function prepare(target: string, said: string, { layer = false, signal }: LivePackOptions): Promise<Prepared> {
  const live = readLive(target)
  const out = outPath(said, live)
  const kind = kindOf(out)
  if (layer && kind === 'tar') throw new OvlError('usage', 'a layer is an image, and no archive', { hint: 'ovl live pack TARGET OUT.squashfs --layer' })
  if (layer) await refuseBound(live, signal)
  const isMedium = kind === 'iso' || kind === 'img'
  const medium = isMedium ? await readMedium(live.source, signal === undefined ? {} : { signal }) : layer ? await mediumOf(live, signal) : undefined
  if (kind === 'img' && (medium?.kind !== 'iso' || !isHybrid(live.source))) throw new OvlError('usage', `'${live.source}' has no partition table: an image made of it would start from no USB stick`, { hint: `Make an ISO for a DVD or a virtual machine: ovl live pack ${quoteShell(live.target)} OUT.iso` })
  const edit = medium === undefined || (!isMedium && medium.kind === 'images') ? undefined : isMedium ? planPack(medium, live, layer) : editOf(medium, live)
  if (isMedium && medium?.kind === 'directory' && isWithin(out, realName(medium.source))) throw new OvlError('usage', `'${said}' lies inside the medium that it is made of`, { hint: 'Name a file outside of it.' })
  if (isMedium && medium !== undefined) bootOf(medium)
  const kernels = isMedium && medium !== undefined && edit !== undefined ? await renewKernels(live, medium, edit) : undefined
  const foreign = layer ? [] : foreignMounts(live.target, live.inside.filter((path) => !isLinked(live, path)))
  const job: PackJob = { live, out, kind, layer, foreign, ...(medium === undefined ? {} : { medium }), ...(edit === undefined ? {} : { edit }), ...(kernels === undefined ? {} : { kernels: kernels.put }) }
  const chain = isMedium && edit !== undefined ? edit.chain : kind === 'tar' ? [] : [baseName(out), ...(layer ? live.layers.map(({ name }) => name) : [])]
  const warnings = [...(kernels?.findings ?? []), ...leftOut(live, foreign), ...visitors(live), ...roomFindings(job)]
  return { job, result: { target: live.target, out, kind, ...(layer && edit !== undefined ? { layer: edit.image } : {}), chain, next: nextStep(job), warnings } }
}

const ENDINGS: readonly (readonly [ending: RegExp, kind: PackKind])[] = [[/\.(?:squashfs|sqfs|sfs)$/i, 'squashfs'], [/\.iso$/i, 'iso'], [/\.img$/i, 'img'], [/\.tar(?:\.(?:gz|zst|xz))?$/i, 'tar']]

function kindOf(out: string): PackKind {
  const kind = ENDINGS.find(([ending]) => ending.test(baseName(out)))?.[1]
  if (kind === undefined) throw new OvlError('usage', `'${baseName(out)}' does not say what to make`, { hint: 'Its name ends in .squashfs (an image), .iso (a medium), .img (a medium for a USB stick), or .tar, .tar.gz, .tar.zst, .tar.xz (a backup).' })
  return kind
}

/** Where the output goes, without symlinks; refused where it would destroy what it is made of. */
function outPath(said: string, live: LiveMount): string {
  if (said === '') throw new OvlError('usage', 'no output was said', { hint: 'ovl live pack TARGET OUT.squashfs' })
  const path = absoluteHere(said)
  const found = statName(path)
  if (typeof found === 'object' && found.kind !== 'file') throw new OvlError('usage', `'${said}' is a ${found.kind === 'block' || found.kind === 'char' ? 'device' : found.kind}: the output is a file`, found.kind === 'block' ? { hint: `Make an image first, then write it: dd if=OUT.img of=${quoteShell(path)} bs=4M conv=fsync` } : {})
  const parent = statName(parentPath(path))
  if (typeof parent === 'string' || parent.kind !== 'directory') throw new OvlError('usage', `the directory '${parentPath(path)}' is not there: '${said}' cannot be made`)
  const out = typeof found === 'object' ? realName(path) : `${realName(parentPath(path)).replace(/\/$/, '')}/${baseName(path)}`
  const inside = [live.target, live.directory, live.upper, live.work].find((directory) => isWithin(out, directory))
  if (inside !== undefined) throw new OvlError('usage', `'${said}' lies inside what is packed`, { hint: 'Name a file outside of it.' })
  const parts = [live.source, ...live.layers.map(({ path: own }) => (live.medium === 'directory' ? `${live.source}${own}` : own)), ...(live.persist === undefined ? [] : [live.persist.source])]
  const own = typeof found === 'object' ? parts.find((part) => isSame(part, found)) : undefined
  if (own !== undefined) throw new OvlError('usage', `'${said}' is what '${live.target}' is mounted from: it cannot be replaced while it is`, { hint: 'Name another file; after ovl live umount it can take the place of this one.' })
  return out
}

function isSame(path: string, { dev, ino }: { readonly dev: bigint; readonly ino: bigint }): boolean {
  const other = statName(path)
  return typeof other === 'object' && other.dev === dev && other.ino === ino
}

/** An upper that is no layer by itself. */
async function refuseBound(live: LiveMount, signal: AbortSignal | undefined): Promise<void> {
  const { upper, target, system, inside } = live
  const command = `ovl live pack ${quoteShell(target)} OUT.squashfs`
  const whole = { text: 'Pack the whole tree, which holds all of it:', command }
  const places = inside.filter((path) => path !== target)
  if (places.length > 0) throw new OvlError('usage', `changes of ${places.map((path) => `'${path}'`).join(', ')} lie elsewhere: no single layer holds all changes`, { hint: `Pack the whole tree, which holds all of it: ${command}` })
  const { metacopy, redirect } = await withUpper(live, (path) => readUpperMarks(path, signal))
  const [path] = [...metacopy, ...(system === 'live-boot' ? [] : redirect)]
  if (path === undefined) return
  const title = metacopy.length > 0 ? `'${path}' holds no content in the upper, only its attributes (metacopy)` : `'${path}' was renamed, and the upper only says from where (redirect_dir)`
  throw new OvlError('metacopy-mismatch', `the changes are no layer by themselves: ${title}`, { findings: [finding('metacopy-mismatch', { title, explanation: `As a lower layer it is only followed by an overlay that is mounted with ${metacopy.length > 0 ? 'metacopy=on' : 'redirect_dir=follow or on'}, which ${system === 'live-boot' ? 'live-boot' : 'the live system'} does not say.`, evidence: [{ fact: `trusted.overlay.${metacopy.length > 0 ? 'metacopy' : 'redirect'} on '${upper}${path}'`, source: 'file' }], fix: [whole] })] })
}

/** For a layer by itself the medium is of interest only where there is one. */
async function mediumOf({ source }: LiveMount, signal: AbortSignal | undefined): Promise<Medium | undefined> {
  try {
    return await readMedium(source, signal === undefined ? {} : { signal })
  } catch (error) {
    if (isOvlError(error) && error.code === 'interrupted') throw error
    return undefined
  }
}

function editOf(medium: Medium, live: LiveMount): MediumEdit | undefined {
  try {
    return planPack(medium, live, true)
  } catch {
    return undefined
  }
}

function nextStep({ kind, out, layer, edit, live }: PackJob): string {
  const file = quoteShell(out)
  if (kind === 'tar') return `Unpack it as root: tar --extract ${out.includes(':') ? '--force-local ' : ''}--file ${file} --xattrs --xattrs-include='*' --acls --numeric-owner --directory DIR`
  if (kind === 'squashfs') return layer && edit !== undefined ? placeOf(edit, out) : layer ? 'Put it on top of the other images.' : `Look into it: ovl mount -l ${file} --tmpfs --mkdir DIR`
  const line = edit?.cmdline === undefined ? '' : ` Boot it with the line it was mounted for: ${valueOf(edit.cmdline, 'layerfs-path') === undefined ? live.cmdline : edit.cmdline}`
  return `${kind === 'iso' ? `Look at it: ovl live plan ${file}` : `Write it to a stick: dd if=${file} of=/dev/sdX bs=4M conv=fsync`}${line}`
}
