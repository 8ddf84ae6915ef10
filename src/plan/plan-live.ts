/**
 * (a live system as it was read, where its changes shall go) → the steps that mount it: the layers of the medium
 * read-only in ovl's own directory, upper and work on a tmpfs or a disk, the overlay last. What else a disk keeps of
 * it, in places of their own inside the tree, comes before the tree is shown.
 */

import { paramsOf } from '../overlay/params.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { MountFlag, OverlaySpec } from '../overlay/spec.ts'
import { baseName, parentPath, pathPrefixes } from '../names/path.ts'
import { makeOwnDir, receiptPath } from './plan-mount.ts'
import type { Home } from './plan-mount.ts'
import type { ImageType, LiveRecord, Plan, Receipt, Slice, Step } from './step.ts'

export interface LiveRequest {
  /** Absolute, as the mount table will show it. */
  readonly target: string
  readonly medium: Omit<LiveRecord, 'layers' | 'persist'>
  /** Topmost first. */
  readonly layers: readonly LiveSource[]
  readonly layerFlags: readonly MountFlag[]
  /** The overlay as the live system mounts it, without layers. */
  readonly overlay: Pick<OverlaySpec, 'source' | 'options' | 'flags' | 'unknown'>
  readonly upper: LiveUpper
  /** Copy the layers to a tmpfs of so many bytes first. */
  readonly toram?: number
}

/** One layer, where it is now. */
export interface LiveSource {
  readonly name: string
  /** On the medium. */
  readonly path: string
  /** A directory, or the file that holds the image: itself, or the ISO and where in it. */
  readonly file: string
  readonly type?: ImageType
  readonly slices?: readonly Slice[]
  /** Device and inode of the file, where the medium is a directory that somebody else may change. */
  readonly identity?: string
}

/** Where changes go. `upper` and `work` are relative to the root of it. */
export type LiveUpper = { readonly upper: string; readonly work: string; readonly places?: readonly LivePlace[] } & (
  | { readonly on: 'tmpfs'; readonly size?: string; /** A disk for {@link LivePlace}s alone. */ readonly disk?: LiveDisk }
  | { readonly on: 'disk'; readonly disk: LiveDisk }
)

export interface LiveDisk {
  readonly what: 'directory' | 'image' | 'device'
  readonly path: string
  readonly type?: ImageType
  /** Device and inode, as it was looked at. */
  readonly identity?: string
  /** Make the image first. */
  readonly make?: Omit<Extract<Step, { do: 'make-disk' }>, 'do' | 'path'>
}

/** A part of the tree that the disk keeps in a directory of its own: absolute in the tree, relative on the disk. */
export interface LivePlace {
  readonly at: string
  readonly source: string
  readonly how: 'bind' | 'union' | 'link'
  /** Of a link: where in the tree the directory on the disk is shown, for its symlinks to lead to. */
  readonly shown?: string
  /** The layers that have the directory, topmost first, by index: what a union is laid over. */
  readonly over: readonly number[]
}

/** `missing`: those absolute paths, among the target and its parents, and upper and work on a directory, that do not exist. */
export function planLiveMount(request: LiveRequest, home: Home, missing: ReadonlySet<string>): Plan {
  const directory = `${home.stateDirectory}/${home.id}`
  const parts: Part[] = []
  const sources = request.toram === undefined ? request.layers : copied(request.layers, request.toram, directory, parts)
  const lower = sources.map((source, index) => placeLayer(source, placeName(sources, index), directory, request.layerFlags, parts))
  const { paths, disk, dirs } = placeUpper(request.upper, directory, parts)
  const places = request.upper.places ?? []
  const staging = places.length === 0 ? undefined : `${directory}/tree`
  const params = paramsOf({ ...EMPTY_SPEC, ...request.overlay, lower: lower.map((path) => ({ path })), ...paths })
  const receipt = receiptPath(directory)
  const { disk: said } = request.upper
  const held = said?.what === 'directory' ? [said.path] : []
  const overlay: Step = { do: 'mount-overlay', target: staging ?? request.target, source: request.overlay.source, params, flags: request.overlay.flags, ways: ['auto'], below: held, receipt, ...(staging === undefined ? {} : { staged: true as const, propagation: 'private' as const }) }
  if (staging !== undefined) parts.push({ at: staging, what: 'overlay', source: 'overlay', steps: [overlay] })
  const stands = places.map(({ at, shown = at }) => shown)
  const inside = stands.map((at) => `${request.target}${at}`)
  for (const place of places) parts.push(placeInside(place, staging ?? '', disk ?? '', held, lower, request))
  const madeDirs = pathPrefixes(request.target).filter((prefix) => missing.has(prefix))
  const { stateDirectory, id: _, ...who } = home
  const live: LiveRecord = {
    ...request.medium,
    layers: request.layers.map(({ name, path }, index) => ({ name, path, at: lower[index] as string })),
    ...(said === undefined || disk === undefined ? {} : { persist: { what: said.what, source: said.path, at: disk } }),
  }
  const known: Receipt = {
    version: 1, state: 'making', ...who, target: request.target, directory, madeDirs, layers: { lower, data: [], ...paths }, live,
    parts: parts.map(({ at, what, source }) => ({ at, what, source })),
    ...(inside.length === 0 ? {} : { inside }),
  }
  return {
    steps: [
      ...held.map((path): Step => ({ do: 'hold-dir', path, ...(said?.identity === undefined ? {} : { identity: said.identity }) })),
      makeOwnDir(stateDirectory),
      { do: 'write-receipt', path: receipt, receipt: known },
      ...madeDirs.map((path) => makeDir(path)),
      makeOwnDir(directory),
      ...parts.filter(({ what }) => what !== 'overlay' && what !== 'bind').flatMap(({ at, steps }) => [makeDir(at), ...steps]),
      ...dirs,
      ...(staging === undefined ? [overlay] : [makeDir(staging), ...parts.filter(({ what }) => what === 'overlay' || what === 'bind').flatMap(({ steps }) => steps), { do: 'attach-tree' as const, from: staging, at: request.target, inside: stands, receipt }]),
    ],
  }
}

interface Part {
  readonly at: string
  readonly what: Receipt['parts'][number]['what']
  readonly source: string
  readonly steps: readonly Step[]
}

/** The layers as files on a tmpfs. A directory stays where it is: it cannot be copied as one file. */
function copied(layers: readonly LiveSource[], bytes: number, directory: string, parts: Part[]): LiveSource[] {
  const at = `${directory}/toram`
  const steps: Step[] = [{ do: 'mount-tmpfs', at, size: String(bytes), flags: ['noatime'] }]
  const placed = layers.map((layer, index): LiveSource => {
    if (layer.type === undefined) return layer
    const to = `${at}/${placeName(layers, index)}`
    steps.push({ do: 'copy-image', image: layer.file, ...(layer.slices === undefined ? {} : { slices: layer.slices }), ...(layer.identity === undefined ? {} : { identity: layer.identity }), to })
    const { slices: _, identity: __, ...rest } = layer
    return { ...rest, file: to }
  })
  parts.push({ at, what: 'tmpfs', source: 'tmpfs', steps })
  return placed
}

/** As the live system calls the directory: like the image. */
function placeName(layers: readonly LiveSource[], index: number): string {
  const name = baseName((layers[index] as LiveSource).path)
  return layers.findIndex(({ path }) => baseName(path) === name) === index && !RESERVED.has(name) ? name : `${index}-${name}`
}

const RESERVED: ReadonlySet<string> = new Set(['toram', 'rw', 'tree', 'disk', '.', '..', ''])

function placeLayer({ path, file, type, slices, identity }: LiveSource, name: string, directory: string, flags: readonly MountFlag[], parts: Part[]): string {
  if (type === undefined) return file
  const at = `${directory}/${name}`
  parts.push({ at, what: 'image', source: file, steps: [{ do: 'attach-image', image: file, type, at, ...(slices === undefined ? {} : { slices, name: path }), ...(identity === undefined ? {} : { identity }), flags: flags.filter((flag) => flag !== 'ro') }] })
  return at
}

interface Placed {
  readonly paths: { readonly upper: string; readonly work: string }
  /** Root of the disk. */
  readonly disk?: string
  readonly dirs: readonly Step[]
}

function placeUpper(upper: LiveUpper, directory: string, parts: Part[]): Placed {
  const wanted = upper.on === 'disk' ? upper.disk : upper.disk
  const disk = wanted === undefined ? undefined : placeDisk(wanted, directory, parts)
  const root = upper.on === 'disk' ? (disk as string) : `${directory}/rw`
  if (upper.on === 'tmpfs') parts.push({ at: root, what: 'tmpfs', source: 'tmpfs', steps: [{ do: 'mount-tmpfs', at: root, ...(upper.size === undefined ? {} : { size: upper.size }), flags: ['noatime'] }] })
  const paths = { upper: `${root}/${upper.upper}`, work: `${root}/${upper.work}` }
  return { paths, ...(disk === undefined ? {} : { disk }), dirs: [...dirsBelow(paths.upper, root), ...workDirs(paths.work, root)] }
}

function placeDisk({ what, path, type, make, identity }: LiveDisk, directory: string, parts: Part[]): string {
  if (what === 'directory' || type === undefined) return path
  const at = `${directory}/disk`
  parts.push({ at, what: 'disk', source: path, steps: [...(make === undefined ? [] : [{ do: 'make-disk' as const, path, ...make }]), { do: 'mount-disk', disk: path, type, at, flags: ['noatime'], ...(identity === undefined ? {} : { identity }) }] })
  return at
}

/** `how` of a place: a bind of the directory on the disk, made from that of the tree the first time; an overlay of its own; or symlinks into it. */
function placeInside({ at, source, how, over, shown }: LivePlace, tree: string, disk: string, held: readonly string[], lower: readonly string[], { overlay }: LiveRequest): Part {
  const from = source === '.' ? disk : `${disk}/${source}`
  const place = `${tree}${at}`
  const dirs = dirsBelow(place, tree).map((step): Step => (step.do === 'make-dir' && step.path.startsWith(`${tree}/home/`) ? { ...step, owner: FIRST_USER } : step))
  if (how === 'bind') return { at: place, what: 'bind', source: from, steps: [...dirs, ...dirsBelow(parentPath(from), disk), { do: 'copy-tree', from: place, tree, to: from, within: disk }, { do: 'bind', from, at: place, below: [tree, disk] }] }
  const kept = dirsBelow(from, disk).map((step): Step => (step.do === 'make-dir' && step.path === from ? { ...step, like: { path: place, within: tree } } : step))
  if (how === 'link') {
    const stand = `${tree}${shown ?? ''}`
    return { at: stand, what: 'bind', source: from, steps: [...dirs, ...kept, ...dirsBelow(stand, tree), { do: 'bind', from, at: stand, below: [tree, disk] }, { do: 'link-tree', from: stand, at: place, within: tree }] }
  }
  const paths = { upper: `${from}/rw`, work: `${from}/work` }
  const params = paramsOf({ ...EMPTY_SPEC, ...overlay, lower: over.map((index) => ({ path: `${lower[index] as string}${at}` })), ...paths })
  const steps: Step[] = [...dirs, ...kept, { do: 'make-dir', path: paths.upper, mode: 0o755, within: disk }, ...workDirs(paths.work, disk), { do: 'mount-overlay', target: place, source: overlay.source, params, flags: overlay.flags, ways: ['auto'], below: [tree, ...held], staged: true }]
  return { at: place, what: 'bind', source: from, steps }
}

/** live-boot gives it what it must make below /home. */
const FIRST_USER = 1000

/** `path` and the directories above it, below `root`. */
const pathBetween = (path: string, root: string): string[] => pathPrefixes(path).filter((prefix) => prefix.length > root.length && prefix.startsWith(root))
/** `path` and what is above it, in a tree that is not ours. */
const dirsBelow = (path: string, root: string): Step[] => pathBetween(path, root).map((dir) => ({ do: 'make-dir', path: dir, mode: 0o755, within: root }))
const makeDir = (path: string, mode = 0o755): Step => ({ do: 'make-dir', path, mode })
/** The kernel makes directories of its own in a work directory, and leaves them when the mount then fails. */
const workDirs = (work: string, root: string): Step[] => pathBetween(work, root).map((path) => ({ do: 'make-dir', path, mode: 0o755, within: root, ...(path === work ? { holds: ['work', 'index'] } : {}) }))
