/** Story 6: the layers of containers, in real stores: decoded, named, and mounted once more by ovl. */

import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { list, inspect, unmount } from '../../../src/index.ts'
import type { Inspection, OverlayMount } from '../../../src/index.ts'
import { ROOT, envelope } from '../../support/command.ts'
import { makeShell } from '../../support/shell.ts'
import { makeBuildahStore } from '../../support/stores/buildah.mjs'
import { makeContainerdStore } from '../../support/stores/containerd.mjs'
import { makeDockerLayout } from '../../support/stores/docker-layout.mjs'
import { expectationsOf, imageSteps } from '../../support/stores/image-recipe.mjs'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const { sh } = makeShell(ground)

interface Store {
  readonly kind: 'buildah' | 'containerd' | 'docker'
  readonly layers: readonly string[]
  readonly live: { readonly target: string; readonly upper: string; readonly work: string }
  readonly containerId: string
  readonly containerName?: string
  readonly imageName: string
  readonly mountId?: string
  readonly snapshots?: readonly string[]
  readonly expectations: readonly Expectation[]
  readonly close: () => Promise<void>
}

interface Expectation {
  readonly path: string
  readonly content: string | null
}

interface Kind {
  readonly name: string
  readonly make: (dir: string) => Promise<Store>
  readonly tools: readonly string[]
  readonly layers: number
  readonly maker: (store: Store) => OverlayMount['maker']
  /** Ids of the layers, topmost lower first, then of the container's own. */
  readonly ids: (store: Store) => (string | undefined)[]
  /** containerd keeps its names in a database that ovl does not read. */
  readonly hasNames: boolean
}

/** Directory two above the layer's own: what Docker and containers-storage call it. */
const idOf = (layer: string): string | undefined => layer.split('/').at(-2)

const docker = { tools: [], layers: 25, maker: ({ mountId = '' }: Store) => ({ name: 'docker', id: mountId }) as const, ids: ({ layers, live }: Store) => [...layers, live.upper].map(idOf), hasNames: true }

const KINDS: readonly Kind[] = [
  { name: 'buildah', make: makeBuildahStore as Kind['make'], tools: ['buildah', 'busybox'], layers: 5, maker: ({ live }) => ({ name: 'containers-storage', id: idOf(live.upper) as string }), ids: docker.ids, hasNames: true },
  { name: 'containerd', make: makeContainerdStore as Kind['make'], tools: ['containerd', 'ctr', 'buildah', 'busybox'], layers: 5, maker: ({ containerId }) => ({ name: 'containerd', id: containerId }), ids: ({ snapshots = [] }) => [...snapshots.slice(1), snapshots[0]], hasNames: false },
  { ...docker, name: 'docker', make: ((dir) => makeDockerLayout(dir)) as Kind['make'] },
  { ...docker, name: 'docker, with relative names', make: ((dir) => makeDockerLayout(dir, { paths: 'relative' })) as Kind['make'] },
]

describe.each(KINDS)('$name', ({ make, tools, layers: count, maker, ids, hasNames }) => {
  const missing = tools.filter((tool) => !hasTool(tool))
  let store: Store
  // Short: a daemon's sockets lie in it.
  const dir = `${ground}/${Math.random().toString(36).slice(2, 7)}`
  beforeAll(async () => {
    if (missing.length === 0) store = await make(dir)
  })
  afterAll(() => store?.close())

  test.skipIf(missing.length > 0)('list names its maker and its layers by true paths', async () => {
    const mounts = envelope(sh('/', 'ovl list --json')).data as OverlayMount[]
    const found = mounts.find(({ target }) => target === store.live.target)
    expect(found).toMatchObject({ ...store.live, maker: maker(store), readOnly: false, type: 'overlay' })
    // Docker and containers-storage mount by the short links below l/.
    expect(found?.lower.map((path) => realpathSync(path))).toEqual(store.layers)
    expect(found?.lower.length).toBeGreaterThanOrEqual(count)
    expect(found?.unresolved).toBeUndefined()
    expect(await list()).toContainEqual(found)
  })

  test.skipIf(missing.length > 0)('inspect names each layer, its images and the container', async () => {
    const inspection = await inspect(`${store.live.target}/etc/motd`)
    const shown = (role: string): Inspection['layers'] => inspection.layers.filter((layer) => layer.role === role)
    const found = [...shown('lower'), ...shown('upper')]
    expect(found.map(({ path, exists }) => [realpathSync(path), exists])).toEqual([...store.layers, store.live.upper].map((path) => [path, true]))
    expect(found.map(({ identity }) => identity?.layer)).toEqual(ids(store))
    expect(inspection.findings.filter(({ severity }) => severity === 'error')).toEqual([])
    if (!hasNames) return
    const { kind, containerId: id, containerName: name, imageName } = store
    const container = { id, name, image: imageName, ...(kind === 'buildah' ? { engine: 'buildah' } : {}) }
    expect(inspection.container).toEqual(container)
    // Docker puts a layer of the container's own between its upper and the image.
    const ofImage = shown('lower').filter(({ identity }) => identity?.layer?.endsWith('-init') !== true)
    expect(ofImage).toHaveLength(count)
    for (const { identity } of ofImage) expect(identity?.images).toEqual([imageName])
    for (const { identity } of shown('lower').filter((layer) => !ofImage.includes(layer))) expect(identity?.container?.id).toBe(id)
    expect(shown('upper')[0]?.identity?.container).toEqual(container)
    const picture = sh('/', 'ovl inspect "$1"', [store.live.target]).stdout
    for (const words of [name as string, imageName]) expect(picture).toContain(words)
  })

  test.skipIf(missing.length > 0)('ovl mounts the layers: the image, and with its upper the container', async () => {
    const target = `${dir}-again`
    mkdirSync(target)
    const image = expectationsOf(imageSteps(count)) as Expectation[]
    for (const [layers, expectations] of [[store.layers, image], [[store.live.upper, ...store.layers], store.expectations]] as const) {
      const answer = envelope(sh('/', `target=$1; shift; ovl mount --json $(printf ' -l %s' "$@") --tmpfs "$target"`, [target, ...layers]))
      expect(answer, JSON.stringify(answer.error)).toMatchObject({ ok: true, data: { lower: layers } })
      expect(contents(target, expectations)).toEqual(expectations)
      expect(sh(target, 'echo mine > etc/motd; rm opt/app/new; cat etc/motd').stdout).toBe('mine\n')
      expect(sh('/', 'ovl umount "$1"', [target])).toEqual({ code: 0, stdout: '', stderr: '' })
    }
    expect(contents(store.live.target, store.expectations)).toEqual(store.expectations)
  })

  test.skipIf(missing.length > 0)('the example finds the container in its store', () => {
    const { code, stdout, stderr } = sh('/', 'exec sh "$1" "$2" 2>&1', [`${ROOT}examples/06-container-store.sh`, dir], { TMPDIR: ground })
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toContain(store.live.target)
    for (const id of ids(store)) expect(stdout).toContain(hasNames ? id?.slice(0, 12) : `/snapshots/${id}/fs`)
  })

  test.skipIf(missing.length > 0)('ovl takes down what a runtime has put up, where it is told to', async () => {
    await expect(unmount(store.live.target)).rejects.toMatchObject({ code: 'owned-elsewhere' })
    expect((await unmount(store.live.target, { force: true })).unmounted).toEqual([store.live.target])
    expect(existsSync(`${store.live.target}/etc/motd`)).toBe(false)
  })
})

function contents(root: string, expectations: readonly Expectation[]): Expectation[] {
  return expectations.map(({ path }) => ({ path, content: existsSync(root + path) ? readFileSync(root + path, 'utf8') : null }))
}
