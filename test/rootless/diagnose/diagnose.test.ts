/** `diagnose` in a user namespace: the kernel log is mostly closed, trusted attributes are; facts and a trial must do, and what is not seen is said. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { ROWS, spec } from '../../root/findings/rows.ts'
import { makeGround } from '../../root/host/ground.ts'

const ground = makeGround()

function fresh(): string {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** Needs root, an index (dropped here), or xattrs that only root may write; or is said in other words. */
const NOT_HERE = /squashfs|FUSE|index|block device|mark of a volatile|read-only file system|data-only layers alone/

test.each(ROWS.filter(({ name, rawOnly }) => rawOnly !== true && !NOT_HERE.test(name)))('$name: $code', async ({ arrange, code }) => {
  const dir = fresh()
  const said = arrange(dir)
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  const { findings, trial } = await diagnose({ spec: said })
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts)
  expect({ code: findings[0]?.code, confidence: findings[0]?.confidence }, JSON.stringify({ findings, trial }, null, 1)).toEqual({ code, confidence: 'certain' })
})

test('a clean bill with userxattr, a warning without', async () => {
  const healthy = await diagnose({ spec: spec(fresh(), { options: { userxattr: true } }) })
  expect(healthy.findings).toEqual([])
  expect(healthy.trial?.tried).toContain('made a directory through it')
  expect((await diagnose({ spec: spec(fresh()) })).findings.map(({ code, severity }) => `${severity} ${code}`)).toContain('warning userns-needs-userxattr')
})

describe('what cannot be seen is said', () => {
  const readable = (() => {
    try {
      execFileSync('dd', ['if=/dev/kmsg', 'of=/dev/null', 'bs=1', 'count=0'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })()

  test.skipIf(readable)('the kernel log', async () => {
    expect((await diagnose()).unseen).toEqual(expect.arrayContaining([expect.stringMatching(/^the kernel log: /)]))
    expect((await diagnose({ spec: spec(fresh(), { options: { userxattr: true } }) })).unseen).toEqual(expect.arrayContaining([expect.stringMatching(/^the kernel log: /)]))
  })
})
