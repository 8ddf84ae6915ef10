import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { list, survey } from '../../../src/ops/list.ts'
import { mount } from '../../../src/ops/mount.ts'
import { overlay } from '../../../src/overlay/builder.ts'
import { bundle, hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const fresh = (): string => {
  const at = mkdtempSync(`${ground}/t`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm', 'n']) mkdirSync(`${at}/${name}`)
  return at
}
const sh = (script: string, cwd: string): string => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8' })

test('a mount of mount(8), a mount of ovl, one relative to a directory, one with both in its stack', async () => {
  const at = fresh()
  const other = fresh()
  sh('mount -t overlay plain -o lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w,volatile $PWD/m', at)
  await mount(overlay().lower(`${other}/l1`).lower(`${other}/l2`).upper(`${other}/u`).work(`${other}/w`).at(`${other}/m`), { remember: true, via: 'mount2', forms: ['relative'] })
  const found = await list()
  expect(found.find(({ target }) => target === `${at}/m`)).toMatchObject({
    source: 'plain', lower: [`${at}/l1`, `${at}/l2`], upper: `${at}/u`, work: `${at}/w`, options: { volatile: true }, readOnly: false, maker: { name: 'unknown' },
  })
  expect(found.find(({ target }) => target === `${other}/m`)).toMatchObject({ lower: [`${other}/l1`, `${other}/l2`], upper: `${other}/u`, work: `${other}/w`, maker: { name: 'ovl' } })
})

test('a symlink as a lower: the table shows where it led', async () => {
  const at = fresh()
  sh('ln -s l1 link', at)
  await mount(overlay().lower(`${at}/link`).lower(`${at}/l2`).upper(`${at}/u`).work(`${at}/w`).at(`${at}/m`), { remember: true })
  expect((await list()).find(({ target }) => target === `${at}/m`)).toMatchObject({ upper: `${at}/u`, maker: { name: 'ovl' } })
})

test('other namespaces: what they alone have, under the names they give it', async () => {
  const at = fresh()
  sh('mount -t overlay both -o lowerdir=$PWD/l1:$PWD/l2 $PWD/m', at)
  const script = 'mount -t overlay inner -o lowerdir=$PWD/l1:$PWD/l2 $PWD/n && echo ready && exec sleep 60'
  const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script], { cwd: at, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve))
    expect((await list()).some(({ target }) => target === `${at}/n`)).toBe(false)
    const { overlays } = await survey({ allNamespaces: true })
    expect(overlays.filter(({ target }) => target === `${at}/n`)).toMatchObject([{ source: 'inner', lower: [`${at}/l1`, `${at}/l2`], namespace: { pid: child.pid } }])
    expect(overlays.filter(({ target }) => target === `${at}/m`)).toHaveLength(1)
    expect(overlays.find(({ target }) => target === `${at}/m`)?.namespace).toBeUndefined()
  } finally {
    child.kill()
  }
})

test('fuse-overlayfs shows its layers by its daemon', async ({ skip }) => {
  if (!hasTool('fuse-overlayfs')) skip('fuse-overlayfs is not installed')
  const at = fresh()
  sh('fuse-overlayfs -o lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w $PWD/m', at)
  try {
    expect((await list()).find(({ target }) => target === `${at}/m`)).toMatchObject({ type: 'fuse.fuse-overlayfs', lower: [`${at}/l1`, `${at}/l2`], upper: `${at}/u`, work: `${at}/w` })
  } finally {
    sh('umount m', at)
  }
})

test('an aborted signal', async () => {
  const error: unknown = await list({ allNamespaces: true, signal: AbortSignal.abort() }).catch((caught: unknown) => caught)
  expect(isOvlError(error) && error.code).toBe('interrupted')
})

test('without /proc there is a sentence, not a stack trace', () => {
  const script = bundle(ground, 'list', `
    import { list } from 'src/ops/list.ts'
    list().catch((error) => console.log(error.code, '|', error.message, '|', error.details.hint))
  `)
  const said = sh(`unshare --mount --propagation private sh -c 'umount --lazy /proc && exec "${process.execPath}" "${script}"'`, ground)
  expect(said).toBe("not-mounted | cannot read the mount table '/proc/self/mountinfo' (ENOENT) | Is /proc mounted? `mount -t proc proc /proc` mounts it.\n")
})
