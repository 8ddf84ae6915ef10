/**
 * A real containerd store: a daemon of our own imports an image made offline, unpacks it with its overlayfs snapshotter
 * and makes a container's snapshot; the mount is the one containerd asks for, where its shim would put it. No task is
 * started: runc and the shim keep sockets and state under the host's /run.
 */

import { spawn } from 'node:child_process'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { makeBuildahStore } from './buildah.mjs'
import { run } from './command.mjs'
import { clearGround, openGround } from './ground.mjs'
import { applyToTree, containerChanges, containerStep, expectationsOf, imageSteps } from './image-recipe.mjs'

const namespace = 'default'
/** Plugins that would look for devices, write outside the store (opt, nri) or serve Kubernetes. Names a version lacks are ignored. */
const unneeded = [
  ...['aufs', 'blockfile', 'btrfs', 'devmapper', 'erofs', 'native', 'zfs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  'io.containerd.grpc.v1.cri',
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.nri.v1.nri',
  'io.containerd.runtime.v1.linux',
  'io.containerd.tracing.processor.v1.otlp',
]

/**
 * @param {string} dir made if missing, removed by close()
 * @returns {Promise<{
 *   kind: 'containerd', layers: string[], live: { target: string, upper: string, work: string },
 *   snapshots: string[], snapshotKeys: Record<string, string>, namespace: string, containerId: string, imageName: string,
 *   expectations: { path: string, content: string | null }[], changes: { path: string, kind: string }[],
 *   daemonPid: number, close: () => Promise<void> }>}
 * `layers` are the lowers of the live mount, topmost first; `snapshots` the numbers of all its layers, the container's
 * own (the upper) first; `snapshotKeys` the name containerd has for each number.
 */
export async function makeContainerdStore(dir) {
  const home = await openGround(dir)
  let daemon
  const close = async () => {
    // The daemon first: it must not clean up in, or write to, what is being removed.
    await daemon?.stop()
    await clearGround(home)
  }
  try {
    const { archive, imageName } = await makeArchive(home)
    daemon = await startDaemon(home)
    // The client too makes temporary mounts: to make a container it looks into the image.
    const env = { ...process.env, TMPDIR: join(home, 'tmp') }
    const ctr = (...args) => run(['ctr', '--address', join(home, 'sock'), '--namespace', namespace, ...args], { env })
    await ctr('images', 'import', '--snapshotter', 'overlayfs', archive)

    const containerId = randomBytes(32).toString('hex')
    await ctr('containers', 'create', '--snapshotter', 'overlayfs', imageName, containerId)
    const target = join(home, 'state/io.containerd.runtime.v2.task', namespace, containerId, 'rootfs')
    await mkdir(target, { recursive: true })
    const words = (await ctr('snapshots', 'mounts', target, containerId)).split(' ')
    // util-linux 2.39 and later would hand lowerdir= to fsconfig, which takes no more than 255 bytes of it.
    await run(words, { env: { ...process.env, LIBMOUNT_FORCE_MOUNT2: 'always' } })
    await applyToTree(target, containerStep)

    const { lowerdir, upperdir, workdir } = Object.fromEntries(words.at(-1).split(',').map((option) => option.split('=')))
    const layers = lowerdir.split(':')
    const snapshots = [upperdir, ...layers].map((path) => /\/snapshots\/(\d+)\/fs$/.exec(path)[1])
    const keys = await keyChain(ctr, containerId)
    return {
      kind: 'containerd',
      layers,
      live: { target, upper: upperdir, work: workdir },
      snapshots,
      snapshotKeys: Object.fromEntries(snapshots.map((id, index) => [id, keys[index]])),
      namespace,
      containerId,
      imageName,
      expectations: expectationsOf([...imageSteps(), containerStep]),
      changes: containerChanges,
      daemonPid: daemon.pid,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function makeArchive(home) {
  const store = await makeBuildahStore(join(home, 'image'))
  try {
    const archive = join(home, 'image.tar')
    await store.pushArchive(archive)
    return { archive, imageName: store.imageName }
  } finally {
    await store.close()
  }
}

async function startDaemon(home) {
  const at = (name) => join(home, name)
  // A Unix socket's path has room for 107 bytes (unix(7)); the daemon adds ".ttrpc" to this one for its second socket.
  if (at('sock.ttrpc').length > 107) throw new Error(`"${home}" is too long a path for the sockets of containerd`)
  await mkdir(at('tmp'), { recursive: true })
  await writeFile(
    at('config.toml'),
    `version = 2\nroot = "${at('root')}"\nstate = "${at('state')}"\ndisabled_plugins = ${JSON.stringify(unneeded)}\n` +
      `[grpc]\naddress = "${at('sock')}"\n`,
  )
  const log = await open(at('log'), 'w')
  // With setpriv the kernel ends the daemon when this process dies in whatever way, so that a killed test leaves none.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'containerd', '--config', at('config.toml')], {
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, TMPDIR: at('tmp') },
  })
  await log.close()
  const gone = new Promise((resolve) => child.once('error', resolve).once('exit', resolve))
  const isGone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const stop = async () => {
    if (isGone()) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(timer)
  }

  for (const deadline = Date.now() + 20_000; ; ) {
    try {
      await run(['ctr', '--address', at('sock'), '--connect-timeout', '1s', 'version'])
      return { pid: child.pid, stop }
    } catch (error) {
      if (isGone() || Date.now() > deadline) {
        await stop()
        throw new Error(`containerd does not answer: ${error.message}\n${(await readFile(at('log'), 'utf8')).slice(-2000)}`, { cause: error })
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

/** Snapshot names from the container's own down to the image's lowest layer: the order of the mount's layers. */
async function keyChain(ctr, containerKey) {
  const rows = (await ctr('snapshots', '--snapshotter', 'overlayfs', 'list')).split('\n').slice(1).map((row) => row.trim().split(/\s+/))
  // Columns KEY PARENT KIND; the lowest has no parent.
  const parents = new Map(rows.map(([key, ...rest]) => [key, rest.length > 1 ? rest[0] : undefined]))
  const keys = []
  for (let key = containerKey; key; key = parents.get(key)) keys.push(key)
  return keys
}
