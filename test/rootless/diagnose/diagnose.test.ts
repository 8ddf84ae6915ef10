/** `diagnose` in a user namespace: the kernel log is mostly closed, trusted attributes are; facts and a trial must do, and what is not seen is said. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { ROWS, spec } from '../../root/findings/rows.ts'
import { hasTool, makeGround } from '../../root/host/ground.ts'

const ground = makeGround()

function fresh(): string {
  const dir = mkdtempSync(`${ground}/row-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** What cannot be brought about there, and why. */
const NOT_HERE: readonly (readonly [names: RegExp, why: string])[] = [
  [/squashfs/, 'an image cannot be attached without root'],
  [/read-only file system/, 'a superblock cannot be made read-only there once it is mounted'],
  [/FUSE/, '/dev/fuse is for root alone on many machines'],
  [/block device/, 'device nodes of the host are not to be opened'],
  [/with an index|junk in the index|in place of the index/, 'the index is dropped where file handles need root, so nothing is refused'],
]

/** Refused there for another reason first. */
const OTHERWISE: Readonly<Record<string, string>> = { 'data-only layers alone': 'userns-option-refused' }

test.each(ROWS.filter(({ name, rawOnly, tools = [] }) => rawOnly !== true && tools.every(hasTool) && !NOT_HERE.some(([names]) => names.test(name))))('$name: $code', async ({ name, arrange, code }) => {
  const dir = fresh()
  const said = arrange(dir)
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  const { findings, trial } = await diagnose({ spec: said })
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(mounts)
  expect({ code: findings[0]?.code, confidence: findings[0]?.confidence }, JSON.stringify({ findings, trial }, null, 1)).toEqual({ code: OTHERWISE[name] ?? code, confidence: 'certain' })
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
