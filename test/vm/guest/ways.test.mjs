// Each way into the kernel as it is on 6.1, taken with the library: what is mounted is what was said, on whichever way.

import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import test from 'node:test'
import { OvlError, encodeName, list, mount, overlay, unmount } from 'ovl'
import { hostileName, nameBytes, random } from './names.mjs'
import { mountAt, scratch } from './scratch.mjs'
import { assertListed, assertMounted, leavingNothing, makeLowers } from './stack.mjs'

/** Three lowers, upper and work below `base`, named by `named`. */
function ground(t, named = name => name) {
  const dir = scratch(t)
  const at = name => `${dir}/${named(name)}`
  const said = { target: at('m'), lower: makeLowers([at('l1'), at('l2'), at('l3')]), upper: at('u'), work: at('w') }
  for (const path of [said.target, said.upper, said.work]) mkdirSync(encodeName(path), { recursive: true })
  return said
}

const specOf = ({ target, lower, upper, work }) => {
  const readOnly = overlay().lower(...lower).at(target)
  return upper === undefined ? readOnly : readOnly.upper(upper).work(work)
}

/** Mounts, looks, unmounts, and looks again. Returns how it was mounted. */
function proven(said, options) {
  return leavingNothing(async () => {
    const mounted = await mount(specOf(said), options)
    assertMounted(said)
    await assertListed(said)
    assert.deepEqual(mounted.warnings, [])
    assert.equal(mounted.readOnly, said.upper === undefined)
    await mounted.unmount()
    return `${mounted.via} ${mounted.form}`
  })
}

const refused = (said, options, code) => leavingNothing(() => assert.rejects(mount(specOf(said), options), error => {
  assert.ok(error instanceof OvlError)
  assert.equal(error.code, code, error.message)
  assert.equal(error.findings[0]?.code, code)
  return true
}))

test('auto: fsconfig with one lowerdir string, where it has at most 255 bytes', async t => {
  assert.equal(await proven(ground(t)), 'fsconfig lowerdir')
  assert.equal(await proven(ground(t, name => `${name} :\\#\n"ä`)), 'fsconfig lowerdir')
})

test('auto: 255 bytes of lowerdir are taken by fsconfig, 256 by mount(2)', async t => {
  const said = ground(t)
  const rest = nameBytes(said.lower.slice(0, 2).join(':')) + 1
  for (const [bytes, way] of [[255, 'fsconfig lowerdir'], [256, 'mount2 absolute']]) {
    const path = `${said.target}/../`.padEnd(bytes - rest, 'x')
    makeLowers([...said.lower.slice(0, 2), path])
    const lower = [...said.lower.slice(0, 2), path]
    assert.equal(nameBytes(lower.join(':')), bytes)
    assert.equal(await proven({ ...said, upper: undefined, work: undefined, lower }), way)
  }
})

test('auto: a comma in any layer takes mount(2)', async t => {
  assert.equal(await proven(ground(t, name => `${name},`)), 'mount2 absolute')
  for (const role of ['u', 'w', 'l2']) assert.equal(await proven(ground(t, name => (name === role ? `${name},\\` : name))), 'mount2 absolute')
})

test('fsconfig by descriptor and by lowerdir+ are refused as ways that cannot say it', async t => {
  for (const form of ['fd', 'lowerdir+']) {
    await refused(ground(t), { via: 'fsconfig', forms: [form] }, 'way-cannot-say')
    await refused({ ...ground(t), upper: undefined, work: undefined }, { via: 'fsconfig', forms: [form] }, 'way-cannot-say')
  }
})

test('fsconfig by lowerdir, by itself and among the others', async t => {
  assert.equal(await proven(ground(t), { via: 'fsconfig', forms: ['lowerdir'] }), 'fsconfig lowerdir')
  assert.equal(await proven(ground(t), { via: 'fsconfig' }), 'fsconfig lowerdir')
  await refused(ground(t, name => `${name},`), { via: 'fsconfig' }, 'way-cannot-say')
  await refused(ground(t, name => `${name}${'x'.repeat(100)}`), { via: 'fsconfig' }, 'value-too-long')
})

test('mount(2): absolute, relative and descriptor names', async t => {
  const hostile = name => `${name}, :\\#\n"=ä`
  for (const named of [undefined, hostile]) {
    assert.equal(await proven(ground(t, named), { via: 'mount2' }), 'mount2 absolute')
    assert.equal(await proven(ground(t, named), { via: 'mount2', forms: ['absolute'] }), 'mount2 absolute')
    assert.equal(await proven(ground(t, named), { via: 'mount2', forms: ['relative'] }), 'mount2 relative')
    assert.equal(await proven(ground(t, named), { via: 'mount2', forms: ['proc-fd'] }), 'mount2 proc-fd')
  }
})

test('relative names and descriptors whose receipt is gone: list() does not pretend to know the paths', async t => {
  for (const form of ['relative', 'proc-fd']) {
    const said = ground(t)
    const mounted = await mount(specOf(said), { via: 'mount2', forms: [form] })
    await assertListed(said)
    rmSync('/run/ovl', { recursive: true })
    const found = (await list()).find(({ target }) => target === said.target)
    assert.equal(found.unresolved, true)
    await mounted.unmount()
  }
})

test('mount(8): as text, unless a name cannot be said to it', async t => {
  assert.equal(await proven(ground(t, name => `${name}, :\\#\n=ä`), { via: 'mount8' }), 'mount8 argv')
  await refused(ground(t, name => `${name}"`), { via: 'mount8' }, 'way-cannot-say')
  await refused(ground(t, name => `${name}\udcff`), { via: 'mount8' }, 'way-cannot-say')
})

test('source, flags and propagation are the same on every way', async t => {
  const ways = [{ via: 'fsconfig' }, { via: 'mount2' }, { via: 'mount2', forms: ['relative'] }, { via: 'mount2', forms: ['proc-fd'] }, { via: 'mount8' }]
  for (const options of ways) {
    const said = ground(t)
    const spec = specOf(said).source('a, b#').flags('nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime').propagation('private')
    const mounted = await mount(spec, options)
    const shown = mountAt(said.target)
    assert.deepEqual([shown.source, shown.flags], ['a,\\040b\\043', 'rw,nosuid,nodev,noexec,noatime,nodiratime'], JSON.stringify(options))
    const [found] = (await list()).filter(({ target }) => target === said.target)
    assert.deepEqual([found.source, found.propagation, found.readOnly], ['a, b#', [], false])
    assert.equal(mounted.readOnly, false)
    await mounted.unmount()
  }
})

test('ro makes a superblock that cannot be written, on every way', async t => {
  for (const options of [{ via: 'fsconfig' }, { via: 'mount2' }, { via: 'mount8' }]) {
    const said = ground(t)
    const mounted = await mount(specOf(said).flags('ro'), options)
    assert.equal(mounted.readOnly, true)
    assert.deepEqual(mounted.warnings, [])
    assert.match(mountAt(said.target).flags, /^ro,/)
    assert.match(mountAt(said.target).options, /^ro,/)
    await mounted.unmount()
  }
})

test('60 random stacks with hostile names', async t => {
  const seed = Number(process.env.OVL_SEED ?? Date.now() % 1_000_000)
  console.log(`seed ${seed}; OVL_SEED=${seed} repeats it`)
  const dice = random(seed)
  const dir = scratch(t)
  // A child for each relative or descriptor mount starts Node anew, which takes two seconds here.
  const ways = [[9, {}], [5, { via: 'mount2' }], [4, { via: 'mount8' }], [1, { via: 'mount2', forms: ['relative'] }], [1, { via: 'mount2', forms: ['proc-fd'] }]].flatMap(([times, options]) => Array.from({ length: times }, () => options))
  for (let n = 0; n < 60; n++) {
    const options = ways[n % ways.length]
    const said = randomStack(dice, `${dir}/${n}`)
    try {
      const expected = expectedWay(said, options)
      if (expected === undefined) await refused(said, options, 'way-cannot-say')
      // libmount has its own idea of some words behind a comma: a mount of something else is what must not be.
      else if (expected === 'mount8 argv' && hasComma(said)) await proven(said, options).catch(error => assert.equal(error.code, 'way-cannot-say', error.message))
      else assert.equal(await proven(said, options), expected)
    } catch (error) {
      throw new Error(`stack ${n}, ${JSON.stringify({ options, said })}: ${error.message}`, { cause: error })
    }
  }
})

/** One to four lowers, an upper for two of three, a parent that is as hostile as they are. */
function randomStack(dice, base) {
  const parent = dice.below(3) === 0 ? base : `${base}/${hostileName(dice)}`
  const names = new Set()
  while (names.size < 7) names.add(hostileName(dice))
  const [target, upper, work, ...lowers] = [...names].map(name => `${parent}/${name}`)
  const writable = dice.below(3) > 0
  const lower = makeLowers(lowers.slice(0, writable ? 1 + dice.below(4) : 2 + dice.below(3)))
  for (const path of writable ? [target, upper, work] : [target]) mkdirSync(encodeName(path), { recursive: true })
  return writable ? { target, lower, upper, work } : { target, lower }
}

const hasComma = ({ lower, upper = '', work = '' }) => [...lower, upper, work].some(path => path.includes(','))

/** The way and form that must be taken, or undefined where it must be refused. */
function expectedWay({ target, lower, upper = '', work = '' }, { via = 'auto', forms }) {
  const paths = [...lower, upper, work]
  if (via === 'mount8') return paths.some(path => /["\udc80-\udcff]/.test(path)) || /[\udc80-\udcff]/.test(target) ? undefined : 'mount8 argv'
  if (via === 'mount2') return `mount2 ${forms?.[0] ?? 'absolute'}`
  const values = [lower.map(path => path.replace(/[\\:]/g, '\\$&')).join(':'), ...[upper, work].map(path => path.replaceAll('\\', '\\\\'))]
  return values.some(value => value.includes(',') || nameBytes(value) > 255) ? 'mount2 absolute' : 'fsconfig lowerdir'
}

test('a second overlay on the same target is the one that unmount() takes', async t => {
  const said = ground(t)
  await leavingNothing(async () => {
    await mount(specOf(said))
    await mount(overlay().lower(...said.lower.slice(0, 2)).at(said.target))
    assertMounted({ target: said.target, lower: said.lower.slice(0, 2) })
    await unmount(said.target)
    assertMounted(said)
    await unmount(said.target)
  })
})
