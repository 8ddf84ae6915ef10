/**
 * A look at each layer of a live overlay: whether it is there, what it is, which mount it lies on, what
 * it is called. It judges nothing and follows no data; layers that cannot be looked at say so by silence.
 */

import { readFileSync } from 'node:fs'
import { decodeName } from '../names/bytes.ts'
import type { StoreNames } from '../mounts/identity.ts'
import type { LayerIdentity, LayerView, MountRef } from '../mounts/inspection.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import type { MountTree } from '../mounts/tree.ts'
import { coveringMount, submounts } from '../mounts/tree.ts'
import { layersOf } from '../mounts/users.ts'
import type { LayerRef } from '../mounts/users.ts'
import { realName, statName } from './files.ts'
import { readStoreNames, readStorePlace } from './image-stores.ts'
import { mountIdOf } from './syscalls/files.ts'

/** All layers of an overlay of this mount namespace, in the order of layersOf(). */
export function viewLayers(overlay: OverlayMount, tree: MountTree): LayerView[] {
  const stores = new Map<string, StoreNames>()
  return layersOf(overlay).map((layer) => viewLayer(layer, overlay, tree, stores))
}

/** What the mount table says of one mount, without what depends on where one stands. */
export function mountRef({ id, target, fsType, source, device }: Mount): MountRef {
  return { id, target, fsType, source, device }
}

function viewLayer({ role, index, path }: LayerRef, overlay: OverlayMount, tree: MountTree, stores: Map<string, StoreNames>): LayerView {
  const deleted = overlay.deleted?.includes(path) === true
  const base = { role, index, path, ...(deleted ? { deleted } : {}), mountsBelow: [] }
  if (!path.startsWith('/')) return base
  const found = deleted ? 'ENOENT' : statName(path)
  const identity = identify(path, undefined, stores)
  const named = identity === undefined ? base : { ...base, identity }
  if (found === 'ENOENT' || found === 'ENOTDIR') return isBelowOverlay(coveringMount(tree, path), overlay, tree) ? { ...named, covered: true } : { ...named, exists: false }
  if (typeof found === 'string') return named
  const real = realName(path)
  const mount = tree.byId.get(mountIdOf(path) ?? -1) ?? coveringMount(tree, real)
  if (isBelowOverlay(mount, overlay, tree)) return { ...named, covered: true }
  const known = identify(path, mount, stores)
  return {
    ...base,
    exists: true,
    ...(real === path ? {} : { realPath: real }),
    kind: found.kind,
    ...(mount === undefined ? {} : { mount: { ...mountRef(mount), readOnly: isReadOnly(mount) } }),
    ...(known === undefined ? {} : { identity: known }),
    mountsBelow: submounts(tree, real).map(({ target }) => target),
  }
}

/** The path leads into the overlay itself: what it stood for lies underneath. */
function isBelowOverlay(mount: Mount | undefined, overlay: OverlayMount, tree: MountTree): boolean {
  for (let at = mount, steps = 0; at !== undefined && steps < tree.byId.size; at = tree.byId.get(at.parentId), steps++) if (at.id === overlay.id) return true
  return false
}

const isReadOnly = ({ flags, superOptions }: Mount): boolean => flags.includes('ro') || /^ro(?:,|$)/.test(superOptions)

function identify(path: string, mount: Mount | undefined, stores: Map<string, StoreNames>): LayerIdentity | undefined {
  const file = mount === undefined ? undefined : imageFile(mount)
  const place = readStorePlace(path)
  if (place === undefined) return file === undefined ? undefined : { images: [], file }
  const names = stores.get(place.root) ?? readStoreNames(place)
  stores.set(place.root, names)
  const { layer } = place
  const { images = [], container } = names.get(layer ?? '') ?? {}
  return {
    store: place.store,
    images,
    ...(layer === undefined ? {} : { layer }),
    ...(container === undefined ? {} : { container }),
    ...(file === undefined ? {} : { file }),
  }
}

/** The file behind a loop device, or behind an erofs that is mounted from a file without one (Linux ≥ 6.12). */
function imageFile({ source, fsType }: Mount): string | undefined {
  const loop = /^\/dev\/(loop\d+)(?:p\d+)?$/.exec(source)?.[1]
  if (loop === undefined) return fsType === 'erofs' && source.startsWith('/') && !source.startsWith('/dev/') ? source : undefined
  try {
    return decodeName(readFileSync(`/sys/block/${loop}/loop/backing_file`)).replace(/\n$/, '')
  } catch {
    return undefined
  }
}
