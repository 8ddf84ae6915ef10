/**
 * Docker's overlay2 store, written by hand: there is no engine to be had offline. Names, places and contents are those of
 * moby (daemon/graphdriver/overlay2/overlay.go, daemon/internal/layer/filestore.go, daemon/container/container.go), and the
 * container is mounted with the options its driver composes. Not written: tar-split data, which only `docker save` reads.
 */

import { createHash, randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.mjs'
import { clearGround, inUserNamespace, openGround } from './ground.mjs'
import { addBusybox, applyToLayer, applyToTree, containerChanges, containerStep, expectationsOf, imageSteps } from './image-recipe.mjs'

const imageName = 'ovl/sample:latest'
const containerName = 'ovl-sample'

/**
 * @param {string} dir made if missing, removed by close(); it stands for /var/lib/docker
 * @param {{ layers?: number, paths?: 'absolute' | 'relative' }} [options] the driver itself changes to relative paths
 *   when the absolute ones pass a page; here it is asked for, so that it can be had with 25 layers
 * @returns {Promise<{
 *   kind: 'docker', layers: string[], live: { target: string, upper: string, work: string }, home: string,
 *   chainIds: Record<string, string>, mountId: string, containerId: string, containerName: string, imageId: string, imageName: string,
 *   expectations: { path: string, content: string | null }[], changes: { path: string, kind: string }[],
 *   close: () => Promise<void> }>}
 * `layers` are the lowers as real directories, topmost (the container's -init layer) first; `home` is the directory that
 * relative lowers start from; `chainIds` gives the image's layer for each layer directory.
 */
export async function makeDockerLayout(dir, { layers: count = 25, paths = 'absolute' } = {}) {
  const root = await openGround(dir)
  try {
    const home = join(root, 'overlay2')
    await mkdir(join(home, 'l'), { recursive: true, mode: 0o710 })
    const steps = imageSteps(count)

    let below = []
    const image = { diffIds: [], chainIds: {}, top: undefined }
    for (const step of steps) {
      const layer = await createLayer(home, hex(32), below)
      if (below.length === 0) await addBusybox(layer.diff)
      await applyToLayer(layer.diff, step)
      await recordLayer(root, image, layer)
      below = [layer, ...below]
    }
    const imageId = await recordImage(root, steps, image.diffIds)

    const mountId = hex(32)
    const init = await createLayer(home, `${mountId}-init`, below)
    await fillInitLayer(init.diff)
    const lowers = [init, ...below]
    const top = await createLayer(home, mountId, lowers)
    const containerId = hex(32)
    await recordContainer(root, { containerId, mountId, imageId, topChainId: image.top })

    const live = { target: join(home, mountId, 'merged'), upper: top.diff, work: join(home, mountId, 'work') }
    await mountContainer(home, lowers, mountId, paths)
    await applyToTree(live.target, containerStep)
    return {
      kind: 'docker',
      layers: lowers.map(({ diff }) => diff),
      live,
      home,
      chainIds: image.chainIds,
      mountId,
      containerId,
      containerName,
      imageId,
      imageName,
      expectations: expectationsOf([...steps, containerStep]),
      changes: containerChanges,
      close: () => clearGround(root),
    }
  } catch (error) {
    await clearGround(root)
    throw error
  }
}

/** A layer of the graph driver: diff and link, and when it stands on others lower and work; those become `committed`. */
async function createLayer(home, id, below) {
  const at = (name) => join(home, id, name)
  const link = base32(26)
  await mkdir(at('diff'), { recursive: true })
  await symlink(`../${id}/diff`, join(home, 'l', link))
  await writeFile(at('link'), link)
  if (below.length > 0) {
    await mkdir(at('work'), { mode: 0o700 })
    await writeFile(at('lower'), below.map((layer) => `l/${layer.link}`).join(':'))
    await writeFile(join(home, below[0].id, 'committed'), '', { mode: 0o600 })
  }
  return { id, link, diff: at('diff') }
}

/** Mount points for what the engine binds into every container, so that they do not show up as the container's doing. */
async function fillInitLayer(diff) {
  for (const name of ['dev/pts', 'dev/shm', 'proc', 'sys', 'etc']) await mkdir(join(diff, name), { recursive: true })
  for (const name of ['.dockerenv', 'etc/resolv.conf', 'etc/hosts', 'etc/hostname', 'dev/console']) await writeFile(join(diff, name), '', { mode: 0o755 })
  await symlink('/proc/mounts', join(diff, 'etc/mtab'))
}

/** The image side: layerdb/sha256/CHAINID names the directory (cache-id) that the graph driver made for a layer. */
async function recordLayer(root, image, layer) {
  // Docker hashes the layer's tar. No tar is kept here, so any unique digest will do; the chain over them is the true one.
  const diffId = digest(layer.id)
  const parent = image.top
  const chainId = parent ? digest(`${parent} ${diffId}`) : diffId
  await writeRecord(join(root, 'image/overlay2/layerdb/sha256', chainId.slice('sha256:'.length)), {
    diff: diffId,
    'cache-id': layer.id,
    size: String(await sizeOf(layer.diff)),
    ...(parent && { parent }),
  })
  image.diffIds.push(diffId)
  image.chainIds[layer.diff] = chainId
  image.top = chainId
}

async function recordImage(root, steps, diffIds) {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/busybox', 'sh'] },
    created: '2024-01-01T00:00:00Z',
    history: steps.map(({ name }) => ({ created: '2024-01-01T00:00:00Z', created_by: name })),
    rootfs: { type: 'layers', diff_ids: diffIds },
  })
  const imageId = digest(config)
  await writeRecord(join(root, 'image/overlay2/imagedb/content/sha256'), { [imageId.slice('sha256:'.length)]: config })
  const repository = imageName.split(':')[0]
  await writeRecord(join(root, 'image/overlay2'), {
    'repositories.json': JSON.stringify({ Repositories: { [repository]: { [imageName]: imageId } } }),
  })
  return imageId
}

/** The container side: layerdb/mounts/CONTAINER names its writable layer (mount-id); config.v2.json has what people call it. */
async function recordContainer(root, { containerId, mountId, imageId, topChainId }) {
  await writeRecord(join(root, 'image/overlay2/layerdb/mounts', containerId), {
    'mount-id': mountId,
    'init-id': `${mountId}-init`,
    parent: topChainId,
  })
  await writeRecord(join(root, 'containers', containerId), {
    'config.v2.json': JSON.stringify({
      State: { Running: true, Pid: 0, StartedAt: '2024-01-01T00:00:00Z' },
      ID: containerId,
      Created: '2024-01-01T00:00:00Z',
      Path: '/bin/busybox',
      Args: ['sh'],
      Config: { Hostname: containerId.slice(0, 12), Cmd: ['/bin/busybox', 'sh'], Image: imageName },
      Image: imageId,
      Name: `/${containerName}`,
      Driver: 'overlay2',
      OS: 'linux',
      MountLabel: '',
    }),
  })
}

async function mountContainer(home, lowers, id, paths) {
  // The driver makes `merged` for the mount alone and removes it afterwards: image layers have none.
  await mkdir(join(home, id, 'merged'), { mode: 0o700 })
  const at = (name) => (paths === 'relative' ? name : join(home, name))
  // index=off is left out where the kernel has no such parameter, as the driver does.
  const index = (await exists('/sys/module/overlay/parameters/index')) ? 'index=off,' : ''
  const userxattr = inUserNamespace() ? 'userxattr,' : ''
  const options = `${index}${userxattr}lowerdir=${lowers.map(({ link }) => at(`l/${link}`)).join(':')},upperdir=${at(`${id}/diff`)},workdir=${at(`${id}/work`)}`
  // Docker calls mount(2), and so must mount(8): by fsconfig the whole lowerdir= may have no more than 255 bytes.
  const env = { ...process.env, LIBMOUNT_FORCE_MOUNT2: 'always' }
  await run(['mount', '-n', '-t', 'overlay', 'overlay', '-o', options, at(`${id}/merged`)], { cwd: home, env })
}

async function writeRecord(dir, files) {
  await mkdir(dir, { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content)
}

async function sizeOf(dir) {
  let size = 0
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) size += (await lstat(join(entry.parentPath, entry.name))).size
  }
  return size
}

const exists = (path) => lstat(path).then(() => true, () => false)
const hex = (bytes) => randomBytes(bytes).toString('hex')
const base32 = (length) => Array.from(randomBytes(length), (byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[byte & 31]).join('')
const digest = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`
