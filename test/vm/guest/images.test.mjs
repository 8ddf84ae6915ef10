// What ovl puts up beside an overlay, on 6.1: images of every kind, a tmpfs, id-mapped clones. All of it goes with the overlay.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { list, mount, overlay, unmount } from 'ovl'
import { mountAt, scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'

function shell(dir) {
  return script => {
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { cwd: dir, encoding: 'utf8' })
    assert.equal(status, 0, `${script}: ${stderr}`)
    return stdout
  }
}

/** How each is made of lower/1. */
const KINDS = {
  squashfs: 'mksquashfs lower/1 i.img -quiet -no-progress',
  erofs: 'mkfs.erofs --quiet i.img lower/1',
  ext4: 'truncate -s 16M i.img; mkfs.ext4 -q -d lower/1 i.img',
  xfs: 'truncate -s 300M i.img; mkfs.xfs -q i.img; mkdir x; mount -o loop i.img x; cp lower/1/* x; umount x',
  iso9660: 'genisoimage -quiet -R -o i.img lower/1',
  btrfs: 'truncate -s 128M i.img; mkfs.btrfs -q --rootdir lower/1 i.img',
}

for (const [kind, make] of Object.entries(KINDS)) {
  test(`a ${kind} image as a lower, under a writable upper`, async t => {
    const dir = scratch(t, { on: 'disk' })
    const sh = shell(dir)
    sh(make)
    await leavingNothing(async () => {
      const mounted = await mount(overlay().lower(`${dir}/i.img`, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`))
      assert.deepEqual(mounted.warnings, [])
      assert.deepEqual(readdirSync(`${dir}/merged`).filter(name => name !== 'lost+found').sort(), ['from-1', 'from-2'])
      assert.equal(readFileSync(`${dir}/merged/from-1`, 'utf8'), '1\n')
      writeFileSync(`${dir}/merged/from-1`, 'changed')
      const [part] = mounted.parts
      assert.deepEqual([part.what, part.source, mountAt(part.at).type], ['image', `${dir}/i.img`, kind])
      const [found] = (await list()).filter(({ target }) => target === mounted.target)
      assert.deepEqual([found.lower, found.maker.name], [[part.at, `${dir}/lower/2`], 'ovl'])
      await mounted.unmount()
    })
    assert.equal(readFileSync(`${dir}/upper/from-1`, 'utf8'), 'changed')
  })
}

for (const kind of ['ext4', 'xfs', 'btrfs']) {
  test(`a ${kind} image with a journal that was not written back`, async t => {
    const dir = scratch(t, { on: 'disk' })
    shell(dir)(`${KINDS[kind]}; mkdir live; mount -o loop i.img live; echo new > live/new; sync -f live`)
    // btrfs refuses a second device with the ids of one that is mounted.
    if (kind === 'btrfs') shell(dir)('cp i.img copy.img; umount live; mv copy.img i.img')
    await leavingNothing(async () => {
      const mounted = await mount(overlay().lower(`${dir}/i.img`, `${dir}/lower/2`).at(`${dir}/merged`))
      assert.equal(readFileSync(`${dir}/merged/from-1`, 'utf8'), '1\n')
      await mounted.unmount()
    })
  })
}

test('the same image twice, and two images at once', async t => {
  const dir = scratch(t, { on: 'disk' })
  shell(dir)(`${KINDS.squashfs}; mv i.img 1.img; ${KINDS.squashfs.replace('lower/1', 'lower/2')}; mkdir other`)
  await leavingNothing(async () => {
    const first = await mount(overlay().lower(`${dir}/1.img`, `${dir}/i.img`).at(`${dir}/merged`))
    const second = await mount(overlay().lower(`${dir}/1.img`, `${dir}/i.img`).at(`${dir}/other`))
    for (const { target } of [first, second]) assert.deepEqual(readdirSync(target).sort(), ['from-1', 'from-2'])
    await first.unmount()
    assert.deepEqual(readdirSync(second.target).sort(), ['from-1', 'from-2'])
    await unmount(second.target)
  })
})

test('a second btrfs with the same ids is refused, and the message says why', async t => {
  const dir = scratch(t, { on: 'disk' })
  shell(dir)(`${KINDS.btrfs}; mkdir live; cp i.img copy.img; mount -o loop copy.img live`)
  await leavingNothing(() => assert.rejects(mount(overlay().lower(`${dir}/i.img`, `${dir}/lower/2`).at(`${dir}/merged`)), error => {
    assert.equal(error.code, 'image-unreadable')
    assert.match(error.message, /i\.img'.* same ids/)
    return true
  }))
})

test('a damaged image is named, and nothing stays', async t => {
  const dir = scratch(t, { on: 'disk' })
  shell(dir)(`${KINDS.squashfs}; truncate -s 200 i.img`)
  await leavingNothing(() => assert.rejects(mount(overlay().lower(`${dir}/i.img`, `${dir}/lower/2`).at(`${dir}/merged`)), error => {
    assert.equal(error.code, 'image-unreadable', error.message)
    assert.ok(error.message.includes(`'${dir}/i.img'`))
    return true
  }))
})

test('a failure after the images are up takes them down again', async t => {
  const dir = scratch(t, { on: 'disk' })
  shell(dir)(KINDS.squashfs)
  await leavingNothing(() => assert.rejects(mount(overlay().lower(`${dir}/i.img`, `${dir}/lower/2`).at(`${dir}/nope`)), { code: 'target-missing' }))
})

test('upper and work on a tmpfs of their own', async t => {
  const dir = scratch(t, { on: 'disk' })
  await leavingNothing(async () => {
    const mounted = await mount(overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).tmpfs('8m').at(`${dir}/merged`))
    assert.deepEqual(mounted.warnings, [])
    writeFileSync(`${dir}/merged/from-1`, 'changed')
    assert.equal(readFileSync(`${dir}/lower/1/from-1`, 'utf8'), '1\n')
    assert.throws(() => writeFileSync(`${dir}/merged/big`, Buffer.alloc(9 << 20)), { code: 'ENOSPC' })
    assert.equal(statSync(`${dir}/merged`).uid, 0)
    const [found] = (await list()).filter(({ target }) => target === mounted.target)
    assert.equal(found.upper, mounted.upper)
    assert.equal(found.readOnly, false)
    await mounted.unmount()
  })
})

test('an id-mapped lower: a directory and an image', async t => {
  const dir = scratch(t, { on: 'disk' })
  shell(dir)(KINDS.erofs)
  const [lower, image] = [{ path: `${dir}/lower/1`, idmap: '0:1000:10' }, { path: `${dir}/i.img`, idmap: 'u:0:1000:10 g:0:2000:10' }]
  await leavingNothing(async () => {
    const mounted = await mount(overlay().lower(lower, `${dir}/lower/2`).at(`${dir}/merged`))
    assert.deepEqual(['from-1', 'from-2'].map(name => statSync(`${dir}/merged/${name}`).uid), [1000, 0])
    assert.equal(statSync(`${dir}/lower/1/from-1`).uid, 0)
    await mounted.unmount()
  })
  await leavingNothing(async () => {
    const mounted = await mount(overlay().lower(image, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`))
    const { uid, gid } = statSync(`${dir}/merged/from-1`)
    assert.deepEqual([uid, gid], [1000, 2000])
    await mounted.unmount()
  })
})

test('an id-mapped lower on tmpfs, which learnt it in 6.3, is refused by name', async t => {
  const dir = scratch(t)
  await leavingNothing(() => assert.rejects(mount(overlay().lower({ path: `${dir}/lower/1`, idmap: '0:1000:10' }, `${dir}/lower/2`).at(`${dir}/merged`)), error => {
    assert.equal(error.code, 'idmap-unsupported', error.message)
    assert.equal(error.findings[0].confidence, 'certain')
    assert.ok(error.message.includes(`'${dir}/lower/1'`))
    return true
  }))
})
