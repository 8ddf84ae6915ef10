/**
 * A real containers/storage store (the one of podman and buildah), built from scratch without a registry, with a working
 * container mounted by buildah itself. Nothing of the host's own store or configuration is read or written.
 */

import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { run } from './command.mjs'
import { clearGround, openGround } from './ground.mjs'
import { addBusybox, applyToTree, containerChanges, containerStep, expectationsOf, imageSteps } from './image-recipe.mjs'

const imageName = 'localhost/ovl/sample:latest'
const containerName = 'ovl-sample-container'

/**
 * @param {string} dir made if missing, removed by close()
 * @returns {Promise<{
 *   kind: 'buildah', layers: string[], live: { target: string, upper: string, work: string },
 *   containerId: string, containerName: string, imageId: string, imageName: string,
 *   expectations: { path: string, content: string | null }[], changes: { path: string, kind: string }[],
 *   pushArchive: (file: string) => Promise<void>, close: () => Promise<void> }>}
 * `layers` are the lowers of the live mount as real directories, topmost first.
 */
export async function makeBuildahStore(dir) {
  const home = await openGround(dir)
  try {
    const buildah = await configure(home)
    const imageId = await buildImage(buildah, home)
    await buildah.apart('from', '--pull-never', '--name', containerName, imageName)
    const target = await buildah.here('mount', containerName)
    await applyToTree(target, containerStep)

    const container = (await readJson(home, 'overlay-containers/containers.json')).find(({ names }) => names.includes(containerName))
    return {
      kind: 'buildah',
      ...(await layersOf(home, container.layer)),
      containerId: container.id,
      containerName,
      imageId,
      imageName,
      expectations: expectationsOf([...imageSteps(), containerStep]),
      changes: containerChanges,
      pushArchive: async (file) => {
        await buildah.apart('push', '--quiet', ...policy(home), '--disable-compression', imageName, `oci-archive:${file}:${imageName}`)
      },
      // The store also holds a bind mount of its `overlay` directory on itself; clearing the ground takes both.
      close: () => clearGround(home),
    }
  } catch (error) {
    await clearGround(home)
    throw error
  }
}

/**
 * Writes a configuration of the store's own and gives two ways to run buildah with it: `here`, in the present mount
 * namespace, for the mounts that must be seen; and `apart`, where the host's /var/lib is out of reach.
 */
async function configure(home) {
  if (home.startsWith('/var/lib/')) throw new Error(`"${home}": a store below /var/lib would hide itself`)
  const at = (name) => join(home, name)
  for (const name of ['conf/registries.d', 'conf/net', 'conf/cni', 'conf/hooks', 'tmp', 'home']) await mkdir(at(name), { recursive: true })
  await writeFile(at('conf/storage.conf'), `[storage]\ndriver = "overlay"\ngraphroot = "${at('root')}"\nrunroot = "${at('run')}"\n`)
  await writeFile(at('conf/registries.conf'), '')
  await writeFile(at('conf/auth.json'), '{}\n')
  await writeFile(at('conf/policy.json'), '{ "default": [{ "type": "insecureAcceptAnything" }] }\n')
  // The network is not used, but its set-up takes lock files, by default under /etc and /run: buildah 1.28 writes there
  // even for `from`. Only the cni backend keeps all of them in one directory that can be named.
  await writeFile(
    at('conf/containers.conf'),
    `[network]\nnetwork_backend = "cni"\nnetwork_config_dir = "${at('conf/net')}"\ncni_plugin_dirs = ["${at('conf/cni')}"]\n` +
      `[engine]\nhooks_dir = ["${at('conf/hooks')}"]\n`,
  )
  const env = {
    PATH: process.env.PATH,
    HOME: at('home'),
    TMPDIR: at('tmp'),
    XDG_CONFIG_HOME: at('home'),
    XDG_RUNTIME_DIR: at('run'),
    BUILDAH_ISOLATION: 'chroot',
    CONTAINERS_CONF: at('conf/containers.conf'),
    CONTAINERS_STORAGE_CONF: at('conf/storage.conf'),
    CONTAINERS_REGISTRIES_CONF: at('conf/registries.conf'),
    REGISTRY_AUTH_FILE: at('conf/auth.json'),
  }
  const flags = ['--root', at('root'), '--runroot', at('run'), '--storage-driver', 'overlay', '--registries-conf-dir', at('conf/registries.d')]
  // As root the cache of blobs seen is always below /var/lib/containers: no option or variable moves it.
  const hideCache = 'mount -n -t tmpfs tmpfs /var/lib && exec "$@"'
  return {
    here: (...args) => run(['buildah', ...flags, ...args], { env }),
    apart: (...args) => run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', hideCache, 'sh', 'buildah', ...flags, ...args], { env }),
  }
}

const policy = (home) => ['--signature-policy', join(home, 'conf/policy.json')]

/** One commit a step, each in the way that is most natural for it, so that copy, run and mount all leave their traces. */
async function buildImage(buildah, home) {
  // A user namespace with one id mapped may not set groups, and `buildah run` insists on it.
  const canRun = (await readFile('/proc/self/setgroups', 'utf8')).trim() === 'allow'
  let image = 'scratch'
  const steps = imageSteps()
  for (const step of steps) {
    const container = await buildah.apart('from', '--pull-never', image)
    if (image === 'scratch') {
      const context = join(home, 'tmp/context')
      await addBusybox(context)
      await applyToTree(context, step)
      await buildah.apart('copy', '--quiet', container, context, '/')
    } else if (canRun && step.gone && !step.files) {
      await buildah.apart('run', container, '--', '/bin/busybox', 'rm', ...step.gone)
    } else {
      await applyToTree(await buildah.here('mount', container), step)
      await buildah.here('umount', container)
    }
    const name = step === steps.at(-1) ? [imageName] : []
    image = await buildah.apart('commit', '--quiet', '--rm', ...policy(home), container, ...name)
  }
  return image
}

async function layersOf(home, layer) {
  const overlay = join(home, 'root/overlay')
  const links = (await readFile(join(overlay, layer, 'lower'), 'utf8')).split(':')
  const layers = await Promise.all(links.map(async (link) => resolve(overlay, 'l', await readlink(join(overlay, link)))))
  const [target, upper, work] = ['merged', 'diff', 'work'].map((name) => join(overlay, layer, name))
  return { layers, live: { target, upper, work } }
}

const readJson = async (home, name) => JSON.parse(await readFile(join(home, 'root', name), 'utf8'))
