// What Debian 12's 6.1 kernel does, looked at without ovl: the facts of MEASURED-6.1.md that ovl builds on.
// A fact that changes here is not a bug of ovl, but its code for older kernels has lost its ground.

import assert from 'node:assert/strict'
import { closeSync, constants as O, existsSync, mkdirSync, openSync, readFileSync, readdirSync } from 'node:fs'
import { release } from 'node:os'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { mountAt, must, scratch } from './scratch.mjs'
import * as k from './syscalls.mjs'

const O_PATH = 0x200000

/** Opens a context, hands it to `use`, closes it. */
function context(use) {
  const fs = must(k.fsopen('overlay', 1))
  try {
    return use(fs)
  } finally {
    closeSync(fs)
  }
}

/** Sets the parameters, each of which has to be taken, and returns what CREATE says, with both logs. */
function createWith(params) {
  return context(fs => {
    for (const [key, value] of params) must(value === undefined ? k.setFlag(fs, key) : k.setString(fs, key, value))
    const { result, log } = k.kernelLog(() => k.create(fs))
    return { errno: result.errno, kernel: log, context: k.contextLog(fs) }
  })
}

const lowers = dir => [['lowerdir', `${dir}/lower/1:${dir}/lower/2`]]
const writable = dir => [...lowers(dir), ['upperdir', `${dir}/upper`], ['workdir', `${dir}/work`]]

test('the kernel is 6.1 and its overlay is a module that loads itself', () => {
  assert.match(release(), /^6\.1\./)
  context(() => {})
  assert.match(readFileSync('/proc/filesystems', 'utf8'), /\toverlay$/m)
  assert.equal(readFileSync('/sys/module/overlay/parameters/redirect_always_follow', 'utf8'), 'Y\n')
})

test('SET_FD, SET_PATH and SET_BINARY are refused with EOPNOTSUPP, without a word', t => {
  const dir = scratch(t)
  const fd = openSync(`${dir}/lower/1`, O_PATH | O.O_DIRECTORY)
  t.after(() => closeSync(fd))
  context(fs => {
    for (const key of ['lowerdir+', 'lowerdir', 'upperdir']) assert.equal(k.setFd(fs, key, fd).errno, 'EOPNOTSUPP')
    assert.equal(k.fsconfig(fs, k.CMD.PATH, 'lowerdir', `${dir}/lower/1`, k.AT_FDCWD).errno, 'EOPNOTSUPP')
    assert.equal(k.fsconfig(fs, k.CMD.BINARY, 'lowerdir', 'x', 1).errno, 'EOPNOTSUPP')
    assert.deepEqual(k.contextLog(fs), [])
  })
})

test('any key is taken at SET, and CREATE names the first that overlay does not know, in the kernel log only', t => {
  const dir = scratch(t)
  for (const key of ['nosuchkey', 'lowerdir+', 'datadir+', 'fsync', 'verity']) {
    const { errno, kernel, context: log } = createWith([...lowers(dir), [key, '/x']])
    assert.equal(errno, 'EINVAL')
    assert.deepEqual(kernel, [`overlayfs: unrecognized mount option "${key}=/x" or missing value`])
    assert.deepEqual(log, [])
  }
})

test('a value with a comma is refused at SET, escaped or not, and the context log says so', t => {
  const dir = scratch(t)
  context(fs => {
    for (const value of [`${dir}/a,b`, `${dir}/a\\,b`]) {
      assert.equal(k.setString(fs, 'lowerdir', value).errno, 'EINVAL')
      assert.deepEqual(k.contextLog(fs), ["e VFS: Legacy: Option 'lowerdir' contained comma"])
    }
    must(k.setString(fs, 'lowerdir', lowers(dir)[0][1]))
    must(k.create(fs))
  })
})

test('a value has at most 255 bytes; one more is EINVAL with both logs empty', () => {
  context(fs => {
    must(k.setString(fs, 'lowerdir', '/'.repeat(255)))
    const { result, log } = k.kernelLog(() => k.setString(fs, 'lowerdir', '/'.repeat(256)))
    assert.equal(result.errno, 'EINVAL')
    assert.deepEqual([...log, ...k.contextLog(fs)], [])
  })
})

test('all values together, joined by commas, have at most 4095 bytes', () => {
  context(fs => {
    // 15 times `k=` and 253 bytes with a comma between are 3839; 255 are left after one comma more.
    for (let n = 0; n < 15; n++) must(k.setString(fs, 'k', 'v'.repeat(253)))
    assert.equal(k.setString(fs, 'k', 'v'.repeat(255)).errno, 'EINVAL')
    assert.deepEqual(k.contextLog(fs), ['e VFS: Legacy: Cumulative options too large'])
    assert.equal(k.setString(fs, 'k', 'v'.repeat(254)).errno, 'EINVAL')
    k.contextLog(fs)
    must(k.setString(fs, 'k', 'v'.repeat(253)))
  })
})

test('a missing lower is found at CREATE, and the path is in the kernel log only', t => {
  const dir = scratch(t)
  const { errno, kernel, context: log } = createWith([['lowerdir', `${dir}/lower/1:${dir}/nope`]])
  assert.equal(errno, 'ENOENT')
  assert.deepEqual(kernel, [`overlayfs: failed to resolve '${dir}/nope': -2`])
  assert.deepEqual(log, [])
})

test('a lone lower without upper hides that it is missing: the count is checked first', t => {
  const dir = scratch(t)
  for (const path of [`${dir}/nope`, `${dir}/lower/1`]) {
    const { errno, kernel } = createWith([['lowerdir', path]])
    assert.equal(errno, 'EINVAL')
    assert.deepEqual(kernel, ['overlayfs: at least 2 lowerdir are needed while upperdir nonexistent'])
  }
})

test('after CREATE the context is dead: EBUSY', t => {
  const dir = scratch(t)
  context(fs => {
    assert.equal(k.create(fs).errno, 'EINVAL')
    assert.equal(k.create(fs).errno, 'EBUSY')
    assert.equal(k.setString(fs, 'lowerdir', dir).errno, 'EBUSY')
  })
})

test('CREATE_EXCL, statmount, listmount and mounting beneath are not there', t => {
  const dir = scratch(t)
  context(fs => assert.equal(k.fsconfig(fs, k.CMD.CREATE_EXCL, null, null, 0).errno, 'EOPNOTSUPP'))
  const tree = must(k.openTree(k.AT_FDCWD, `${dir}/lower/1`, k.OPEN_TREE_CLONE))
  t.after(() => closeSync(tree))
  assert.equal(k.moveMount(tree, '', k.AT_FDCWD, `${dir}/merged`, k.MOVE_MOUNT_F_EMPTY_PATH | k.MOVE_MOUNT_BENEATH).errno, 'EINVAL')
  assert.equal(k.statmount(null, null, 0, 0).errno, 'ENOSYS')
})

test('fsopen to move_mount works with strings, and is not mounted before it is attached', t => {
  const dir = scratch(t)
  context(fs => {
    for (const [key, value] of [['source', 'mine'], ...writable(dir)]) must(k.setString(fs, key, value))
    must(k.setFlag(fs, 'volatile'))
    must(k.create(fs))
    const mounted = must(k.fsmount(fs, 1, 0))
    assert.deepEqual(readdirSync(`/proc/self/fd/${mounted}`).sort(), ['from-1', 'from-2'])
    assert.equal(mountAt(`${dir}/merged`), undefined)
    must(k.moveMount(mounted, '', k.AT_FDCWD, `${dir}/merged`, k.MOVE_MOUNT_F_EMPTY_PATH))
    closeSync(mounted)
  })
  assert.deepEqual(mountAt(`${dir}/merged`), {
    target: `${dir}/merged`, flags: 'rw,relatime', type: 'overlay', source: 'mine',
    options: `rw,lowerdir=${dir}/lower/1:${dir}/lower/2,upperdir=${dir}/upper,workdir=${dir}/work,volatile`,
  })
})

test('mount(2) takes escaped commas and colons, and mountinfo shows what was typed', t => {
  const dir = scratch(t)
  for (const name of ['a,b', 'c:d', 'e f']) mkdirSync(`${dir}/${name}`)
  must(k.mount('overlay', `${dir}/merged`, 'overlay', 0, `lowerdir=${dir}/a\\,b:${dir}/c\\:d:${dir}/e f`))
  assert.equal(mountAt(`${dir}/merged`).options, `ro,lowerdir=${dir}/a\\134\\054b:${dir}/c\\134:d:${dir}/e\\040f`)
})

test('mount(2) cuts its data at 4095 bytes and mounts the wrong workdir', t => {
  const dir = scratch(t)
  for (const name of ['w', 'wx']) mkdirSync(`${dir}/${name}`)
  const head = `lowerdir=${dir}/lower/1,upperdir=${dir}/upper,workdir=`
  const data = `${head}${`${dir}/`.padEnd(4094 - head.length, '/')}wx`
  assert.equal(data.length, 4096)
  must(k.mount('overlay', `${dir}/merged`, 'overlay', 0, data))
  assert.deepEqual([existsSync(`${dir}/w/work`), existsSync(`${dir}/wx/work`)], [true, false])
})

test('data-only layers, lowerdir+ and more than 500 lowers are refused by mount(2) too', t => {
  const dir = scratch(t)
  const l = `${dir}/lower`
  for (const [data, log] of [
    [`lowerdir=${l}/1::${l}/2`, 'overlayfs: empty lowerdir'],
    [`lowerdir+=${l}/1,lowerdir+=${l}/2`, `overlayfs: unrecognized mount option "lowerdir+=${l}/1" or missing value`],
    [`lowerdir=${'/:'.repeat(500)}/`, 'overlayfs: too many lower directories, limit is 500'],
  ]) {
    const { result, log: said } = k.kernelLog(() => k.mount('overlay', `${dir}/merged`, 'overlay', 0, data))
    assert.equal(result.errno, 'EINVAL')
    assert.deepEqual(said, [log])
  }
})

test('relative lowers are resolved against the directory of the thread that mounts', t => {
  const dir = scratch(t)
  // A child, as ovl does it: the directory of the test's own process stays.
  const { status, stderr } = spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', 'lowerdir=1:2', '../merged'], { cwd: `${dir}/lower`, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(mountAt(`${dir}/merged`).options, 'ro,lowerdir=1:2')
})

test('mount(8) is util-linux, takes `\\,`, and says nothing of the layer that is missing', t => {
  const dir = scratch(t)
  mkdirSync(`${dir}/a,b`)
  const run = options => spawnSync('mount', ['-t', 'overlay', 'overlay', '-o', options, `${dir}/merged`], { encoding: 'utf8' })
  assert.match(spawnSync('mount', ['--version'], { encoding: 'utf8' }).stdout, /util-linux/)
  const failed = run(`lowerdir=${dir}/lower/1:${dir}/nope`)
  assert.equal(failed.status, 32)
  assert.match(failed.stderr, /special device overlay does not exist/)
  assert.equal(run(`lowerdir=${dir}/a\\,b:${dir}/lower/1,x-mine=1,nosuid`).status, 0)
  assert.match(mountAt(`${dir}/merged`).flags, /nosuid/)
})

test('a work directory that cannot be cleaned gives a read-only mount and no error', t => {
  const dir = scratch(t)
  mkdirSync(`${dir}/work/work/a/b/c`, { recursive: true })
  const { result, log } = k.kernelLog(() => k.mount('overlay', `${dir}/merged`, 'overlay', 0, writable(dir).map(pair => pair.join('=')).join()))
  assert.equal(result.errno, undefined)
  assert.match(log.at(-1), /failed to create directory .*\/work\/work \(errno: 17\); mounting read-only$/)
  assert.match(mountAt(`${dir}/merged`).options, /^ro,/)
})

test('tmpfs has trusted.* but no user.* attributes, so `userxattr` on it is only half there', t => {
  const dir = scratch(t)
  const set = name => spawnSync('setfattr', ['-n', name, '-v', '1', `${dir}/upper`]).status
  assert.deepEqual([set('trusted.x'), set('user.x')], [0, 1])
  const { errno, kernel } = createWith([...writable(dir), ['userxattr']])
  assert.equal(errno, undefined)
  assert.deepEqual(kernel, ['overlayfs: failed to set xattr on upper'])
})

test('idmapped lowers: ext4 yes, tmpfs no; a detached tree is no lower yet', t => {
  const disk = scratch(t, { on: 'disk' })
  const memory = scratch(t)
  const trees = [disk, memory].map(dir => must(k.openTree(k.AT_FDCWD, `${dir}/lower/1`, k.OPEN_TREE_CLONE)))
  t.after(() => trees.forEach(closeSync))
  assert.deepEqual(trees.map(tree => k.idmap(tree, 1000).errno), [undefined, 'EINVAL'])

  const { result, log } = k.kernelLog(() => k.mount('overlay', `${disk}/merged`, 'overlay', 0, `lowerdir=/proc/self/fd/${trees[0]}:${disk}/lower/2`))
  assert.equal(result.errno, 'EINVAL')
  assert.deepEqual(log, ['overlayfs: failed to clone lowerpath'])

  mkdirSync(`${disk}/mapped`)
  must(k.moveMount(trees[0], '', k.AT_FDCWD, `${disk}/mapped`, k.MOVE_MOUNT_F_EMPTY_PATH))
  must(k.mount('overlay', `${disk}/merged`, 'overlay', 0, `lowerdir=${disk}/mapped:${disk}/lower/2`))
  assert.equal(spawnSync('stat', ['-c', '%u', `${disk}/merged/from-1`], { encoding: 'utf8' }).stdout, '1000\n')
})

test('images of every kind mount through loop and serve as lowers', t => {
  const dir = scratch(t, { on: 'disk' })
  const sh = script => {
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], { cwd: dir, encoding: 'utf8' })
    assert.equal(status, 0, `${script}: ${stderr}`)
    return stdout
  }
  const kinds = {
    squashfs: 'mksquashfs lower/1 squashfs.img -quiet -no-progress',
    erofs: 'mkfs.erofs --quiet erofs.img lower/1',
    ext4: 'truncate -s 16M ext4.img; mkfs.ext4 -q -d lower/1 ext4.img',
    btrfs: 'truncate -s 128M btrfs.img; mkfs.btrfs -q --rootdir lower/1 btrfs.img',
    xfs: 'truncate -s 300M xfs.img; mkfs.xfs -q xfs.img',
  }
  for (const [kind, make] of Object.entries(kinds)) {
    sh(`${make}; mkdir ${kind}; mount -o loop ${kind}.img ${kind}`)
    assert.equal(mountAt(`${dir}/${kind}`).type, kind)
    must(k.mount('overlay', `${dir}/merged`, 'overlay', 0, `lowerdir=${dir}/${kind}:${dir}/lower/2`))
    if (kind !== 'xfs') assert.equal(readFileSync(`${dir}/merged/from-1`, 'utf8'), '1\n')
    sh(`umount merged ${kind}`)
  }
  assert.equal(sh('losetup --list --noheadings'), '')
})
