/**
 * The stores of container images on disk: which files there name the layers, read as text for
 * mounts/identity.ts. Nothing is written, no daemon is asked, and what cannot be read is left out.
 */

import { readFileSync, readlinkSync, readdirSync } from 'node:fs'
import { decodeName } from '../names/bytes.ts'
import { absolutePath, parentPath } from '../names/path.ts'
import { dockerContainer, namesOfContainersStorage, namesOfDocker } from '../mounts/identity.ts'
import type { ContainerName, StoreNames } from '../mounts/identity.ts'
import { storePlace } from '../mounts/store-path.ts'
import type { StorePlace } from '../mounts/store-path.ts'
import { nameBuffer } from './syscalls/check.ts'

/** The place of a layer in its store; a short name below `l/` is followed to the layer it stands for. */
export function readStorePlace(path: string): StorePlace | undefined {
  const place = storePlace(path)
  if (place?.link === undefined) return place
  const to = tryRead(() => decodeName(readlinkSync(nameBuffer(path), { encoding: 'buffer' })))
  return to === undefined ? place : (storePlace(absolutePath(to, parentPath(path)).replace('/l/../', '/')) ?? place)
}

/** The names a store has for its layers. Empty for containerd and buildkit, whose database is not read. */
export function readStoreNames({ store, root }: StorePlace): StoreNames {
  if (store === 'containers-storage') {
    const pieces = (file: string): string[] => [text(`${root}/${file}`), text(`${root}/${file.replace('/', '/volatile-')}`)]
    return namesOfContainersStorage({
      layers: pieces('overlay-layers/layers.json'),
      images: pieces('overlay-images/images.json'),
      containers: pieces('overlay-containers/containers.json'),
    })
  }
  return store === 'docker' ? namesOfDocker(readDocker(root)) : new Map()
}

/** A Docker container by its id, whichever way its layers are stored. */
export function readDockerContainer(root: string, id: string): ContainerName | undefined {
  const config = text(`${root}/containers/${id}/config.v2.json`)
  return config === '' ? undefined : dockerContainer(config)
}

/** The file `lower` beside a layer's `diff`: `l/A:l/B…`, relative to the driver's home. */
export function readLowersOnRecord(upper: string, root = ''): string[] | undefined {
  const place = storePlace(upper)
  if (place?.layer === undefined || (place.store !== 'docker' && place.store !== 'containers-storage')) return undefined
  const record = text(`${root}${parentPath(upper)}/lower`).trim()
  const home = parentPath(parentPath(upper))
  return record === '' ? undefined : record.split(':').map((name) => absolutePath(name, home))
}

function readDocker(root: string): Parameters<typeof namesOfDocker>[0] {
  const database = `${root}/image/overlay2`
  const chains = names(`${database}/layerdb/sha256`)
  return {
    layers: chains.map((chain) => {
      const file = (name: string): string => text(`${database}/layerdb/sha256/${chain}/${name}`).trim()
      const parent = file('parent')
      return { chain, cacheId: file('cache-id'), diff: file('diff'), ...(parent === '' ? {} : { parent }) }
    }),
    mounts: names(`${database}/layerdb/mounts`).map((container) => ({ container, mountId: text(`${database}/layerdb/mounts/${container}/mount-id`).trim() })),
    images: names(`${database}/imagedb/content/sha256`).map((id) => ({ id, config: text(`${database}/imagedb/content/sha256/${id}`) })),
    repositories: text(`${database}/repositories.json`),
    containers: names(`${root}/containers`).map((id) => text(`${root}/containers/${id}/config.v2.json`)),
  }
}

const text = (path: string): string => tryRead(() => readFileSync(nameBuffer(path), 'utf8')) ?? ''
const names = (path: string): string[] => tryRead(() => readdirSync(nameBuffer(path), 'utf8')) ?? []

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
