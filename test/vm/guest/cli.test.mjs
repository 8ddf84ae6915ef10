// The command itself, once each verb: that the bundle starts and finds its parts here. What it does is the library's.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'

function ovl(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['/ovl/bin/ovl.js', ...words], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

function done(...words) {
  const { status, stdout, stderr } = ovl(...words)
  assert.equal(status, 0, `ovl ${words.join(' ')}: ${stderr}`)
  return stdout
}

test('mount, list, inspect, umount', async t => {
  const dir = scratch(t, { on: 'disk' })
  await leavingNothing(async () => {
    done('mount', '-l', `${dir}/lower/1`, '-l', `${dir}/lower/2`, '-u', `${dir}/upper`, '-w', `${dir}/work`, `${dir}/merged`)
    writeFileSync(`${dir}/merged/from-1`, 'changed')
    const [found] = JSON.parse(done('list', '--json')).data
    assert.deepEqual([found.target, found.lower, found.upper], [`${dir}/merged`, [`${dir}/lower/1`, `${dir}/lower/2`], `${dir}/upper`])
    assert.match(done('inspect', `${dir}/merged`), /lower\/2/)
    done('umount', `${dir}/merged`)
  })
  assert.equal(readFileSync(`${dir}/upper/from-1`, 'utf8'), 'changed')
})

test('the words of mount(8), through a child and its working directory', async t => {
  const dir = scratch(t)
  await leavingNothing(async () => {
    done('mount', '--via', 'mount2:relative', '-t', 'overlay', 'mine', `${dir}/merged`, '-o', `nosuid,lowerdir=${dir}/lower/1:${dir}/lower/2`)
    assert.equal(readFileSync(`${dir}/merged/from-2`, 'utf8'), '2\n')
    done('umount', `${dir}/merged`)
  })
})

test('a refusal says what is missing', async t => {
  const dir = scratch(t)
  const { status, stderr } = await leavingNothing(async () => ovl('mount', '-l', `${dir}/nope`, '-l', `${dir}/lower/2`, `${dir}/merged`))
  assert.notEqual(status, 0)
  assert.match(stderr, /nope' does not exist/)
})
