/**
 * What must hold for any of the stores while it is mounted: the merged tree, the kernel's marks in the layers, and the way
 * back from a layer directory to its name, by nothing but the files on disk.
 */

import assert from 'node:assert/strict'
import { lstat, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.mjs'
import { parseContainers, parseSnapshotNames } from './containerd-names.mjs'
import { inUserNamespace, mountinfoLine } from './ground.mjs'

export async function checkStore(store) {
  const line = await mountinfoLine(store.live.target)
  console.log(`${line.slice(0, 160)}…`)
  assert.match(line, / - overlay overlay rw,/)
  const [, lowerdir] = /[ ,]lowerdir=([^, ]*)/.exec(line)
  const lowers = await Promise.all(lowerdir.split(':').map((path) => realpath(path.startsWith('/') ? path : join(store.home, path))))
  assert.deepEqual(lowers, store.layers, 'the kernel has other layers, or another order')

  for (const { path, content } of store.expectations) {
    const found = await readFile(join(store.live.target, path), 'utf8').catch((error) => (error.code === 'ENOENT' ? null : Promise.reject(error)))
    assert.equal(found, content, `${path} in ${store.kind}`)
  }
  await checkKernelMarks(store)
  await checkNames[store.kind](store)
}

/** The marks must be the kernel's own, not only have its effect: tools read them. */
async function checkKernelMarks({ kind, layers, live }) {
  const deleted = await lowestWith(layers, '/srv/doomed', (entry) => entry.isCharacterDevice())
  const replaced = await lowestWith(layers, '/opt/app/new', (entry) => entry.isFile())
  const whiteouts = [join(deleted, '/srv/doomed'), join(live.upper, '/etc/added')]
  if (kind === 'containerd' && inUserNamespace()) {
    // There containerd unpacks through a mounted overlay and deletes what was below one by one: no opaque directory.
    whiteouts.push(join(replaced, '/opt/app/old-a'), join(replaced, '/opt/app/old-b'))
  } else {
    const name = `${inUserNamespace() ? 'user' : 'trusted'}.overlay.opaque`
    assert.equal(await run(['getfattr', '--absolute-names', '--only-values', '-n', name, join(replaced, '/opt/app')]), 'y')
  }
  for (const whiteout of whiteouts) {
    const entry = await lstat(whiteout)
    assert.ok(entry.isCharacterDevice() && entry.rdev === 0, `${whiteout} is no whiteout`)
  }
}

async function lowestWith(layers, path, test) {
  for (const layer of [...layers].reverse()) {
    const entry = await lstat(join(layer, path)).catch(() => undefined)
    if (entry && test(entry)) return layer
  }
  throw new Error(`no layer has ${path}`)
}

/** From a layer directory back to its name, by nothing but files on disk: what the README's table promises. */
const checkNames = {
  async buildah({ layers, live, containerId, imageId, imageName }) {
    const storage = join(live.target, '../../..')
    const read = async (name) => JSON.parse(await readFile(join(storage, name), 'utf8'))
    const layerIds = [live.upper, ...layers].map((dir) => dir.split('/').at(-2))
    const records = await read('overlay-layers/layers.json')
    const parents = layerIds.map((id) => records.find((record) => record.id === id).parent)
    assert.deepEqual(parents, [...layerIds.slice(1), undefined])
    const container = (await read('overlay-containers/containers.json')).find(({ layer }) => layer === layerIds[0])
    assert.equal(container.id, containerId)
    const image = (await read('overlay-images/images.json')).find(({ id }) => id === container.image)
    assert.deepEqual([image.id, image.names, image.layer], [imageId, [imageName], layerIds[1]])
  },
  async containerd({ layers, live, snapshots, snapshotKeys, namespace, containerId, imageName }) {
    assert.deepEqual(snapshots, [live.upper, ...layers].map((dir) => dir.split('/').at(-2)))
    assert.equal(snapshotKeys[snapshots[0]], containerId)
    // The daemon runs, and holds the locks of these files while we read them.
    const root = join(live.upper, '../../../..')
    const names = parseSnapshotNames(await readFile(join(root, 'io.containerd.snapshotter.v1.overlayfs/metadata.db')))
    assert.deepEqual(Object.fromEntries(names.map(({ id, name }) => [id, name])), snapshotKeys)
    const containers = parseContainers(await readFile(join(root, 'io.containerd.metadata.v1.bolt/meta.db')))
    assert.deepEqual(containers, [{ namespace, id: containerId, image: imageName, snapshotKey: containerId }])
  },
  async docker({ layers, home, chainIds, mountId, containerId, containerName }) {
    const layerdb = join(home, '../image/overlay2/layerdb')
    for (const [layer, chainId] of Object.entries(chainIds)) {
      const cacheId = await readFile(join(layerdb, chainId.replace(':', '/'), 'cache-id'), 'utf8')
      assert.equal(join(home, cacheId, 'diff'), layer)
    }
    assert.deepEqual(layers, [join(home, `${mountId}-init`, 'diff'), ...Object.keys(chainIds).reverse()])
    assert.equal(await readFile(join(layerdb, 'mounts', containerId, 'mount-id'), 'utf8'), mountId)
    const config = JSON.parse(await readFile(join(home, '../containers', containerId, 'config.v2.json'), 'utf8'))
    assert.equal(config.Name, `/${containerName}`)
  },
}
