/**
 * Writes fixtures/: the mountinfo line of each store and the files that give its layers their names, both of one store, so
 * that they fit each other. Run as root: unshare --mount --propagation private node capture.mjs. The ids change each time.
 */

import { mkdtemp, readFile, readdir, readlink, realpath, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { makeBuildahStore } from './buildah.mjs'
import { makeContainerdStore } from './containerd.mjs'
import { makeDockerLayout } from './docker-layout.mjs'
import { inUserNamespace, mountinfoLine } from './ground.mjs'

/** Which files of a store say what its layers are called. */
const stores = [
  {
    name: 'docker',
    make: (dir) => makeDockerLayout(dir),
    root: '.',
    keep: /^overlay2\/(l\/.*|.*\/link|[0-9a-f]{64}\/(lower|committed))$|^image\/.*\/(cache-id|diff|parent|size|mount-id|init-id)$|^image\/overlay2\/(repositories.json|imagedb\/content\/.*)$|config\.v2\.json$/,
    // Each layer's `lower` repeats the rest of its parent's: only the container's own is of use.
    drop: ({ mountId }) => new RegExp(`^overlay2/(?!${mountId}/).*/lower$`),
  },
  { name: 'docker-relative', make: (dir) => makeDockerLayout(dir, { layers: 6, paths: 'relative' }) },
  {
    name: 'buildah',
    make: makeBuildahStore,
    root: 'root',
    keep: /^overlay\/(l\/.*|[0-9a-f]+\/(link|lower))$|^overlay-(layers|images|containers)\/[a-z]+\.json$/,
    // buildah leaves a bind mount of the storage on itself: no overlay, but it is what the overlay is mounted on.
    alsoMounted: 'root/overlay',
  },
  { name: 'containerd', make: makeContainerdStore, root: 'root', keep: /\/meta(data)?\.db$/ },
]

const suffix = inUserNamespace() ? '-rootless' : ''
const fixtures = join(import.meta.dirname, 'fixtures')
const base = await realpath(await mkdtemp(join(tmpdir(), 'ovl-capture-')))
for (const { name, make, root, keep, drop, alsoMounted } of stores) {
  const dir = join(base, 's')
  const store = await make(dir)
  try {
    const targets = [...(alsoMounted ? [join(dir, alsoMounted)] : []), store.live.target]
    const lines = await Promise.all(targets.map(mountinfoLine))
    await writeFile(join(fixtures, `${name}${suffix}.mountinfo`), lines.map((line) => `${neutral(line, dir)}\n`).join(''))
    if (keep && !suffix) {
      const files = await collect(join(dir, root), keep, drop?.(store))
      await writeFile(join(fixtures, `${name}.store.json`), `${JSON.stringify({ root: join('/store', root), files }, null, 1)}\n`)
    }
  } finally {
    await store.close()
  }
}
await rmdir(base)

/** The kernel's line with /store for the directory, and without what it tells of this machine's disk. */
function neutral(line, dir) {
  return line.replaceAll(dir, '/store').replace(/ - (ext4|xfs|btrfs|tmpfs) .*/, ' - ext4 /dev/sda1 rw')
}

/** Path → text, or what a path is that is no text: { symlink }, { json } for a .json file, { gzip } in base64. */
async function collect(root, keep, drop) {
  const files = {}
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(root.length).replace(/^\//, '')
    if (entry.isDirectory() || !keep.test(name) || drop?.test(name)) continue
    if (entry.isSymbolicLink()) files[name] = { symlink: await readlink(path) }
    else if (name.endsWith('.db')) files[name] = { gzip: gzipSync(await readFile(path)).toString('base64') }
    else if (name.endsWith('.json')) files[name] = { json: JSON.parse(await readFile(path, 'utf8')) }
    else files[name] = await readFile(path, 'utf8')
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
}
