/** `ovl live mount`: read the medium → plan as its live system would → look where changes shall go → plan the mount → execute → read back. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { FindingCode } from '../errors/codes.ts'
import type { Finding } from '../errors/finding.ts'
import { holdDirectory, locateBelow } from '../host/beneath.ts'
import { viewDisk, whileDetached } from '../host/disk.ts'
import { execute } from '../host/execute.ts'
import { lstatName, statName } from '../host/files.ts'
import { readImageType } from '../host/image.ts'
import { markKernelLog } from '../host/kmsg.ts'
import type { KernelLogMark } from '../host/kmsg.ts'
import { readMedium } from '../host/medium.ts'
import { homeOf } from '../host/receipts.ts'
import { memory } from '../host/system.ts'
import { keepInMemory, keepOnDisk, unionsInside } from '../live/keep.ts'
import type { Keeping } from '../live/keep.ts'
import { planLive } from '../live/live-plan.ts'
import type { LivePlan } from '../live/live-plan.ts'
import { bytesOfSize, memoryFindings, planToram } from '../live/room.ts'
import { sourcesOf } from '../live/sources.ts'
import { pathPrefixes } from '../names/path.ts'
import { refuseFaults } from '../overlay/fault.ts'
import { parseMountOptions } from '../overlay/mount-options.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { planLiveMount } from '../plan/plan-live.ts'
import type { LiveRequest, LiveSource } from '../plan/plan-live.ts'
import type { Form, Plan, Via } from '../plan/step.ts'
import { readLive } from './live.ts'
import type { LiveMount } from './live.ts'
import { checked, explained } from './mount.ts'
import { requireTarget } from './preflight.ts'
import { unmount } from './unmount.ts'

export interface LiveMountOptions {
  /** Another kernel command line than that of the default boot entry. */
  readonly cmdline?: string
  /** Where changes are kept: a directory, an image, a block device, or LABEL=NAME. Absent: on a tmpfs. */
  readonly persist?: string
  /** Of the tmpfs, as tmpfs takes it; with `persist`, of the image that is to be made. */
  readonly size?: string
  /** Copy the layers to memory first, as is done when the boot line says `toram`; the medium is not needed any more then. */
  readonly toram?: boolean
  /** Make the target. */
  readonly mkdir?: boolean
  readonly signal?: AbortSignal
  /** Hears how far copying has come, in bytes. */
  readonly progress?: (what: string, done: number, total: number) => void
}

export interface LiveMounted extends LiveMount, AsyncDisposable {
  readonly readOnly: boolean
  readonly via: Exclude<Via, 'auto'>
  readonly form: Form
  readonly warnings: readonly Finding[]
  /** Takes down all of it. */
  unmount(): Promise<void>
}

/**
 * Mounts the live system of a medium, writable.
 * @param source an ISO file or drive, a directory with the medium, or one or several images
 * @throws OvlError `live-not-found`, `live-layer-missing`, `image-unreadable`, `persistence-unusable` …; nothing stays mounted
 */
export async function mountLive(source: string | readonly string[], target: string, options: LiveMountOptions = {}): Promise<LiveMounted> {
  const log = markKernelLog()
  let spec: OverlaySpec | undefined
  try {
    const { request, plan, warnings } = await prepare(source, target, options)
    spec = saidSpec(request)
    const { taken, undo } = await execute(plan, { signal: options.signal, ...(options.progress === undefined ? {} : { progress: options.progress }) })
    const { result: { readOnly, via, form, warnings: seen } } = await checked({ spec: { ...spec, target: request.target } }, plan, taken, undo, { log, strict: false, seen: new Map() })
    const down = async (): Promise<void> => {
      await unmount(request.target)
    }
    return { ...readLive(request.target), readOnly, via, form, warnings: [...warnings, ...seen], unmount: down, [Symbol.asyncDispose]: down }
  } catch (error) {
    throw await named(error, spec, log)
  } finally {
    log.close()
  }
}

/** The plan that {@link mountLive} would execute. Looks at the medium and at the disk, changes nothing. */
export async function planOfLiveMount(source: string | readonly string[], target: string, options: LiveMountOptions = {}): Promise<Plan> {
  try {
    return (await prepare(source, target, options)).plan
  } catch (error) {
    throw await named(error, undefined, undefined)
  }
}

const SEVERITIES = ['error', 'warning', 'note']
const worstFirst = (a: Finding, b: Finding): number => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)

interface Prepared {
  readonly request: LiveRequest
  readonly plan: Plan
  readonly warnings: readonly Finding[]
}

async function prepare(source: string | readonly string[], target: string, options: LiveMountOptions): Promise<Prepared> {
  const { cmdline, signal } = options
  const at = requireTarget(target, options.mkdir === true)
  const medium = await readMedium(source, signal === undefined ? {} : { signal })
  const live = planLive(medium, cmdline === undefined ? {} : { cmdline })
  const { layers: found, findings } = sourcesOf(medium, live.layers)
  refuseFaults([...findings, ...live.findings].toSorted(worstFirst))
  const layers = found.map((layer) => typed(medium.kind === 'directory' ? insideOf(medium.source, layer) : layer))
  const keeping = await keepingOf(live, layers, options)
  refuseFaults(keeping.findings.toSorted(worstFirst))
  const free = memory()
  const { bytes, findings: stays } = planToram(live, options.toram === true, free)
  const room = [...stays, ...memoryFindings({ toram: bytes, upper: keeping.upper, memory: free })]
  refuseFaults(room)
  const { options: words, flags, unknown } = parseMountOptions(live.mountOptions.join(','))
  const request: LiveRequest = {
    target: at,
    medium: { source: medium.source, medium: medium.kind, system: live.system, cmdline: live.cmdline },
    layers: keeping.order === undefined ? layers : keeping.order.map((index) => layers[index] as LiveSource),
    layerFlags: parseMountOptions(live.layerMountOptions.join(',')).flags,
    overlay: { source: live.source, options: words, flags, unknown },
    upper: keeping.upper,
    ...(bytes === undefined ? {} : { toram: bytes }),
  }
  const home = homeOf(at)
  const missing = new Set(pathPrefixes(at).filter((prefix) => statName(prefix) === 'ENOENT'))
  // What is merely worth a note of the medium is for `live plan` to tell.
  const warnings = [...live.findings.filter(({ severity }) => severity === 'warning'), ...keeping.findings, ...room]
  return { request, plan: planLiveMount(request, home, missing), warnings }
}

async function keepingOf(live: LivePlan, layers: readonly LiveSource[], { persist, size }: LiveMountOptions): Promise<Keeping> {
  const bytes = persist === undefined || size === undefined ? undefined : bytesOfSize(size)
  if (size !== undefined && (persist === undefined ? !/^\d+[kmgt%]?$/i.test(size) : bytes === undefined)) throw new OvlError('usage', `'${size}' is no size`, { hint: `Say a number of bytes, or with k, m, g: 4g${persist === undefined ? '; or a part of the memory: 50%' : ''}.` })
  if (persist === undefined) return keepInMemory(live, size)
  const disk = await viewDisk(persist)
  const unions = live.system !== 'live-boot' || disk.conf === undefined ? [] : unionsInside(disk.conf)
  const have = new Set(unions.length === 0 ? [] : layers.flatMap((layer, index) => unions.filter((path) => holds(layer, path)).map((path) => `${index}:${path}`)))
  return keepOnDisk(live, disk, bytes, (layer, path) => have.has(`${layer}:${path}`))
}

function holds({ file, type, slices }: LiveSource, path: string): boolean {
  // Not behind a symlink, which would lead out of the layer.
  const isDirectory = (root: string): boolean => pathPrefixes(path).slice(1).every((prefix) => {
    const found = lstatName(`${root}${prefix}`)
    return typeof found === 'object' && found.kind === 'directory'
  })
  return type === undefined ? isDirectory(file) : whileDetached(file, type, { slice: slices?.[0] }, isDirectory)
}

/** The error with its cause: of the overlay itself as for any mount, of all else by what failed. */
async function named(error: unknown, spec: OverlaySpec | undefined, log: KernelLogMark | undefined): Promise<OvlError> {
  if (!isOvlError(error)) return explained(error, EMPTY_SPEC, undefined)
  const { code, errno = '', details: { step = 'look' } } = error
  if (spec !== undefined && OF_THE_OVERLAY.has(step)) return explained(error, spec, log)
  // No loop device is to be had in a user namespace.
  const known = code === 'not-permitted' && step === 'attach-image' ? error.with({ hint: WITHOUT_ROOT }) : code === 'unknown' ? error.with({ code: BY_ERRNO[errno] ?? code }) : error
  return known.findings.length > 0 ? known : known.with({ findings: [finding(known.code, { title: known.message, fix: known.details.hint === undefined ? [] : [{ text: known.details.hint }] })] })
}

/** Steps whose failure is told by the directories of the overlay. */
const OF_THE_OVERLAY: ReadonlySet<string> = new Set(['make-dir', 'write-receipt', 'mount-overlay', 'verify'])
const WITHOUT_ROOT = 'Run it as root: images need loop devices, which no user namespace has. Without root, unpack them (xorriso -osirrox on -indev ISO -extract / medium; unsquashfs -d DIR IMAGE), or show them with squashfuse, and mount the directories: ovl mount -l DIR --tmpfs TARGET.'
const BY_ERRNO: Readonly<Record<string, FindingCode>> = { EACCES: 'path-unreadable', EPERM: 'not-permitted', ENOSPC: 'no-space', EDQUOT: 'no-space', EROFS: 'upper-read-only' }

/** An image whose type nobody told. */
/**
 * The layer of a medium that is a directory, by the path that it truly has: a symlink of the medium leads to what lies on
 * the medium.
 * @throws OvlError unsafe-path, when it leads to nothing there
 */
function insideOf(source: string, layer: LiveSource): LiveSource {
  using medium = holdDirectory(source)
  try {
    const { path, kind, identity } = locateBelow(medium, layer.path)
    return { ...layer, file: path, ...(kind === 'file' ? { identity } : {}) }
  } catch (error) {
    if (!isOvlError(error) || error.errno === undefined) throw error
    throw new OvlError('unsafe-path', `'${layer.path}' of '${source}' leads to nothing on the medium`, { errno: error.errno, cause: error, hint: 'A symlink of a medium is followed as the live system would follow it. Put the image itself in its place.' })
  }
}

function typed(layer: LiveSource): LiveSource {
  const found = layer.type === undefined ? statName(layer.file) : undefined
  if (found === undefined || (typeof found === 'object' && found.kind === 'directory')) return layer
  const type = readImageType(layer.file)
  if (type === undefined) throw new OvlError('image-unreadable', `'${layer.file}' holds no file system that is known`)
  return { ...layer, type }
}

/** The target must be there before five loop devices are set up for it. */
/** The mount in words that can be looked at when it failed, with each file once. */
function saidSpec({ target, layers, upper, overlay }: LiveRequest): OverlaySpec {
  const lower = [...new Set(layers.map(({ file }) => file))].map((path) => ({ path }))
  const kept = upper.on === 'disk' && upper.disk.what === 'directory' ? { upper: `${upper.disk.path}/${upper.upper}`, work: `${upper.disk.path}/${upper.work}` } : { tmpfs: {} }
  return { ...EMPTY_SPEC, ...overlay, target, lower, mkdir: true, ...kept }
}
