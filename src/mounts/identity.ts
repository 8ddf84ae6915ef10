/**
 * What people call a layer: the images it is part of, the container it belongs to. Made from the files
 * of an image store, given as text; reading them is somebody else's. A file that is missing or broken
 * costs the names it would have given and nothing more. containerd keeps its names in a database that
 * is not read: there a layer is known by its number alone (store-path.ts).
 */

/** What one layer is part of. */
export interface LayerNames {
  /** Names of images; their ids where none has a name. */
  readonly images: readonly string[]
  readonly container?: ContainerName
}

export interface ContainerName {
  readonly id: string
  readonly name?: string
  readonly image?: string
  /** Whose it is, of those that share containers/storage. */
  readonly engine?: 'podman' | 'buildah' | 'cri-o'
}

/** Layer id → its names. */
export type StoreNames = ReadonlyMap<string, LayerNames>

/** The JSON files of a containers-storage root; each may come in several pieces (`volatile-layers.json` …). */
export interface ContainersStorageFiles {
  readonly layers: readonly string[]
  readonly images: readonly string[]
  readonly containers: readonly string[]
}

/** `overlay-layers/layers.json`, `overlay-images/images.json`, `overlay-containers/containers.json` → names by layer id. */
export function namesOfContainersStorage(files: ContainersStorageFiles): StoreNames {
  const parents = new Map(files.layers.flatMap(records).map(({ id, parent }) => [text(id), text(parent)]))
  const imageNames = new Map<string, string>()
  const tops: Top[] = []
  for (const { id, names, layer, 'mapped-layers': mapped } of files.images.flatMap(records)) {
    const called = texts(names)
    imageNames.set(text(id) ?? '', called[0] ?? text(id) ?? '')
    for (const top of [text(layer), ...texts(mapped)]) tops.push({ layer: top, images: called, image: text(id) })
  }
  for (const { id, names, layer, image, metadata } of files.containers.flatMap(records)) {
    tops.push({ layer: text(layer), container: { ...containerName(id, texts(names)[0], imageNames.get(text(image) ?? '')), engine: engineOf(text(metadata)) } })
  }
  return spread(tops, parents)
}

/** podman and CRI-O write down what they know of their container; buildah keeps that in a file of its own. */
function engineOf(metadata: string | undefined): NonNullable<ContainerName['engine']> {
  return metadata === undefined ? 'buildah' : 'pod-name' in record(metadata) || 'pod-id' in record(metadata) ? 'cri-o' : 'podman'
}

/** The files of a Docker root with the overlay2 driver. */
export interface DockerFiles {
  /** `image/overlay2/layerdb/sha256/<chain>/…` */
  readonly layers: readonly { readonly chain: string; readonly cacheId: string; readonly diff: string; readonly parent?: string }[]
  /** `image/overlay2/layerdb/mounts/<container>/mount-id` */
  readonly mounts: readonly { readonly container: string; readonly mountId: string }[]
  /** `image/overlay2/imagedb/content/sha256/<id>` */
  readonly images: readonly { readonly id: string; readonly config: string }[]
  /** `image/overlay2/repositories.json` */
  readonly repositories: string
  /** `containers/<id>/config.v2.json` */
  readonly containers: readonly string[]
}

/** Docker's layer database, images and containers → names by cache id, the directory below `overlay2/`. */
export function namesOfDocker(files: DockerFiles): StoreNames {
  const byChain = new Map(files.layers.map((layer) => [bareDigest(layer.chain), layer]))
  const parents = new Map(files.layers.map(({ cacheId, parent }) => [cacheId, parent === undefined ? undefined : byChain.get(bareDigest(parent))?.cacheId]))
  const called = repositoryNames(files.repositories)
  const byContent = layersByContent(files.layers)
  const tops: Top[] = files.images.map(({ id, config }) => ({
    layer: topCacheId(byContent, diffIds(config)),
    images: called.get(bareDigest(id)) ?? [],
    image: id,
  }))
  const containers = new Map(files.containers.map((config) => [text(record(config)['ID']), dockerContainer(config)]))
  for (const { container, mountId } of files.mounts) {
    const top = { layer: mountId, container: containers.get(container) ?? { id: container } }
    tops.push(top, { ...top, layer: `${mountId}-init` })
  }
  return spread(tops, parents)
}

/** `config.v2.json` of a Docker container → its id, name and image. */
export function dockerContainer(config: string): ContainerName {
  const { ID, Name, Config } = record(config)
  return containerName(ID, text(Name)?.replace(/^\//, ''), isRecord(Config) ? text(Config['Image']) : undefined)
}

/** The uppermost layer of an image or container. */
interface Top {
  readonly layer: string | undefined
  /** The image's names. */
  readonly images?: readonly string[]
  /** Its id. */
  readonly image?: string | undefined
  readonly container?: ContainerName
}

/** Names given to layers, in all: a large host has some 100,000. The files of a store may be anybody's, and must not keep us for minutes. */
const MOST_NAMES = 2_000_000

/** An image's names hold for all layers below its top; a container's for its top alone. */
function spread(tops: readonly Top[], parents: ReadonlyMap<string | undefined, string | undefined>): StoreNames {
  const found = new Map<string, { names: Set<string>; ids: Set<string>; container?: ContainerName }>()
  let left = MOST_NAMES
  for (const { layer: top, images = [], image, container } of tops) {
    if (left < 0) break
    const seen = new Set<string>()
    for (let layer = top; layer !== undefined && !seen.has(layer); layer = container === undefined ? parents.get(layer) : undefined) {
      seen.add(layer)
      left -= 1 + images.length
      if (left < 0) break
      const entry = found.get(layer) ?? { names: new Set(), ids: new Set() }
      for (const name of images) entry.names.add(name)
      if (image !== undefined) entry.ids.add(image)
      found.set(layer, container === undefined ? entry : { ...entry, container })
    }
  }
  return new Map(
    Array.from(found, ([layer, { names, ids, container }]) => {
      const images = [...(names.size > 0 ? names : ids)]
      return [layer, container === undefined ? { images } : { images, container }]
    }),
  )
}

/** Layers by what they change and on what they lie: walking up from the bottom, a chain id is a hash that need not be computed. */
type ByContent = ReadonlyMap<string, DockerFiles['layers'][number]>

const contentKey = (diff: string, below: string | undefined): string => `${diff}\n${below ?? ''}`

function layersByContent(layers: DockerFiles['layers']): ByContent {
  const found = new Map<string, DockerFiles['layers'][number]>()
  for (const layer of layers) {
    const key = contentKey(layer.diff, layer.parent === undefined ? undefined : bareDigest(layer.parent))
    if (!found.has(key)) found.set(key, layer)
  }
  return found
}

function topCacheId(layers: ByContent, diffs: readonly string[]): string | undefined {
  let top: DockerFiles['layers'][number] | undefined
  for (const diff of diffs) {
    top = layers.get(contentKey(diff, top === undefined ? undefined : bareDigest(top.chain)))
    if (top === undefined) return undefined
  }
  return top?.cacheId
}

function diffIds(config: string): string[] {
  const { rootfs } = record(config)
  return isRecord(rootfs) ? texts(rootfs['diff_ids']) : []
}

/** `{"Repositories":{"alpine":{"alpine:3":"sha256:…","alpine@sha256:…":"sha256:…"}}}` → tags by image id. */
function repositoryNames(repositories: string): Map<string, string[]> {
  const names = new Map<string, string[]>()
  const { Repositories } = record(repositories)
  for (const tags of isRecord(Repositories) ? Object.values(Repositories) : []) {
    for (const [name, id] of isRecord(tags) ? Object.entries(tags) : []) {
      const image = bareDigest(text(id) ?? '')
      if (name.includes('@')) continue
      const known = names.get(image)
      if (known === undefined) names.set(image, [name])
      else known.push(name)
    }
  }
  return names
}

function containerName(id: unknown, name: string | undefined, image: string | undefined): ContainerName {
  return { id: text(id) ?? '', ...(name === undefined ? {} : { name }), ...(image === undefined ? {} : { image }) }
}

const bareDigest = (digest: string): string => digest.replace(/^sha256:/, '')

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function record(json: string): Fields {
  const value = parse(json)
  return isRecord(value) ? value : {}
}

function records(json: string): Fields[] {
  const value = parse(json)
  return Array.isArray(value) ? value.filter(isRecord) : []
}
