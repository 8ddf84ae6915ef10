// `ovl diagnose` of the same failures on 6.1: overlay has no context log there, and what it says comes at CREATE, in the kernel log
// alone. The right code comes first and certain all the same, and the trial mount leaves nothing.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import test from 'node:test'
import { diagnose } from 'ovl'
import { FAILURES, WARNINGS } from './rows-6.1.mjs'
import { scratch } from './scratch.mjs'
import { leavingNothing } from './stack.mjs'

/** A directory as the rows want it. */
function ground(t) {
  const dir = scratch(t)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** Entries, owners and attributes of what must not be written to. */
const state = dir => execFileSync('sh', ['-c', 'cd "$1"; ls -lnAR l1 l2 u w; getfattr -d -m - u w 2>/dev/null; ls -A', 'sh', dir], { encoding: 'utf8' })

async function undisturbed(dir, work) {
  const before = state(dir)
  const result = await leavingNothing(work)
  assert.equal(state(dir), before)
  return result
}

/** Only there as bytes of one way into the kernel; said in words of ovl they are no faults at all. */
const NONE = new Set(['more options than a page', 'more bytes than a value', 'lowerdir+ by mount(2)'])

for (const { name, arrange, code, title } of FAILURES.filter(({ name }) => name !== '501 layers by mount(2)')) {
  test(`${name}: ${code}`, async t => {
    const dir = ground(t)
    const said = arrange(dir)
    const { findings, trial } = await undisturbed(dir, () => diagnose({ spec: said }))
    const seen = JSON.stringify({ trial, findings: findings.slice(0, 3) }, null, 1).slice(0, 4000)
    if (NONE.has(name)) return assert.deepEqual(findings.filter(({ severity }) => severity === 'error'), [], seen)
    const [first] = findings
    assert.deepEqual([first?.code, first?.confidence, first?.severity], [code, 'certain', 'error'], seen)
    if (title !== undefined && code !== 'option-conflict') assert.ok(first.title.includes(title), seen)
  })
}

for (const { name, arrange, codes } of WARNINGS) {
  test(`a success that is none: ${name}`, async t => {
    const dir = ground(t)
    const said = arrange(dir)
    const { findings, trial } = await undisturbed(dir, () => diagnose({ spec: said }))
    const seen = JSON.stringify({ trial, findings }, null, 1).slice(0, 4000)
    assert.deepEqual(findings.filter(({ severity, code }) => severity === 'error' && code !== 'no-inodes'), [], seen)
    // What was read-only follows from its cause, and is not seen where another work stood in.
    const wanted = codes.filter(code => code !== 'mounted-read-only' && !(name.startsWith('no inodes') && code !== 'no-inodes'))
    for (const code of wanted) assert.ok(findings.some(one => one.code === code), `${code} is missing: ${seen}`)
    if (codes.length === 0) assert.deepEqual(findings, [], seen)
  })
}
