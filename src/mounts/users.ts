/**
 * Which overlays use a directory as a layer, or one above or below it. By name only: a directory that
 * two names lead to is not recognised here; compare device and inode where files can be asked.
 */

import { isWithin } from '../names/path.ts'
import type { LayerRole } from '../overlay/params.ts'
import type { OverlayMount } from './overlay-mount.ts'

export interface LayerUse {
  readonly overlay: OverlayMount
  readonly role: LayerRole
  /** Position among its role, topmost 0. */
  readonly index: number
  readonly path: string
  /** The layer is that directory, lies inside it, or holds it. */
  readonly relation: 'same' | 'inside' | 'around'
}

export interface LayerRef {
  readonly role: LayerRole
  readonly index: number
  readonly path: string
}

/** Every layer of an overlay: lowers from the top, data-only layers, upper, work. */
export function layersOf({ lower, data, upper, work }: Pick<OverlayMount, 'lower' | 'data' | 'upper' | 'work'>): LayerRef[] {
  return [...refs('lower', lower), ...refs('data', data), ...refs('upper', [upper]), ...refs('work', [work])]
}

function refs(role: LayerRole, paths: readonly (string | undefined)[]): LayerRef[] {
  return paths.flatMap((path, index) => (path === undefined ? [] : [{ role, index, path }]))
}

/** Who uses a directory (tidy and absolute). Layers whose true path is unknown are passed over. */
export function usersOf(directory: string, overlays: readonly OverlayMount[]): LayerUse[] {
  return overlays.flatMap((overlay) =>
    layersOf(overlay).flatMap(({ role, index, path }) => {
      const relation = relationOf(path, directory)
      return relation === undefined ? [] : [{ overlay, role, index, path, relation }]
    }),
  )
}

function relationOf(layer: string, directory: string): LayerUse['relation'] | undefined {
  if (layer === directory) return 'same'
  if (isWithin(layer, directory)) return 'inside'
  return layer.startsWith('/') && isWithin(directory, layer) ? 'around' : undefined
}
