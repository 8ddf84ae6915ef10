// The limits of 6.1 and what ovl does at each: 255 bytes a value, a page of data, 500 layers.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { encode, mount, overlay } from 'ovl'
import { scratch } from './scratch.mjs'
import { assertListed, assertMounted, leavingNothing, makeLowers } from './stack.mjs'

/** `count` directories below `base` whose paths have `bytes` bytes; each holds a file of its own name and one that all have. */
function layers(base, count, bytes = 0) {
  return Array.from({ length: count }, (_, n) => {
    const path = `${base}/${String(n).padStart(3, '0')}`.padEnd(bytes, '-')
    mkdirSync(path, { recursive: true })
    writeFileSync(`${path}/all`, String(n))
    writeFileSync(`${path}/${n}`, '')
    return path
  })
}

function assertAll(target, count) {
  assert.equal(readdirSync(target).length, count + 1)
  assert.equal(readFileSync(`${target}/all`, 'utf8'), '0')
}

/** Mounts with upper and work beside. */
function proven(dir, lower) {
  const said = { target: `${dir}/merged`, lower, upper: `${dir}/upper`, work: `${dir}/work` }
  return leavingNothing(async () => {
    const mounted = await mount(overlay().lower(...lower).upper(said.upper).work(said.work).at(said.target))
    assertAll(said.target, lower.length)
    await assertListed(said)
    await mounted.unmount()
    return { way: `${mounted.via} ${mounted.form}`, bytes: mounted.bytes }
  })
}

test('500 layers with short names: relative to where they lie', async t => {
  const dir = scratch(t)
  const { way, bytes } = await proven(dir, layers(`${dir}/lower/many`, 500))
  assert.equal(way, 'mount2 relative')
  assert.ok(bytes.used > 2000 && bytes.used <= bytes.limit)
})

test('500 layers with long names: by descriptors', async t => {
  const dir = scratch(t)
  assert.equal((await proven(dir, layers(`${dir}/lower/many`, 500, 200))).way, 'mount2 proc-fd')
})

test('501 layers are refused before the kernel is asked', async t => {
  const dir = scratch(t)
  await leavingNothing(() => assert.rejects(mount(overlay().lower(...layers(`${dir}/lower/many`, 501)).at(`${dir}/merged`)), error => {
    assert.equal(error.code, 'too-many-layers')
    assert.equal(error.findings[0].confidence, 'certain')
    return true
  }))
})

test('128 layers of 200 bytes each: relative, as Docker does it', async t => {
  const dir = scratch(t)
  const base = `${dir}/lower/${'x'.repeat(163 - dir.length)}`
  const lower = layers(base, 128, 200)
  assert.ok(lower.every(path => path.length === 200))
  assert.equal((await proven(dir, lower)).way, 'mount2 relative')
})

test('4095 bytes of data are mounted as they are, 4096 are refused or shortened', async t => {
  const dir = scratch(t)
  const said = { target: `${dir}/merged`, lower: makeLowers([`${dir}/a`, `${dir}/b`]) }
  // The kernel takes a path of many dots and slashes; ovl tidies, so it has to be long by itself.
  const specOf = bytes => {
    const names = Array.from({ length: 16 }, (_, n) => `${dir}/long/${n}-`.padEnd(250, 'n'))
    const rest = bytes - 'lowerdir='.length - [...said.lower, ...names].join(':').length - 1
    const last = `${dir}/long/`.padEnd(rest, 'z')
    return { lower: [...said.lower, ...names, last], target: said.target }
  }
  for (const bytes of [4095, 4096]) {
    const { lower, target } = specOf(bytes)
    makeLowers(lower)
    const spec = overlay().lower(...lower).at(target)
    if (bytes === 4095) {
      assert.deepEqual(encode(spec).bytes, { used: 4095, limit: 4095 })
      const mounted = await mount(spec, { via: 'mount2', forms: ['absolute'] })
      assert.equal(mounted.form, 'absolute')
      assertMounted({ target, lower })
      await mounted.unmount()
      continue
    }
    await leavingNothing(() => assert.rejects(mount(spec, { via: 'mount2', forms: ['absolute'] }), error => {
      assert.equal(error.code, 'options-too-long')
      assert.match(error.message, /absolute 4096 bytes, the limit is 4095/)
      assert.equal(error.findings[0].confidence, 'certain')
      return true
    }))
    const mounted = await mount(spec)
    assert.equal(`${mounted.via} ${mounted.form}`, 'mount2 relative')
    assertMounted({ target, lower })
    await mounted.unmount()
  }
})

test('mount(8) hands on no more than a page either: refused, not cut', async t => {
  const dir = scratch(t)
  const lower = layers(`${dir}/lower/many`, 30, 200)
  await leavingNothing(() => assert.rejects(mount(overlay().lower(...lower).at(`${dir}/merged`), { via: 'mount8' }), error => {
    assert.equal(error.code, 'options-too-long', error.message)
    return true
  }))
})
