/**
 * The stores of container images on disk: which files there name the layers, read as text for
 * mounts/identity.ts. Nothing is written, no daemon is asked, and what cannot be read is left out.
 *
 * A path that looks like one of a store may be anybody's, and so may what lies there. So it is read below a held
 * directory (`/`, or the root of a process of another namespace), where symlinks stay inside; and only regular files
 * that are no larger than such files are, and not too much in all.
 */

import { absolutePath, baseName, parentPath } from '../names/path.ts'
import { dockerContainer, namesOfContainersStorage, namesOfDocker } from '../mounts/identity.ts'
import type { ContainerName, StoreNames } from '../mounts/identity.ts'
import { storePlace } from '../mounts/store-path.ts'
import type { StorePlace } from '../mounts/store-path.ts'
import { holdBelow, holdDirectory, listBelow, readBelow, readLinkBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'

/** The place of a layer in its store; a short name below `l/` is followed to the layer it stands for. */
export function readStorePlace(path: string): StorePlace | undefined {
  const place = storePlace(path)
  if (place?.link === undefined) return place
  const to = below('/', (top) => {
    using directory = holdBelow(top, parentPath(path), 'inside')
    return readLinkBelow(directory, baseName(path))
  })
  return to === undefined ? place : (storePlace(absolutePath(to, parentPath(path)).replace('/l/../', '/')) ?? place)
}

/** The names a store has for its layers. Empty for containerd and buildkit, whose database is not read. */
export function readStoreNames({ store, root }: StorePlace): StoreNames {
  return below('/', (top) => {
    const files = reader(top, root)
    if (store === 'docker') return namesOfDocker(readDocker(files))
    if (store !== 'containers-storage') return new Map()
    const pieces = (file: string): string[] => [files.text(file), files.text(file.replace('/', '/volatile-'))]
    return namesOfContainersStorage({
      layers: pieces('overlay-layers/layers.json'),
      images: pieces('overlay-images/images.json'),
      containers: pieces('overlay-containers/containers.json'),
    })
  }) ?? new Map()
}

/** A Docker container by its id, whichever way its layers are stored. */
export function readDockerContainer(root: string, id: string): ContainerName | undefined {
  const config = below('/', (top) => reader(top, root).text(`containers/${id}/config.v2.json`)) ?? ''
  return config === '' ? undefined : dockerContainer(config)
}

/** The file `lower` beside a layer's `diff`: `l/A:l/B…`, relative to the driver's home. `root` is the directory that `upper` is below. */
export function readLowersOnRecord(upper: string, root = '/'): string[] | undefined {
  const place = storePlace(upper)
  if (place?.layer === undefined || (place.store !== 'docker' && place.store !== 'containers-storage')) return undefined
  const record = below(root, (top) => reader(top, parentPath(upper)).line('lower')) ?? ''
  const home = parentPath(parentPath(upper))
  return record === '' ? undefined : record.split(':').map((name) => absolutePath(name, home))
}

function readDocker({ text, line, names }: StoreReader): Parameters<typeof namesOfDocker>[0] {
  const database = 'image/overlay2'
  const chains = names(`${database}/layerdb/sha256`)
  return {
    layers: chains.map((chain) => {
      const file = (name: string): string => line(`${database}/layerdb/sha256/${chain}/${name}`)
      const parent = file('parent')
      return { chain, cacheId: file('cache-id'), diff: file('diff'), ...(parent === '' ? {} : { parent }) }
    }),
    mounts: names(`${database}/layerdb/mounts`).map((container) => ({ container, mountId: line(`${database}/layerdb/mounts/${container}/mount-id`) })),
    images: names(`${database}/imagedb/content/sha256`).map((id) => ({ id, config: text(`${database}/imagedb/content/sha256/${id}`) })),
    repositories: text(`${database}/repositories.json`),
    containers: names('containers').map((id) => text(`containers/${id}/config.v2.json`)),
  }
}

/** Layers of one kind, or images, or containers; hosts that build for many people have some thousands. */
const MOST_ENTRIES = 5_000
/** A file of one line: an id, or up to 500 short names of lowers. */
const LONGEST_LINE = 64 * 1024
/** A JSON file: that of 10,000 layers takes 5 MB. */
const LARGEST_TEXT = 16 * 1024 * 1024
/** All files of a store together. */
const MOST_BYTES = 64 * 1024 * 1024

/** What cannot be read, or would be too much, is empty. */
interface StoreReader {
  readonly text: (path: string) => string
  readonly line: (path: string) => string
  readonly names: (path: string) => string[]
}

/** Reads in the directory `home`, a path as it is below `top`. */
function reader(top: HeldDirectory, home: string): StoreReader {
  let left = MOST_BYTES
  const read = (path: string, limit: number): string => {
    const bytes = tryRead(() => readBelow(top, `${home}/${path}`, { limit: Math.min(limit, left) }))
    left -= bytes?.length ?? 0
    return bytes?.toString('utf8') ?? ''
  }
  return {
    text: (path) => read(path, LARGEST_TEXT),
    line: (path) => read(path, LONGEST_LINE).trim(),
    names: (path) => tryRead(() => listBelow(top, `${home}/${path}`, 'inside', MOST_ENTRIES)) ?? [],
  }
}

function below<T>(root: string, read: (held: HeldDirectory) => T): T | undefined {
  return tryRead(() => {
    using held = holdDirectory(root)
    return read(held)
  })
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
