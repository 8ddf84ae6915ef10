// ovl doctor on 6.1: the old form of fsconfig, words that came later, and a tmpfs without user.* attributes.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'

const NOBODY = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

function doctor(before, dir) {
  const [command, ...words] = [...before, process.execPath, '/ovl/bin/ovl.js', 'doctor', dir, '--json']
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8' })
  assert.equal(stderr, '')
  const { data } = JSON.parse(stdout)
  const rows = Object.fromEntries(data.rows.map(row => [row.id, row]))
  return { status, data, states: (...ids) => ids.map(id => rows[id].state).join(' '), detail: id => rows[id].detail, values: id => Object.fromEntries(rows[id].parts.map(({ name, state }) => [name, state])) }
}

test('as root, on a disk', async t => {
  const dir = scratch(t, { on: 'disk' })
  const names = readdirSync(dir)
  const { status, data, states, detail, values } = await leavingNothing(async () => doctor([], dir))
  assert.deepEqual([status, data.usable, data.layer], [0, 'yes', { lower: 'yes', upper: 'yes' }])
  assert.equal(states('overlay', 'fsconfig', 'lowerdir+', 'layer-fd', 'data-only', 'idmap'), 'works works missing missing missing missing')
  assert.match(detail('fsconfig'), /old form/)
  assert.equal(states('option-redirect_dir', 'option-index', 'option-nfs_export', 'option-xino', 'option-metacopy', 'option-volatile', 'option-userxattr'), Array(7).fill('works').join(' '))
  assert.equal(states('option-verity', 'option-fsync', 'option-override_creds'), 'missing missing missing')
  assert.deepEqual(values('option-uuid'), { null: 'missing', off: 'works', auto: 'missing', on: 'works' })
  assert.match(detail('limit-layers'), /^500/)
  assert.match(detail('limit-value'), /^255 bytes/)
  assert.match(detail('limit-depth'), /two levels/)
  assert.equal(states('dir-upper', 'dir-rename', 'dir-whiteout', 'dir-tmpfile', 'dir-d-type', 'dir-xattr', 'dir-idmap'), Array(7).fill('works').join(' '))
  assert.deepEqual(readdirSync(dir), names)
})

test('an ordinary user: tmpfs keeps no user.* attributes, a disk does', async t => {
  const disk = scratch(t, { on: 'disk' })
  spawnSync('chown', ['-R', '65534:65534', disk])
  const names = readdirSync(disk)
  const { status, data, states } = await leavingNothing(async () => doctor(NOBODY, disk))
  assert.deepEqual([status, data.namespace, data.layer], [0, 'user', { lower: 'yes', upper: 'yes' }])
  assert.equal(states('overlay', 'userns', 'rootless-userxattr', 'rootless-plain', 'dir-upper', 'dir-rename', 'dir-idmap', 'kernel-log'), 'works works refused refused works works refused refused')
  assert.deepEqual(readdirSync(disk), names)
})
