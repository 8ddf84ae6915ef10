/**
 * The path of a layer → the image store it lies in and what the store calls it there. By the path alone;
 * names of images and containers come from the store's own files (identity.ts).
 */

export interface StorePlace {
  readonly store: 'containers-storage' | 'docker' | 'containerd' | 'buildkit'
  /** Root directory of the store: graphroot, data-root, snapshotter directory. */
  readonly root: string
  /** Id of the layer: layer id, cache id, number of the snapshot. */
  readonly layer?: string
  /** Short name under `l/`, a link to the layer. */
  readonly link?: string
}

/** Root and id are captures of the pattern, a link is a name of 26 letters. The mark is what each path of the store holds. */
const ROWS: readonly (readonly [store: StorePlace['store'], mark: string, pattern: RegExp])[] = [
  ['docker', '/overlay2/', /^(?<root>.+)\/overlay2\/(?:l\/(?<link>[A-Z2-7]{26})|(?<layer>[0-9a-z]+(?:-init)?)\/(?:diff|work|merged))$/],
  ['containers-storage', '/overlay/', /^(?<root>.+)\/overlay\/(?:l\/(?<link>[A-Z2-7]{26})|(?<layer>[0-9a-f]{64})\/(?:diff\d*|work|empty|merged))$/],
  ['containerd', '/io.containerd.snapshotter.v1.', /^(?<root>.+\/io\.containerd\.snapshotter\.v1\.[^/]+)\/(?:snapshotter\/)?snapshots\/(?<layer>\d+)\/(?:fs|work)$/],
  ['buildkit', '/snapshots/snapshots/', /^(?<root>.+\/(?:runc|buildkit)-[^/]+)\/snapshots\/snapshots\/(?<layer>\d+)\/(?:fs|work)$/],
]

/** Any of the marks, to be told in one go from the paths of no store. */
const MARK = new RegExp(ROWS.map(([, mark]) => mark.replaceAll('.', String.raw`\.`)).join('|'))

/** The place a layer has in an image store, if its path is one of a store. */
export function storePlace(path: string): StorePlace | undefined {
  if (!MARK.test(path)) return undefined
  for (const [store, mark, pattern] of ROWS) {
    if (!path.includes(mark)) continue
    const { root, layer, link } = pattern.exec(path)?.groups ?? {}
    if (root === undefined) continue
    return { store, root, ...(layer === undefined ? {} : { layer }), ...(link === undefined ? {} : { link }) }
  }
  return undefined
}
