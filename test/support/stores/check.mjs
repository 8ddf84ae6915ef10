/**
 * Makes every store, looks through its live mount, takes it down, and proves that nothing is left: no mount, no process,
 * no loop device, no file of the host. Run as root: node check.mjs. Exits 1 on any failure.
 */

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { makeBuildahStore } from './buildah.mjs'
import { checkStore } from './check-store.mjs'
import { run } from './command.mjs'
import { makeContainerdStore } from './containerd.mjs'
import { makeDockerLayout } from './docker-layout.mjs'
import { mountsBelow, requirePrivateNamespace } from './ground.mjs'

const makers = {
  buildah: (dir) => makeBuildahStore(dir),
  containerd: (dir) => makeContainerdStore(dir),
  'docker, absolute': (dir) => makeDockerLayout(dir, { layers: 25 }),
  'docker, relative': (dir) => makeDockerLayout(dir, { layers: 25, paths: 'relative' }),
}

/** Places of the host where these tools write when they are not told otherwise. */
const hostPlaces = ['/etc/cni', '/etc/containers/networks', '/opt/containerd', '/run/containerd', '/run/containers', '/var/lib/containerd', '/var/lib/containers']

async function outside() {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'ovl-stores-')))
  const before = await hostState(base)
  try {
    if (isPrivate()) {
      console.log('already in a private mount namespace: the refusal to run on the host is not checked')
    } else {
      for (const [name, make] of Object.entries(makers)) await assert.rejects(make(join(base, 'refused')), /private mount namespace/, name)
      console.log('refused in the host mount namespace')
    }
    const self = [process.execPath, fileURLToPath(import.meta.url), '--inside', base]
    for (const [who, flags] of [['as root', []], ['in a user namespace', ['--user', '--map-root-user']]]) {
      console.log(who)
      const { status, signal } = spawnSync('unshare', [...flags, '--mount', '--propagation', 'private', ...self], { stdio: 'inherit' })
      assert.equal(status, 0, `the check ${who} ended with ${signal ?? status}`)
    }
    assert.deepEqual(readdirSync(base), [], 'files left')
    assert.deepEqual(processesNaming(base), [], 'processes left')
    assert.deepEqual(await hostState(base), before, 'the host was changed')
    console.log('nothing left behind')
  } finally {
    // The mounts were in a namespace that ended with the check: on this side there are only files.
    await rm(base, { recursive: true, force: true })
  }
}

async function inside(base) {
  for (const [name, make] of Object.entries(makers)) {
    const dir = join(base, name.replace(/\W+/g, '-'))
    const start = performance.now()
    const store = await make(dir)
    const made = performance.now()
    try {
      await checkStore(store)
    } finally {
      await store.close()
    }
    await store.close() // twice is once
    assert.ok(!existsSync(dir), `${dir} is still there`)
    if (store.daemonPid) assert.ok(!existsSync(`/proc/${store.daemonPid}`), 'the daemon still runs')
    console.log(`${name}: ${store.layers.length} layers, made in ${Math.round(made - start)} ms, taken down in ${Math.round(performance.now() - made)} ms`)
  }
  assert.deepEqual(await mountsBelow(base), [], 'mounts left')
}

/** Only what can be ours: others may mount and use loop devices on the same machine meanwhile. */
async function hostState(base) {
  const places = hostPlaces.map((path) => stat(path).then(({ mtimeMs }) => `${path} ${mtimeMs}`, () => `no ${path}`))
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(base)),
    loops: (await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE'])).split('\n').filter((file) => file.includes(base)),
    places: await Promise.all(places),
  }
}

function processesNaming(text) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false // it ended meanwhile
    }
  })
}

function isPrivate() {
  try {
    requirePrivateNamespace()
    return true
  } catch {
    return false
  }
}

if (process.argv[2] === '--inside') await inside(process.argv[3])
else await outside()
