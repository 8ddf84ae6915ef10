/**
 * A line of the mount table → OverlayMount. Composed here: splitting the options (super-options.ts),
 * reading the layers (layer-names.ts), finding their true paths (resolve.ts), naming the maker
 * (maker.ts). No file system is asked; where the table admits two readings of a name both are given,
 * and whoever may look says which of them exists.
 */

import type { LayerRole } from '../overlay/params.ts'
import type { Receipt } from '../plan/step.ts'
import { FUSE_OVERLAYFS } from './fuse-overlayfs.ts'
import type { FuseCommand } from './fuse-overlayfs.ts'
import { LAYER_KEYS, layerNames } from './layer-names.ts'
import type { Reading } from './layer-names.ts'
import { identifyMaker } from './maker.ts'
import type { Mount } from './mountinfo.ts'
import type { OverlayMount } from './overlay-mount.ts'
import { readPlainLine } from './plain-line.ts'
import { findReceipt, isSameMount, resolveLayers } from './resolve.ts'
import type { ResolvedLayer } from './resolve.ts'
import { splitSuperOptions } from './super-options.ts'
import type { SuperOption } from './super-options.ts'
import { layersOf } from './users.ts'

/** What is known besides the mount table. */
export interface Knowledge {
  readonly receipts?: readonly Receipt[]
  /** Command lines of running fuse-overlayfs daemons. */
  readonly daemons?: readonly FuseCommand[]
  /** Whether a path exists; settles the names of which the table admits two readings. */
  readonly exists?: (path: string) => boolean
  /** The lowers that an image store has on record for the layer `upper`: for mounts that name them by bare descriptors. */
  readonly lowersOnRecord?: (upper: string) => readonly string[] | undefined
}

/** True for the mounts that {@link decodeOverlay} takes. */
export function isOverlay(mount: Mount): boolean {
  return mount.fsType === 'overlay' || mount.fsType === FUSE_OVERLAYFS
}

/** All overlays of a table, in its order. */
export function decodeOverlays(mounts: readonly Mount[], knowledge: Knowledge = {}): OverlayMount[] {
  const overlays = mounts.filter(isOverlay).map((mount) => decodeOverlay(mount, knowledge))
  if (!overlays.some(({ unresolved }) => unresolved === true)) return overlays
  const known = new Map(overlays.filter(({ unresolved }) => unresolved !== true).map((overlay) => [overlay.device, overlay]))
  return overlays.map((overlay) => (overlay.unresolved === true ? withLayersOf(overlay, known.get(overlay.device)) : overlay))
}

/** One overlay mount, as far as the table and `knowledge` tell. */
export function decodeOverlay(mount: Mount, knowledge: Knowledge = {}): OverlayMount {
  const receipts = (knowledge.receipts ?? []).filter((receipt) => isSameMount(receipt, mount))
  const plain = receipts.length === 0 && mount.fsType !== FUSE_OVERLAYFS ? readPlainLine(mount.superOptions) : undefined
  const { readOnly, layers, options, receipt }: Line = plain ?? readLine(mount, receipts, knowledge)
  const { lower, data, upper, work, unresolved, deleted } = layers
  const overlay: Draft = {
    id: mount.id,
    parentId: mount.parentId,
    target: mount.target,
    source: mount.source,
    type: mount.fsType,
    device: mount.device,
    lower,
    data,
    options: overlayOptions(options),
    flags: mount.flags,
    readOnly,
    propagation: mount.optional,
    maker: identifyMaker(mount, layers, receipt),
  }
  if (upper !== undefined) overlay.upper = upper
  if (work !== undefined) overlay.work = work
  if (unresolved !== undefined) overlay.unresolved = unresolved
  if (deleted !== undefined) overlay.deleted = deleted
  return overlay
}

/** Filled in by steps: for a thousand mounts that is half the time of spreading the parts together. */
type Draft = { -readonly [Field in keyof OverlayMount]: OverlayMount[Field] }

type LayerFields = Pick<OverlayMount, 'lower' | 'data' | 'upper' | 'work' | 'unresolved' | 'deleted'>

interface Line {
  readonly readOnly: boolean
  readonly layers: LayerFields
  readonly options: readonly SuperOption[]
  readonly receipt?: Receipt | undefined
}

function readLine(mount: Mount, receipts: readonly Receipt[], knowledge: Knowledge): Line {
  const options = splitSuperOptions(mount.superOptions)
  const names = layerNames(options)
  const receipt = findReceipt(names, mount, receipts)
  const layers = mount.fsType === FUSE_OVERLAYFS ? fuseLayers(mount, receipt, knowledge.daemons ?? []) : resolveLayers(names, mount, receipt)
  return { readOnly: options.some(({ key }) => key === 'ro'), layers: listLayers(layers, knowledge), options, receipt }
}

/** A bind mount of an overlay has the layers of the overlay. */
function withLayersOf(overlay: OverlayMount, twin: OverlayMount | undefined): OverlayMount {
  if (twin === undefined) return overlay
  const { unresolved: _, ...rest } = overlay
  const { lower, data, upper, work, maker } = twin
  return { ...rest, lower, data, ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }), maker }
}

/** None at all when neither receipt nor daemon is found. */
function fuseLayers(mount: Mount, receipt: Receipt | undefined, daemons: readonly FuseCommand[]): ResolvedLayer[] {
  const layers = receipt?.layers ?? daemons.find(({ target }) => target === mount.target)
  if (layers === undefined) return []
  return layersOf({ data: [], ...layers }).map((layer) => ({ ...layer, known: layer.path.startsWith('/'), others: [] }))
}

/** Resolved layers → the fields of an overlay, each name settled on one reading. */
function listLayers(layers: readonly ResolvedLayer[], knowledge: Knowledge): LayerFields {
  const paths: Record<LayerRole, string[]> = { lower: [], data: [], upper: [], work: [] }
  const deleted: string[] = []
  let unresolved = layers.length === 0
  for (const layer of layers) {
    const settled = layer.others.length === 0 ? layer : settle(layer, knowledge.exists)
    paths[layer.role].push(settled.path)
    if (settled.deleted === true) deleted.push(settled.path)
    if (!layer.known) unresolved = true
  }
  const { lower, data, upper: [upper], work: [work] } = paths
  const recorded = unresolved ? lowersFromRecord(layers, upper, knowledge) : undefined
  const fields: LayerFields = { lower: recorded ?? lower, data, ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }) }
  if (deleted.length === 0 && (!unresolved || recorded !== undefined)) return fields
  return { ...fields, ...(unresolved && recorded === undefined ? { unresolved } : {}), ...(deleted.length > 0 ? { deleted } : {}) }
}

/** The first reading that exists; the likeliest when none does or nobody may look. */
function settle(layer: ResolvedLayer, exists: ((path: string) => boolean) | undefined): Reading {
  if (exists === undefined) return layer
  return [layer, ...layer.others].find(({ path, deleted }) => deleted !== true && exists(path)) ?? layer
}

/** containers-storage names very many lowers by the numbers of descriptors, and keeps the list beside upper. */
function lowersFromRecord(layers: readonly ResolvedLayer[], upper: string | undefined, { lowersOnRecord }: Knowledge): readonly string[] | undefined {
  const others = layers.filter(({ role }) => role !== 'lower')
  if (upper === undefined || lowersOnRecord === undefined || !others.every(({ known }) => known)) return undefined
  const recorded = lowersOnRecord(upper)
  return recorded?.length === layers.length - others.length ? recorded : undefined
}

/** Words of the superblock that are no options of overlayfs. */
const GENERIC: ReadonlySet<string> = new Set(['rw', 'ro', 'sync', 'dirsync', 'mand', 'lazytime', 'seclabel'])

function overlayOptions(options: readonly SuperOption[]): Record<string, string | true> {
  const own: Record<string, string | true> = {}
  for (const { key, value = true } of options) {
    if (key === 'fsync' && value === 'volatile') own['volatile'] = true
    else if (!GENERIC.has(key) && !LAYER_KEYS.has(key)) own[key] = value
  }
  return own
}
