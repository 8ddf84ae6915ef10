/** Whose an overlay, or a directory that is to be an upper, is: by its marks, with the names out of the image stores where these tell. */

import { identifyMaker } from '../mounts/maker.ts'
import type { ContainerName } from '../mounts/identity.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { ownerOf } from '../mounts/owner.ts'
import type { LayerOwner, Owner } from '../mounts/owner.ts'
import { realName } from './files.ts'
import { readDockerContainer, readStoreNames, readStorePlace } from './image-stores.ts'

type Marked = Pick<OverlayMount, 'target' | 'lower' | 'upper' | 'work' | 'maker'>

/** The container engine or the service that made it and uses it; undefined for others. */
export function findOwner(overlay: Marked): Owner | undefined {
  return ownerOf(overlay) === undefined ? undefined : ownerOf(overlay, readLayerOwner(overlay))
}

/** Of a directory, mounted or not; symlinks are followed. */
export function findOwnerOfUpper(path: string): Owner | undefined {
  const upper = quietly(() => realName(path)) ?? path
  const layers = { lower: [], upper }
  return findOwner({ target: '', ...layers, maker: identifyMaker({ target: '', source: '' }, layers) })
}

/** What the store it lies in calls it. Nothing for makers without one. */
export function readLayerOwner({ target, lower, upper, maker: { name, id } }: Marked): LayerOwner {
  const container = containerByTarget(target, name, id)
  if (container !== undefined) return { container }
  const place = [upper, lower[0], target].map((path) => (path === undefined ? undefined : readStorePlace(path))).find((one) => one !== undefined)
  if (place?.layer === undefined) return {}
  return readStoreNames(place).get(place.layer) ?? {}
}

/** Where the target has the id of the container, and not that of a layer. */
function containerByTarget(target: string, maker: OverlayMount['maker']['name'], id: string | undefined): ContainerName | undefined {
  if (id === undefined) return undefined
  const root = /^(.+)\/rootfs\/overlayfs\/[0-9a-f]+$/.exec(target)?.[1] ?? (/\/io\.containerd\.runtime\.v2\.task\/moby\/[^/]+\/rootfs$/.test(target) ? DOCKER : undefined)
  if (maker === 'docker' && root !== undefined) return readDockerContainer(root, id) ?? { id }
  return maker === 'containers-storage' && target.includes(`/overlay-containers/${id}/`) ? { id, engine: 'podman' } : undefined
}

const DOCKER = '/var/lib/docker'

function quietly<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
