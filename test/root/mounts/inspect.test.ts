import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { inspect } from '../../../src/ops/inspect.ts'
import type { Inspection } from '../../../src/ops/inspect.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { makeBuildahStore } from '../../support/stores/buildah.mjs'
import { makeContainerdStore } from '../../support/stores/containerd.mjs'
import { makeDockerLayout } from '../../support/stores/docker-layout.mjs'

const ground = makeGround()
const fresh = (): string => {
  const at = mkdtempSync(`${ground}/t`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm', 'n', 'm2']) mkdirSync(`${at}/${name}`)
  return at
}
const sh = (script: string, cwd: string): string => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8' })
const OVERLAY = 'mount -t overlay overlay -o lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w'
const codes = ({ findings }: Inspection): string[] => findings.map(({ severity, code }) => `${severity} ${code}`)
const failure = (target: string): Promise<unknown> => inspect(target).catch((caught: unknown) => (isOvlError(caught) ? { code: caught.code, message: caught.message, hint: caught.details.hint } : caught))

test('each layer, room, options in force', async () => {
  const at = fresh()
  sh(`mkdir l2/sub && mount -t tmpfs t l2/sub && ${OVERLAY} $PWD/m`, at)
  const found = await inspect(`${at}/m`)
  expect(found.layers.map(({ role, index, path, exists, kind }) => ({ role, index, path, exists, kind }))).toEqual([
    { role: 'lower', index: 0, path: `${at}/l1`, exists: true, kind: 'directory' },
    { role: 'lower', index: 1, path: `${at}/l2`, exists: true, kind: 'directory' },
    { role: 'upper', index: 0, path: `${at}/u`, exists: true, kind: 'directory' },
    { role: 'work', index: 0, path: `${at}/w`, exists: true, kind: 'directory' },
  ])
  expect(found.layers[0]?.mount).toMatchObject({ target: ground, fsType: 'tmpfs', source: 'ground', readOnly: false })
  expect(found.layers[1]?.mountsBelow).toEqual([`${at}/l2/sub`])
  expect(found.room?.bytes.free).toBeGreaterThan(0n)
  expect(found.room?.inodes.total).toBeGreaterThan(found.room?.inodes.free ?? 0n)
  expect(found.inForce.find(({ name }) => name === 'userxattr')).toEqual({ name: 'userxattr', value: false, origin: 'kernel' })
  expect(found.inForce.find(({ name }) => name === 'index')?.origin).toBe('module')
  expect(codes(found)).toEqual(['note lower-modified'])
})

test('any path inside, a symlink to it, a stack: the visible overlay', async () => {
  const at = fresh()
  sh(`mkdir l1/deep && ${OVERLAY} $PWD/m`, at)
  symlinkSync(`${at}/m/deep`, `${at}/link`)
  expect((await inspect(`${at}/m/deep`)).target).toBe(`${at}/m`)
  expect((await inspect(`${at}/link/.`)).target).toBe(`${at}/m`)
  sh('mount -t overlay top -o lowerdir=$PWD/l1:$PWD/l2 $PWD/m', at)
  const found = await inspect(`${at}/m`)
  expect(found).toMatchObject({ source: 'top', hides: [{ source: 'overlay', fsType: 'overlay', target: `${at}/m` }] })
  expect(codes(found)).toContain('note read-only-overlay')
})

test('what is no overlay, and what hides one', async () => {
  const at = fresh()
  expect(await failure(`${at}/m`)).toMatchObject({ code: 'not-mounted', message: `'${at}/m' is no overlay: it lies on tmpfs (ground) mounted at '${ground}'` })
  expect(await failure(`${at}/nothing`)).toMatchObject({ code: 'target-missing' })
  sh(`mkdir l1/proc && ${OVERLAY} $PWD/m && mount -t proc proc m/proc`, at)
  expect(await failure(`${at}/m/proc/self`)).toMatchObject({ code: 'not-mounted', hint: `The overlay around it is mounted at '${at}/m'.` })
})

describe('findings', () => {
  test('layers that are gone', async () => {
    const at = fresh()
    sh(`${OVERLAY} $PWD/m`, at)
    rmdirSync(`${at}/l2`)
    rmdirSync(`${at}/u`)
    const found = await inspect(`${at}/m`)
    expect(codes(found)).toEqual(['error upper-missing', 'warning lower-missing', 'note lower-modified'])
    expect(found.layers.map(({ exists }) => exists)).toEqual([true, false, false, true])
    expect(found.room).toBeDefined()
  })

  test('the kernel mounted read-only and said nothing', async () => {
    const at = fresh()
    sh('mkdir f && mount -t tmpfs -o nr_inodes=3 f f && mkdir f/u f/w && mount -t overlay o -o lowerdir=$PWD/l1,upperdir=$PWD/f/u,workdir=$PWD/f/w m', at)
    expect(codes(await inspect(`${at}/m`))).toEqual(['error work-dir-unusable', 'warning mounted-read-only', 'note lower-modified'])
  })

  test('no inodes, no space', async () => {
    const at = fresh()
    sh('mkdir f && mount -t tmpfs -o nr_inodes=7,size=1m f f && mkdir f/u f/w && mount -t overlay o -o lowerdir=$PWD/l1,upperdir=$PWD/f/u,workdir=$PWD/f/w m', at)
    sh('i=0; while touch f/file$i; do i=$((i+1)); done 2>/dev/null; head -c 2M /dev/zero >f/file0 2>/dev/null || true', at)
    expect(codes(await inspect(`${at}/m`))).toEqual(['error no-space', 'error no-inodes', 'note lower-modified'])
  })

  test('an upper that another overlay writes to, by another name', async () => {
    const at = fresh()
    sh(`mkdir alias && mount --bind u alias && ${OVERLAY} $PWD/m && mkdir w3 && mount -t overlay o -o lowerdir=$PWD/l1:$PWD/alias $PWD/m2`, at)
    sh('mount -t overlay o -o lowerdir=$PWD/l1,upperdir=$PWD/u,workdir=$PWD/w3 $PWD/n', at)
    const [first] = (await inspect(`${at}/m`)).findings
    expect(first).toMatchObject({ code: 'upper-in-use', severity: 'error', confidence: 'certain', title: `upper '${at}/u' is also upper of the overlay at '${at}/n'` })
    expect(codes(await inspect(`${at}/m2`))).toEqual(['warning lower-in-use', 'warning lower-in-use', 'note read-only-overlay', 'note lower-modified'])
  })

  test('an overlay mounted over its own lower', async () => {
    const at = fresh()
    sh('mount -t overlay o -o lowerdir=$PWD/l1,upperdir=$PWD/u,workdir=$PWD/w $PWD/l1', at)
    const found = await inspect(`${at}/l1`)
    expect(found.layers[0]).toMatchObject({ path: `${at}/l1`, covered: true })
    expect(found.layers[0]?.exists).toBeUndefined()
    expect(codes(found)).toEqual(['note lower-modified'])
  })
})

test('an image file behind a lower', async ({ skip }) => {
  if (!hasTool('mksquashfs')) skip('mksquashfs is not installed')
  const at = fresh()
  sh('mksquashfs l1 image.squashfs -quiet -no-progress && mkdir image && mount -o loop image.squashfs image && mount -t overlay o -o lowerdir=$PWD/image:$PWD/l2 m', at)
  const found = await inspect(`${at}/m`)
  expect(found.layers[0]).toMatchObject({ mount: { fsType: 'squashfs', readOnly: true }, identity: { file: `${at}/image.squashfs`, images: [] } })
})

describe('container stores', () => {
  const here = `${ground}/stores`
  const stores = [
    ['buildah', () => makeBuildahStore(`${here}/b`), 'containers-storage'],
    ['containerd', () => makeContainerdStore(`${here}/c`), 'containerd'],
    ['docker', () => makeDockerLayout(`${here}/d`, { layers: 5 }), 'docker'],
    ['docker, relative', () => makeDockerLayout(`${here}/e`, { layers: 5, paths: 'relative' }), 'docker'],
  ] as const

  test.for(stores)('%s: maker, container, and each layer by its name', async ([tool, make, maker], { skip }) => {
    if ((tool === 'buildah' || tool === 'containerd') && !hasTool(tool)) skip(`${tool} is not installed`)
    mkdirSync(here, { recursive: true })
    const store = await make()
    try {
      const found = await inspect(store.live.target)
      expect(found.maker.name).toBe(maker)
      expect(found.upper).toBe(store.live.upper)
      const container = found.container as { id: string; name?: string }
      expect(container.id).toBe(store.containerId)
      const lowers = found.layers.filter(({ role }) => role === 'lower')
      expect(lowers).toHaveLength(store.layers.length)
      expect(lowers.every(({ exists, identity }) => exists === true && identity?.store === maker && identity.layer !== undefined)).toBe(true)
      if (maker !== 'containerd') {
        expect(lowers.at(-1)?.identity?.images).toContain(store.imageName)
        expect(container.name).toBe((store as { containerName?: string }).containerName)
      }
      expect(codes(found)).toEqual(['note lower-modified'])
    } finally {
      await store.close()
    }
  })
})
