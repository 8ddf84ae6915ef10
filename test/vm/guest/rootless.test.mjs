import test from 'node:test'
import { spawnSync } from 'node:child_process'
import { overlay } from 'ovl'
import { scratch } from './scratch.mjs'
function inside(dir, spec, options = {}, env={}) {
  spawnSync('chown', ['-R', '65534:65534', dir])
  const r = spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', 'node', 'rootless-child.mjs'], { encoding: 'utf8', input: JSON.stringify({ spec, options }), env: {...process.env, ...env} })
  console.log(JSON.stringify(spec.options), JSON.stringify(options), r.stdout, r.stderr)
}
test('x', t => {
  const tmp = scratch(t), disk = scratch(t, {on: 'disk'})
  const w = (dir) => overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)
  for (const dir of [tmp, disk]) {
    inside(dir, w(dir).spec)
    inside(dir, w(dir).userxattr().spec)
    inside(dir, w(dir).userxattr().spec, {via:'mount2', forms:['relative']})
  }
  inside(disk, w(disk).userxattr().spec, {via:'mount8'})
  inside(disk, w(disk).redirectDir('on').spec)
  inside(disk, w(disk).index().metacopy().spec)
  inside(disk, w(disk).userxattr().metacopy().spec)
  inside(disk, overlay().lower(`${disk}/lower/1`, `${disk}/lower/2`).tmpfs('4m').at(`${disk}/merged`).spec)
  inside(disk, overlay().lower(`${disk}/lower/1`, `${disk}/lower/2`).tmpfs('4m').userxattr().at(`${disk}/merged`).spec)
  inside(disk, overlay().lower(`${disk}/lower/1`, `${disk}/lower/2`).at(`${disk}/merged`).spec, {remember: true}, {XDG_RUNTIME_DIR: disk})
})
