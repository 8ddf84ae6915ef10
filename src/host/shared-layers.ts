/**
 * Which other live overlays hold a layer of this one, in any mount namespace that can be seen. Lowers
 * may be shared by any number; it matters where one of the two writes. Directories are told by device
 * and inode, so that two names of one are recognised; names alone count only within one namespace.
 */

import type { SharedLayer } from '../mounts/health.ts'
import type { LayerView } from '../mounts/inspection.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { layersOf } from '../mounts/users.ts'
import { identityOf, statName } from './files.ts'

/** `others` may hold the overlay itself and its copies; they are passed over. */
export function findSharedLayers(overlay: OverlayMount, layers: readonly LayerView[], others: readonly OverlayMount[]): SharedLayer[] {
  const seen = layers.filter(({ covered }) => covered !== true)
  const byName = new Map(seen.map((layer) => [layer.path, layer]))
  const byInode = new Map(seen.flatMap((layer) => (layer.exists === true ? [[inodeOf(layer.path), layer] as const] : [])))
  const strangers = new Map(others.filter(({ device }) => device !== overlay.device).map((other) => [other.device, other]))
  return [...strangers.values()].flatMap((other) => {
    const root = other.namespace === undefined ? '' : `/proc/${other.namespace.pid}/root`
    return layersOf(other).flatMap(({ role: otherRole, path }): SharedLayer[] => {
      const named = root === '' ? byName.get(path) : undefined
      const inode = path.startsWith('/') && (isWritten(otherRole) || named !== undefined) ? inodeOf(`${root}${path}`) : undefined
      const same = inode === undefined ? undefined : byInode.get(inode)
      const own = same ?? named
      if (own === undefined || !(isWritten(own.role) || isWritten(otherRole))) return []
      return [{ role: own.role, path: own.path, other, otherRole, certain: same !== undefined }]
    })
  })
}

const isWritten = (role: string): boolean => role === 'upper' || role === 'work'

const inodeOf = (path: string): string | undefined => identityOf(statName(path))
