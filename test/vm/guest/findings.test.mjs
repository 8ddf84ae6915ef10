// The failures of test/root/findings/rows.ts on a kernel that says other words for them, or none, and at another step:
// each must get the finding it gets on a new kernel, heard in the kernel log or judged without it.

import assert from 'node:assert/strict'
import { closeSync, mkdirSync } from 'node:fs'
import test from 'node:test'
import { mount } from 'ovl'
import { judgeFailure } from '../../../dist/diagnose/judge.js'
import { collectFacts } from '../../../dist/host/facts.js'
import { mountOverlay } from '../../../dist/host/ways.js'
import { paramsOf } from '../../../dist/overlay/params.js'
import { MOUNTED_ROWS } from './mounted-rows.mjs'
import { ROWS, sh, spec } from './rows.mjs'
import { must, scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'
import * as k from './syscalls.mjs'

const MNT_DETACH = 2
/** What is known of the kernel log where it may not be read. */
const DEAF = { known: false, why: 'kernel.dmesg_restrict' }

/** The ways of 6.1, and the ways of a row that each stands for. */
const WAYS = {
  lowerdir: { via: ['fsconfig'], of: ['fd', 'lowerdir+'] },
  mount2: { via: ['mount2'], of: ['mount2'] },
  mount8: { via: ['mount8'], of: ['mount8'] },
}

/** A directory as the rows want it. */
function ground(t) {
  const dir = scratch(t)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** Mounts by one way, without ovl's look at the words before, and returns the facts of a trial; undefined where this way cannot say it. */
async function attempt(said, way, raw) {
  const { result, log } = await heard(async () => {
    if (raw?.data !== undefined) return { syscall: 'mount', ...k.mount('overlay', said.target, 'overlay', 0, raw.data) }
    if (raw?.lowerdir !== undefined) return { syscall: 'fsconfig(SET_STRING)', ...setLowerdir(raw.lowerdir) }
    try {
      await mountOverlay({ do: 'mount-overlay', target: said.target, source: said.source, params: paramsOf(said), flags: said.flags, ways: WAYS[way].via }, () => {})
      return {}
    } catch (error) {
      if (error.code !== 'unknown') return { closed: true }
      const { syscall, errno, kernel = [] } = error.details
      return { syscall, errno, kernel }
    }
  })
  if (result.closed) return undefined
  const { syscall, errno, kernel: context = [] } = result
  if (errno === undefined && context.length === 0) k.umount2(said.target, MNT_DETACH)
  return { step: 'mount-overlay', context, kernel: { known: true, value: log }, ...(syscall === undefined ? {} : { syscall }), ...(errno === undefined ? {} : { errno }) }
}

async function heard(work) {
  const listener = k.listen()
  try {
    return { result: await work(), log: listener.heard() }
  } finally {
    listener.close()
  }
}

function setLowerdir(value) {
  const fs = must(k.fsopen('overlay', 1))
  try {
    return k.setString(fs, 'lowerdir', value)
  } finally {
    closeSync(fs)
  }
}

const many = dir => Array.from({ length: 501 }, (_, n) => ({ path: `${dir}/many/${n}` }))
const vfat = dir => sh('cd "$1"; truncate -s 8M img; mkdosfs img; mkdir fat; mount -o loop img fat; mkdir fat/a fat/b', dir)

/** What the table has not, because a newer kernel says nothing like it or ovl never asks it. `heardOnly`: the facts alone do not tell it. */
const MORE = [
  { name: 'a value that redirect_dir does not have', code: 'option-bad-value', title: 'redirect_dir', arrange: dir => spec(dir, { options: { redirect_dir: 'bogus' } }) },
  { name: 'two options that exclude each other, and the kernel says so', code: 'option-conflict', title: 'nfs_export=on,metacopy=on', arrange: dir => spec(dir, { options: { nfs_export: 'on', metacopy: 'on' } }) },
  { name: '501 layers by mount(2)', code: 'too-many-layers', rawOnly: true, heardOnly: true, ways: ['mount2'], arrange: dir => spec(dir, { lower: many(dir) }), raw: () => ({ data: `lowerdir=${'/:'.repeat(500)}/` }) },
  { name: 'lowerdir+ by mount(2)', code: 'option-needs-newer-kernel', title: 'lowerdir+', rawOnly: true, heardOnly: true, ways: ['mount2'], arrange: dir => spec(dir), raw: dir => ({ data: `lowerdir+=${dir}/l1,lowerdir+=${dir}/l2,upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'a lower on vfat', code: 'lower-unsupported', title: 'vfat', needsLog: true, arrange: dir => { vfat(dir); return spec(dir, { lower: [{ path: `${dir}/fat/a` }, { path: `${dir}/l1` }] }) } },
  { name: 'upper and work on vfat', code: 'upper-unsupported', title: 'vfat', needsLog: true, arrange: dir => { vfat(dir); return spec(dir, { upper: `${dir}/fat/a`, work: `${dir}/fat/b` }) } },
]

/** Once more on each way, on the same ground: what failed must leave nothing that changes the answer. */
for (const { name, arrange, raw, ways = Object.values(WAYS).flatMap(({ of }) => of), code, title, needsLog, rawOnly, heardOnly } of [...ROWS, ...MORE]) {
  test(`${name}: ${code}`, async t => {
    const dir = ground(t)
    const said = arrange(dir)
    const check = (findings, confidence, seen) => {
      const [first] = findings
      assert.deepEqual([first?.code, first?.confidence, first?.severity], [code, confidence, 'error'], JSON.stringify({ seen, findings: findings.slice(0, 3) }, null, 1).slice(0, 4000))
      if (title !== undefined) assert.ok(first.title.includes(title), first.title)
      assert.ok(first.evidence.length > 0 && first.fix.length > 0, JSON.stringify(first, null, 1))
    }
    if (!rawOnly) {
      await leavingNothing(() => assert.rejects(mount(said), error => {
        check(error.findings, 'certain', error.message)
        assert.equal(error.code, code)
        return true
      }))
    }
    for (const way of Object.keys(WAYS).filter(way => WAYS[way].of.some(one => ways.includes(one)))) {
      const trial = await attempt(said, way, raw?.(dir))
      if (trial === undefined) continue
      const facts = collectFacts(said, { trial })
      check(judgeFailure(facts), 'certain', trial)
      if (heardOnly) continue
      check(judgeFailure({ ...facts, trial: { ...trial, kernel: DEAF } }), needsLog ? 'likely' : 'certain', { way, trial, deaf: true })
    }
  })
}

/** Where 6.1 does otherwise than the newest kernel. */
const HERE = {
  // It knows no uuid=null.
  'every feature said to be off': { arrange: dir => spec(dir, { options: { metacopy: 'off', redirect_dir: 'off', index: 'off', nfs_export: 'off', xino: 'off' } }) },
  // It leaves redirect_dir in force.
  'a file system without xattrs': { codes: ['upper-no-xattr', 'feature-dropped'] },
}

// What is silent, mount() does not look for.
for (const { name, arrange, codes, title } of MOUNTED_ROWS.filter(({ silent }) => !silent).map(row => ({ ...row, ...HERE[row.name] }))) {
  test(`a warning: ${name}`, async t => {
    const said = arrange(ground(t))
    const mounted = await mount(said)
    const seen = JSON.stringify(mounted.warnings, null, 1)
    assert.deepEqual(mounted.warnings.map(({ code }) => code), codes, seen)
    if (title !== undefined) assert.ok(mounted.warnings[0].title.includes(title), seen)
    await mounted.unmount()
  })
}
