/** A file system whose daemon is stopped answers nobody: `ovl doctor` and `ovl diagnose` say so, and come to their end. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { overlay } from '../../../src/index.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { doctor } from '../../../src/ops/doctor.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

test('a hung file system is a row and a finding, not a hung doctor', { skip: !hasTool('fuse-overlayfs'), timeout: 60_000 }, async () => {
  for (const name of ['a', 'b', 'c', 'f']) mkdirSync(`${ground}/${name}`)
  spawnSync('fuse-overlayfs', ['-o', `lowerdir=${ground}/a,upperdir=${ground}/b,workdir=${ground}/c`, `${ground}/f`], { stdio: 'ignore' })
  mkdirSync(`${ground}/f/d`)
  const daemon = Number(execFileSync('sh', ['-c', 'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline 2>/dev/null | grep -q "^fuse-overlayfs .*$1/f " && echo ${p#/proc/}; done; true', 'sh', ground], { encoding: 'utf8' }).trim())
  process.kill(daemon, 'SIGSTOP')
  try {
    const { usable, layer, rows, findings } = await doctor({ dir: `${ground}/f/d` })
    expect({ usable, layer }).toEqual({ usable: 'no', layer: { lower: 'unknown', upper: 'unknown' } })
    expect(findings[0]).toMatchObject({ code: 'not-responding', severity: 'error', title: expect.stringMatching(/f\/d' did not answer within \d+ s/) as unknown, fix: expect.arrayContaining([expect.objectContaining({ command: `umount -f -l ${ground}/f` })]) as unknown })
    const here = rows.filter(({ group, id }) => group === 'directory' && id !== 'dir-type')
    expect(new Set(here.map(({ state, detail }) => `${state}: ${detail}`))).toEqual(new Set([expect.stringMatching(/^unknown: it did not answer within \d+ s$/)]))
    expect(rows.find(({ id }) => id === 'overlay')?.state).toBe('works')
    // By a symlink, too, which the mount table does not know.
    symlinkSync(`${ground}/f/d`, `${ground}/link`)
    const diagnosis = await diagnose({ spec: overlay().lower(`${ground}/a`, `${ground}/link`).at(`${ground}/c`) })
    expect(JSON.stringify(diagnosis)).not.toContain('umount')
    expect(diagnosis).toMatchObject({ findings: [{ code: 'not-responding', title: expect.stringContaining('link') as unknown }], unseen: [expect.stringContaining('all else') as unknown] })
  } finally {
    process.kill(daemon, 'SIGCONT')
    execFileSync('umount', [`${ground}/f`])
  }
})
