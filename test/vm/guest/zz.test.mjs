import test from 'node:test'
import { spawnSync } from 'node:child_process'
import * as k from './syscalls.mjs'
import { scratch, must } from './scratch.mjs'
test('idmap', async t => {
  const dir = scratch(t, {on:'disk'})
  for (const [kind, make] of Object.entries({ squashfs: 'mksquashfs lower/1 i.img -quiet -no-progress', erofs: 'mkfs.erofs --quiet i.img lower/1', ext4: 'truncate -s 16M i.img; mkfs.ext4 -q -d lower/1 i.img',btrfs: 'truncate -s 128M i.img; mkfs.btrfs -q --rootdir lower/1 i.img', })) {
    const r = spawnSync('sh', ['-ec', `rm -f i.img; ${make}; mkdir -p x; mount -o loop i.img x`], { cwd: dir, encoding: 'utf8' })
    const tree = must(k.openTree(k.AT_FDCWD, `${dir}/x`, k.OPEN_TREE_CLONE))
    console.log('IDMAP', kind, r.status, r.stderr, k.idmap(tree, 1000), spawnSync('stat', ['-c', '%u', `/proc/self/fd/${tree}/from-1`], { encoding: 'utf8' }).stdout)
    spawnSync('umount', [`${dir}/x`])
  }
})
