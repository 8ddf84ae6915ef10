// `diagnose` with its trial in a thread of its own, on a kernel without statmount(2): the mount is read back from the thread's own table.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import test from 'node:test'
import { diagnose, overlay } from 'ovl'
import { scratch } from './scratch.mjs'

const words = (dir) => overlay().lower(`${dir}/lower/1`, `${dir}/lower/2`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`)

test('a clean bill: mounted, used, unmounted, and nothing stays', async t => {
  const dir = scratch(t, { on: 'disk' })
  const before = [readFileSync('/proc/self/mountinfo', 'utf8'), ...readdirSync(dir)]
  const { findings, trial, unseen } = await diagnose({ spec: words(dir).index() })
  assert.deepEqual([findings, unseen], [[], []])
  assert.match(trial.tried.join('\n'), /mounted by .* in a private mount namespace\nmade a directory through it\nunmounted$/)
  assert.deepEqual([readFileSync('/proc/self/mountinfo', 'utf8'), ...readdirSync(dir)], before)
})

test('fsync=volatile: the older word is offered', async t => {
  const { findings } = await diagnose({ spec: words(scratch(t, { on: 'disk' })).option('fsync', 'volatile') })
  assert.deepEqual([findings[0].code, findings[0].confidence], ['option-needs-newer-kernel', 'certain'])
  assert.match(findings[0].fix[0].text, /^Say volatile, which means the same/)
})
