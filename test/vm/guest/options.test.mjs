// Overlay options on 6.1: which are in force afterwards, which are refused, and that a refusal names the kernel that has them.

import assert from 'node:assert/strict'
import test from 'node:test'
import { OPTION_TABLE, list, mount, overlay } from 'ovl'
import { scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'

const WAYS = [{}, { via: 'mount2' }, { via: 'mount8' }]
const writable = dir => overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)

/** Mounts on every way, and hands what list() shows to `look`. */
async function shown(t, say, look) {
  for (const options of WAYS) {
    const dir = scratch(t, { on: 'disk' })
    await leavingNothing(async () => {
      const mounted = await mount(say(writable(dir), dir), options)
      const [found] = (await list()).filter(({ target }) => target === mounted.target)
      look(found.options, mounted)
      await mounted.unmount()
    })
  }
}

/** Is refused on every way with the one code, for certain, and with these words in the title. */
async function refused(t, say, code, title, ways = WAYS) {
  for (const options of ways) {
    const dir = scratch(t)
    await leavingNothing(() => assert.rejects(mount(say(writable(dir), dir), options), error => {
      const [first] = error.findings
      const seen = JSON.stringify({ options, error: error.message, findings: error.findings, kernel: error.details.kernel })
      assert.deepEqual([error.code, first?.code, first?.confidence, first?.severity], [code, code, 'certain', 'error'], seen)
      assert.match(first.title, title)
      assert.ok(first.evidence.length > 0 && first.fix.length > 0, seen)
      return true
    }))
  }
}

test('volatile is in force, under this name', t => shown(t, said => said.volatile(), options => assert.equal(options.volatile, true)))

test('what 6.1 knows is in force as it was said', async t => {
  const asked = { redirect_dir: 'on', index: 'on', metacopy: 'on', uuid: 'off', default_permissions: undefined }
  await shown(t, said => Object.entries(asked).reduce((spec, [name, value]) => spec.option(name, value), said), (options, { warnings }) => {
    assert.deepEqual(warnings, [])
    // redirect_dir is implied by metacopy, and then not printed.
    for (const name of ['index', 'metacopy', 'uuid']) assert.equal(options[name], asked[name])
    assert.equal(options.default_permissions, true)
  })
  await shown(t, said => said.option('nfs_export', 'on'), (options, { warnings }) => {
    assert.deepEqual([options.nfs_export, options.index, warnings], ['on', 'on', []])
  })
  for (const value of ['on', 'off', 'follow', 'nofollow']) await shown(t, said => said.redirectDir(value), (_options, { warnings }) => assert.deepEqual(warnings, []))
  for (const value of ['on', 'off', 'auto']) await shown(t, said => said.xino(value), (_options, { warnings }) => assert.deepEqual(warnings.filter(({ severity }) => severity !== 'note'), []))
})

test('every option of a newer kernel is refused with the kernel that has it', async t => {
  const newer = OPTION_TABLE.filter(({ since }) => Number.parseFloat(since) > 6.1)
  assert.deepEqual(newer.map(({ name }) => name), ['verity', 'override_creds', 'nooverride_creds', 'fsync'])
  for (const { name, values, since } of newer) {
    const words = values === undefined ? name : `${name}=${values.at(-1)}`
    await refused(t, said => said.option(name, values?.at(-1)), 'option-needs-newer-kernel', RegExp(`\\(6\\.1\\..*'${words}'.* Linux ${since}`))
  }
})

test('newer values of an option that is known', async t => {
  for (const value of ['null', 'auto']) await refused(t, said => said.uuid(value), 'option-needs-newer-kernel', RegExp(`'uuid=${value}', which came with Linux 6\\.6`))
})

test('data-only layers are refused with the kernel that has them', t =>
  refused(t, (_said, dir) => overlay().lower(`${dir}/lower/1`).data(`${dir}/lower/2`).at(`${dir}/merged`), 'option-needs-newer-kernel', /data-only.*6\.5/))

// Not by mount(8), which leaves the label out in silence where SELinux is off.
test('a label without SELinux', t => refused(t, said => said.label('system_u:object_r:container_file_t:s0'), 'option-unknown', /SELinux/, WAYS.slice(0, 2)))

test('a word that no kernel knows, and the likely one', async t => {
  const say = word => said => ({ ...said.spec, unknown: [word] })
  await refused(t, say({ key: 'metacpy', value: 'on' }), 'option-unknown', /metacpy=on.*metacopy/)
  await refused(t, say({ key: 'nosuchkey' }), 'option-unknown', /nosuchkey/)
})

test('what is dropped in silence is a warning', async t => {
  await shown(t, (_said, dir) => overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).index().at(`${dir}/merged`), (options, { warnings }) => {
    assert.equal(options.index, undefined)
    assert.deepEqual(warnings.map(({ code }) => code), ['feature-dropped'])
  })
  await shown(t, (_said, dir) => overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).nfsExport().at(`${dir}/merged`), (options, { warnings }) => {
    assert.equal(options.nfs_export, undefined)
    assert.deepEqual(warnings.map(({ code }) => code), ['feature-dropped'])
  })
})
