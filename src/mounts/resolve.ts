/**
 * Names of layers → true paths. The table shows a layer as it was named when it was mounted: relative
 * to a directory long left, as the number of a descriptor, or as a path inside a detached mount. What
 * that stood for is known from ovl's receipt, or from how a container runtime lays out its store;
 * otherwise it stays unknown and is said to be. No file system is asked.
 */

import { absolutePath, baseName, tidyPath } from '../names/path.ts'
import type { LayerRole } from '../overlay/params.ts'
import type { Receipt } from '../plan/step.ts'
import type { LayerName, Reading } from './layer-names.ts'
import type { Mount } from './mountinfo.ts'

export interface ResolvedLayer {
  readonly role: LayerRole
  readonly index: number
  /** The likeliest path; as the table shows it where `known` is false. */
  readonly path: string
  readonly known: boolean
  readonly deleted?: true
  /** Other readings of the same name, when the table admits them. */
  readonly others: readonly Reading[]
}

/** Names → paths, by receipt, by store layout, or as they stand. */
export function resolveLayers(names: readonly LayerName[], mount: Mount, receipt: Receipt | undefined): ResolvedLayer[] {
  if (receipt !== undefined) return names.map((name) => fromReceipt(name, receipt))
  const base = storeDirectory(names, mount.target)
  return names.map((name) => asShown(name, base))
}

/** The receipt of this very mount: one of its superblock with nothing in the table that contradicts it. */
export function findReceipt(names: readonly LayerName[], mount: Mount, receipts: readonly Receipt[]): Receipt | undefined {
  const candidates = receipts.filter((receipt) => isSameMount(receipt, mount) && (names.length === 0 || agrees(receipt, names, mount)))
  return candidates.find(({ target }) => target === mount.target) ?? (names.length === 0 ? undefined : candidates[0])
}

/** A bind mount of the overlay, or its copy in another namespace, keeps the device and not the target. */
export function isSameMount(receipt: Receipt, mount: Mount): boolean {
  return receipt.device === undefined ? receipt.target === mount.target : receipt.device === mount.device
}

/**
 * Device numbers are used again, so a forgotten receipt may meet a stranger's mount. By descriptor the
 * table shows where a symlink led, which no name can confirm or deny: there the target must do.
 */
function agrees(receipt: Receipt, names: readonly LayerName[], { target }: Mount): boolean {
  const sameCounts = (['lower', 'data', 'upper', 'work'] as const).every((role) => receiptPaths(receipt, role).length === names.filter((name) => name.role === role).length)
  return sameCounts && names.every((name) => confirms(name, receipt) || (name.byDescriptor && receipt.form === 'fd' && receipt.target === target))
}

function confirms({ role, index, readings, byDescriptor }: LayerName, receipt: Receipt): boolean {
  const path = receiptPaths(receipt, role)[index] as string
  return readings.some((reading) => canShow(reading.path, path, byDescriptor))
}

function canShow(shown: string, path: string, byDescriptor: boolean): boolean {
  if (isDescriptor(shown) || tidyPath(shown) === path) return true
  if (!shown.startsWith('/')) return ['.', '..', baseName(path)].includes(baseName(tidyPath(shown)))
  return byDescriptor && (shown === '/' || path.endsWith(shown))
}

function receiptPaths({ layers }: Receipt, role: LayerRole): readonly string[] {
  if (role === 'lower' || role === 'data') return layers[role]
  const path = layers[role]
  return path === undefined ? [] : [path]
}

function fromReceipt(name: LayerName, receipt: Receipt): ResolvedLayer {
  if (!confirms(name, receipt)) return asShown(name, undefined)
  const { role, index, readings } = name
  const path = receiptPaths(receipt, role)[index] as string
  const deleted = readings.some((reading) => reading.deleted === true && reading.path === path)
  return { role, index, path, known: true, others: NONE, ...(deleted ? { deleted } : {}) }
}

function asShown({ role, index, readings, byDescriptor }: LayerName, base: string | undefined): ResolvedLayer {
  const { path, deleted } = readings[0] as Reading
  const others = readings.length > 1 ? readings.slice(1) : NONE
  // A detached mount is shown as `/`; a root given as `lowerdir=/` is no descriptor.
  const shown = !isRelative(path) && !isDescriptor(path) && !(byDescriptor && path === '/')
  const resolved = shown ? tidyPath(path) : base !== undefined && isRelative(path) ? absolutePath(path, base) : undefined
  const layer = { role, index, path: resolved ?? path, known: resolved !== undefined, others: shown ? others : NONE }
  return deleted === true ? { ...layer, deleted } : layer
}

const NONE: readonly Reading[] = []

const isDescriptor = (path: string): boolean => /^(?:\d+$|\/(?:proc\/[^/]+|dev)\/fd\/\d+)/.test(path)
const isRelative = (path: string): boolean => !path.startsWith('/')

interface StoreLayout {
  /** What all relative names must look like. */
  readonly relative: RegExp
  /** An absolute name of the same overlay, or its target → the directory those are relative to. */
  readonly directory: (readonly [where: 'target' | 'layer', pattern: RegExp])[]
}

/** Docker and containers-storage mount from their driver's home, containerd from what its lowers have in common. */
const STORES: readonly StoreLayout[] = [
  {
    relative: /^(?:l\/[A-Z2-7]+|[^/]+\/(?:diff|work|empty))$/,
    directory: [['target', /^(.+)\/[^/]+\/merged$/], ['layer', /^(.+)\/(?:l\/[A-Z2-7]+|[^/]+\/(?:diff|work))$/]],
  },
  { relative: /^\d+\/fs$/, directory: [['layer', /^(.+)\/\d+\/(?:fs|work)$/]] },
  { relative: /^snapshots\/\d+\/fs$/, directory: [['layer', /^(.+)\/snapshots\/\d+\/(?:fs|work)$/]] },
]

function storeDirectory(names: readonly LayerName[], target: string): string | undefined {
  const shown = names.map(({ readings }) => (readings[0] as Reading).path)
  const relative = shown.filter(isRelative)
  if (relative.length === 0) return undefined
  const store = STORES.find((layout) => relative.every((path) => layout.relative.test(path)))
  const absolute = shown.filter((path) => !isRelative(path))
  for (const [where, pattern] of store?.directory ?? []) {
    for (const path of where === 'target' ? [target] : absolute) {
      const directory = pattern.exec(path)?.[1]
      if (directory !== undefined) return directory
    }
  }
  return undefined
}
