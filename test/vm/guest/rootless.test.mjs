// An ordinary user in a user namespace, on 6.1: the kernel log is closed to them, tmpfs has no user.* attributes, and the
// kernel refuses nothing. What is missing has to be found out by looking.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { overlay } from 'ovl'
import { scratch } from './scratch.mjs'

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private']

/** What became of each mount, all made by one process in one namespace. */
function inside(dirs, wanted) {
  spawnSync('chown', ['-R', '65534:65534', ...dirs])
  const input = JSON.stringify(wanted.map(({ say, options = {} }) => ({ spec: say.spec, options })))
  const [command, ...words] = [...NOBODY, ...NAMESPACE, process.execPath, 'rootless-child.mjs']
  const { status, stdout, stderr } = spawnSync(command, words, { input, encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: `${dirs[0]}/run` } })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

/** A scratch directory in which `tree` of a lower is to be hidden, and upper and work for `count` mounts. */
function ground(t, on) {
  const dir = scratch(t, { on })
  mkdirSync(`${dir}/lower/1/tree`)
  mkdirSync(`${dir}/run`)
  writeFileSync(`${dir}/lower/1/tree/old`, '')
  return dir
}

let uppers = 0
function writable(dir) {
  const upper = `${dir}/upper/${++uppers}`
  const work = `${dir}/work/${uppers}`
  for (const path of [upper, work]) mkdirSync(path)
  return overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).upper(upper).work(work).at(`${dir}/merged`)
}

test('with userxattr on a disk: every way, nothing is missing', t => {
  const disk = ground(t, 'disk')
  const ways = [[{}, 'fsconfig lowerdir'], [{ via: 'mount2' }, 'mount2 absolute'], [{ via: 'mount2', forms: ['relative'] }, 'mount2 relative'], [{ via: 'mount2', forms: ['proc-fd'] }, 'mount2 proc-fd'], [{ via: 'mount8' }, 'mount8 argv']]
  const answers = inside([disk], ways.map(([options]) => ({ say: writable(disk).userxattr(), options })))
  const lower = [`${disk}/lower/1`, `${disk}/lower/2`]
  assert.deepEqual(answers, ways.map(([, way]) => ({ way, warnings: [], fixes: [], options: { userxattr: true }, lower, hidden: true, left: 0 })))
  assert.deepEqual(readdirSync(`${disk}/run/ovl`), [])
})

test('without userxattr, or on tmpfs: what is missing is a warning, and the fix is one that helps', t => {
  const [disk, memory] = [ground(t, 'disk'), ground(t, 'tmpfs')]
  const [plain, onMemory, lacking, redirect, dropped, lowers] = inside([disk, memory], [
    { say: writable(disk) },
    { say: writable(memory) },
    { say: writable(memory).userxattr() },
    { say: writable(disk).redirectDir('on') },
    { say: writable(disk).index().metacopy() },
    { say: overlay().lower(`${disk}/lower/1`, `${memory}/lower/2`).at(`${disk}/merged`) },
  ])
  assert.deepEqual(plain.warnings, ['userns-needs-userxattr'])
  assert.notEqual(plain.hidden, true)
  assert.match(plain.fixes[0], /^Add userxattr/)
  assert.deepEqual(onMemory.warnings, ['userns-needs-userxattr'])
  assert.match(onMemory.fixes[0], /ext4.*userxattr/)
  assert.deepEqual(lacking.warnings, ['upper-no-xattr'])
  assert.notEqual(lacking.hidden, true)
  assert.match(lacking.fixes[0], /ext4/)
  // Newer kernels refuse it.
  assert.deepEqual([redirect.warnings, redirect.options], [['userns-needs-userxattr'], { redirect_dir: 'on' }])
  assert.deepEqual([dropped.warnings, dropped.options], [['userns-needs-userxattr', 'feature-dropped', 'feature-dropped'], {}])
  assert.deepEqual([lowers.warnings, lowers.left], [[], 0])
})

test('a tmpfs upper of ovl’s own, an image, an id map', t => {
  const disk = ground(t, 'disk')
  spawnSync('mksquashfs', ['lower/2', 'i.img', '-quiet', '-no-progress'], { cwd: disk })
  const said = overlay().at(`${disk}/merged`)
  const [tmpfs, image, idmap] = inside([disk], [
    { say: said.lower(`${disk}/lower/1`, `${disk}/lower/2`).tmpfs('4m').userxattr() },
    { say: said.lower(`${disk}/lower/1`, `${disk}/i.img`) },
    { say: said.lower({ path: `${disk}/lower/1`, idmap: '0:1000:10' }, `${disk}/lower/2`) },
  ])
  assert.deepEqual([tmpfs.warnings, tmpfs.left], [['upper-no-xattr'], 0])
  assert.deepEqual([image.code, image.first], ['not-permitted', 'not-permitted'], image.message)
  assert.deepEqual([idmap.code, idmap.first], ['not-permitted', 'not-permitted'], idmap.message)
  assert.deepEqual(readdirSync(`${disk}/run/ovl`), [])
})
