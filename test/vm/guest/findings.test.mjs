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
import { FAILURES, WARNINGS } from './rows-6.1.mjs'
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

/** Once more on each way, on the same ground: what failed must leave nothing that changes the answer. */
for (const { name, arrange, raw, ways = Object.values(WAYS).flatMap(({ of }) => of), code, title, needsLog, rawOnly, heardOnly } of FAILURES) {
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

// What is silent, mount() does not look for.
for (const { name, arrange, codes, title } of WARNINGS.filter(({ silent }) => !silent)) {
  test(`a warning: ${name}`, async t => {
    const said = arrange(ground(t))
    const mounted = await mount(said)
    const seen = JSON.stringify(mounted.warnings, null, 1)
    assert.deepEqual(mounted.warnings.map(({ code }) => code), codes, seen)
    if (title !== undefined) assert.ok(mounted.warnings[0].title.includes(title), seen)
    await mounted.unmount()
  })
}
