import { describe, expect, test } from 'vitest'
import { decodeOverlays } from '../../../src/mounts/decode.ts'
import { dockerContainer, namesOfContainersStorage, namesOfDocker } from '../../../src/mounts/identity.ts'
import type { DockerFiles } from '../../../src/mounts/identity.ts'
import type { OverlayMount } from '../../../src/mounts/overlay-mount.ts'
import { storePlace } from '../../../src/mounts/store-path.ts'
import { readStoreFiles, readStoreTable } from './lines.ts'

/** Ids of the layers of a store’s live mount: upper first, then the lowers behind their links. */
function layerIds(name: string): string[] {
  const { root, link } = readStoreFiles(name)
  const [{ upper = '', lower }] = decodeOverlays(readStoreTable(name)) as [OverlayMount]
  const links = lower.map((path) => link(path.slice(root.length + 1)).split('/')[1] as string)
  return [storePlace(upper)?.layer as string, ...links]
}

describe('containers-storage', () => {
  const { file } = readStoreFiles('buildah')
  const files = { layers: [file('overlay-layers/layers.json')], images: [file('overlay-images/images.json')], containers: [file('overlay-containers/containers.json')] }
  const names = namesOfContainersStorage(files)
  const [upper, ...lowers] = layerIds('buildah') as [string, ...string[]]

  test('every lower is part of the image, upper is the container', () => {
    expect(lowers).toHaveLength(5)
    for (const layer of lowers) expect(names.get(layer)?.images).toEqual(['localhost/ovl/sample:latest'])
    expect(names.get(upper)).toMatchObject({ images: [], container: { name: 'ovl-sample-container', image: 'localhost/ovl/sample:latest' } })
    expect(lowers.some((layer) => names.get(layer)?.container !== undefined)).toBe(false)
  })

  test('the volatile half of a list counts as well, a broken file costs only its own names', () => {
    const split = namesOfContainersStorage({ ...files, layers: ['[]', ...files.layers], containers: ['', ...files.containers] })
    expect(split).toEqual(names)
    const broken = namesOfContainersStorage({ ...files, layers: ['[{"id": "x", '] })
    expect(broken.get(upper)?.container?.name).toBe('ovl-sample-container')
    expect(broken.get(lowers[0] as string)?.images).toEqual(['localhost/ovl/sample:latest'])
    expect(broken.get(lowers[1] as string)?.images.join()).not.toContain('localhost')
  })

  test('an image without a name stands as its id; several names are all told; loops end', () => {
    const layers = JSON.stringify([{ id: 'a' }, { id: 'b', parent: 'a' }, { id: 'x', parent: 'y' }, { id: 'y', parent: 'x' }, 7, null])
    const images = JSON.stringify([{ id: 'i1', layer: 'b' }, { id: 'i2', layer: 'a', names: ['one', 'two'] }, { id: 'i3', layer: 'y', 'mapped-layers': ['b'] }])
    const found = namesOfContainersStorage({ layers: [layers], images: [images], containers: [] })
    expect(found.get('b')?.images).toEqual(['i1', 'i3'])
    expect(found.get('a')?.images).toEqual(['one', 'two'])
    expect(found.get('x')?.images).toEqual(['i3'])
  })
})

describe('Docker', () => {
  const { file, paths } = readStoreFiles('docker')
  const below = (folder: string): string[] => [...new Set(paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1).split('/')[0] as string))]
  const database = 'image/overlay2/layerdb'
  const files: DockerFiles = {
    layers: below(`${database}/sha256`).map((chain) => {
      const parent = file(`${database}/sha256/${chain}/parent`)
      return { chain, cacheId: file(`${database}/sha256/${chain}/cache-id`), diff: file(`${database}/sha256/${chain}/diff`), ...(parent === '' ? {} : { parent }) }
    }),
    mounts: below(`${database}/mounts`).map((container) => ({ container, mountId: file(`${database}/mounts/${container}/mount-id`) })),
    images: below('image/overlay2/imagedb/content/sha256').map((id) => ({ id, config: file(`image/overlay2/imagedb/content/sha256/${id}`) })),
    repositories: file('image/overlay2/repositories.json'),
    containers: below('containers').map((id) => file(`containers/${id}/config.v2.json`)),
  }
  const names = namesOfDocker(files)
  const [upper, init, ...lowers] = layerIds('docker') as [string, string, ...string[]]

  test('25 layers of the image, the container’s own and its -init', () => {
    expect(lowers).toHaveLength(25)
    for (const layer of lowers) expect(names.get(layer)?.images).toEqual(['ovl/sample:latest'])
    expect(init).toBe(`${upper}-init`)
    for (const layer of [upper, init]) expect(names.get(layer)).toMatchObject({ images: [], container: { name: 'ovl-sample', image: 'ovl/sample:latest' } })
  })

  test('without tags the image is its id, without its config the container is', () => {
    const bare = namesOfDocker({ ...files, repositories: '', containers: [] })
    expect(bare.get(lowers[0] as string)?.images).toEqual([files.images[0]?.id])
    expect(bare.get(upper)?.container).toEqual({ id: files.mounts[0]?.container })
  })

  test('a layer that is not in the database ends the search', () => {
    expect(namesOfDocker({ ...files, layers: files.layers.slice(0, 1) }).get(upper)?.container?.name).toBe('ovl-sample')
    expect(dockerContainer('not json')).toEqual({ id: '' })
  })
})
