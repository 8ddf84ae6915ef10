/** A live overlay, the kernel log, and what was tried. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import type { Diagnosis } from '../../../src/ops/diagnose.ts'
import { makeGround } from '../host/ground.ts'
import { spec } from '../findings/rows.ts'

const ground = makeGround()
const sh = (script: string, cwd: string): string => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const codes = ({ findings }: Diagnosis): string[] => findings.map(({ code, severity }) => `${severity} ${code}`)

function fresh(): string {
  const dir = mkdtempSync(`${ground}/d-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

const live = (more = ''): string => {
  const dir = fresh()
  sh(`mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w${more}" m`, dir)
  return dir
}

describe('--target', () => {
  test('a healthy one', async () => expect(codes(await diagnose({ target: `${live()}/m` }))).toEqual(['note lower-modified']))

  test('a lower edited behind it', async () => {
    const dir = live()
    await sleep(60)
    writeFileSync(`${dir}/l2/new`, '')
    const found = await diagnose({ target: `${dir}/m` })
    expect(codes(found)).toEqual(['warning lower-modified'])
    expect(found.findings[0]?.title).toContain('/l2/new')
  })

  test('a lower that vanished, work/work removed', async () => {
    const dir = live()
    rmdirSync(`${dir}/l2`)
    rmdirSync(`${dir}/w/work`)
    expect(codes(await diagnose({ target: `${dir}/m` }))).toEqual(expect.arrayContaining(['warning lower-missing', expect.stringMatching(/work-dir-unusable/)]))
  })

  test('a mount below a lower', async () => {
    const dir = live()
    sh('mkdir -p l1/sub; mount -t tmpfs t l1/sub', dir)
    expect(codes(await diagnose({ target: `${dir}/m` }))).toContain('note submounts-hidden')
  })

  test('files copied up for nothing: the largest is named; and an upper that is hardly anything but copies', async () => {
    const dir = fresh()
    sh('head -c 20M /dev/urandom >l1/big; head -c 1M /dev/urandom >l1/small; mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w" m', dir)
    expect(codes(await diagnose({ target: `${dir}/m` }))).toEqual(['note lower-modified'])
    sh('chmod 600 m/big; touch m/small', dir)
    const bloat = (await diagnose({ target: `${dir}/m` })).findings.find(({ code }) => code === 'copy-up-bloat')
    expect(bloat).toMatchObject({ severity: 'note', confidence: 'certain', title: expect.stringMatching(/holds 21 MiB .*'\/big'/) as unknown })
    sh('echo changed >>m/big', dir)
    expect((await diagnose({ target: `${dir}/m` })).findings.find(({ code }) => code === 'copy-up-bloat')?.title).toMatch(/mostly copies .*: 21 MiB of 21 MiB/)
    sh('head -c 40M /dev/urandom >m/own', dir)
    expect(codes(await diagnose({ target: `${dir}/m` }))).toEqual(['note lower-modified'])
  })

  test('an upper too large to be looked at whole: said so', async () => {
    const dir = live()
    sh('mkdir m/d; cd m/d; seq 20001 | xargs touch', dir)
    expect((await diagnose({ target: `${dir}/m` })).unseen).toContainEqual(expect.stringContaining('the rest of upper'))
  })

  test('junk in the index', async () => {
    const dir = live(',index=on')
    writeFileSync(`${dir}/w/index/junk`, '')
    expect(codes(await diagnose({ target: `${dir}/m` }))).toContain('warning index-mismatch')
  })

  test('no overlay at all', async () => {
    const error: unknown = await diagnose({ target: fresh() }).catch((caught: unknown) => caught)
    expect(isOvlError(error) && error.code).toBe('not-mounted')
  })
})

/** The log is one for the machine: an attempt counts when nobody else said anything in it. */
async function undisturbed<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    using log = markKernelLog()
    const answer = await attempt()
    const lines = log.lines()
    if (!lines.known || lines.value.length === 1) return answer
  }
}

test('the kernel log: the newest refusal, in words', async () => {
  const found = await undisturbed(async () => {
    expect(() => sh('mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l1,upperdir=$PWD/u,workdir=$PWD/w" m', fresh())).toThrow()
    return diagnose()
  })
  expect(found.findings.find(({ code }) => code === 'layers-overlap')).toMatchObject({ confidence: 'likely', evidence: expect.arrayContaining([expect.objectContaining({ source: 'kernel-log' })]) as unknown })
  expect(found.unseen.filter((line) => line.startsWith('the kernel log'))).toEqual([])
})

describe('what stands in', () => {
  test('beside upper; a clean bill says so', async () => {
    const { findings, trial, unseen } = await diagnose({ spec: spec(fresh()) })
    expect({ findings, unseen }).toEqual({ findings: [], unseen: [] })
    expect(trial?.tried.join('\n')).toMatch(/fresh directories beside upper stood for[\s\S]*mounted by fsconfig[\s\S]*made a directory through it\nunmounted/)
  })

  test('in a thread of which nothing stays: no descriptor, no thread, no other namespace', async () => {
    const own = spec(fresh())
    const threads = (): number => readdirSync('/proc/self/task').length
    const state = (): unknown => ({ namespace: readlinkSync('/proc/self/ns/mnt'), table: readFileSync('/proc/self/mountinfo', 'utf8'), files: readdirSync('/proc/self/fd').length })
    await diagnose({ spec: own })
    const [before, running] = [state(), threads()]
    for (let i = 0; i < 3; i++) await diagnose({ spec: own })
    expect(state()).toEqual(before)
    // The kernel lists a thread for a moment after it was joined; and some of Node's own may have ended meanwhile.
    await expect.poll(threads, { timeout: 20_000 }).toBeLessThanOrEqual(running)
  })

  test('interrupted', async () => {
    const dir = fresh()
    const error: unknown = await diagnose({ spec: spec(dir), signal: AbortSignal.abort() }).catch((caught: unknown) => caught)
    expect(isOvlError(error) && error.code).toBe('interrupted')
    expect(sh('ls -A', dir)).toBe('l1\nl2\nm\nu\nw\n')
  })

  test('a tmpfs, where upper is a mount point; and what was left out', async () => {
    const dir = fresh()
    sh('mkdir d; mount -t tmpfs d d; mkdir d/w', dir)
    const { unseen } = await diagnose({ spec: spec(dir, { upper: `${dir}/d`, work: `${dir}/d/w` }) })
    expect(unseen).toEqual([expect.stringMatching(/the file system of upper .* was not tried: it is a mount point/)])
  })

  test('for what is yet to be made', async () => {
    const dir = fresh()
    const { findings, unseen } = await diagnose({ spec: spec(dir, { upper: `${dir}/x/u`, work: `${dir}/x/u.work`, target: `${dir}/y/m`, mkdir: true }) })
    expect({ findings, unseen }).toEqual({ findings: [], unseen: [] })
    expect(sh('ls', dir)).toBe('l1\nl2\nm\nu\nw\n')
  })

  test('over its own lower; over /proc', async () => {
    const dir = fresh()
    expect((await diagnose({ spec: spec(dir, { target: `${dir}/l1` }) })).findings).toEqual([])
    expect((await diagnose({ spec: spec(dir, { target: '/proc' }) })).findings.filter(({ severity }) => severity === 'error')).toEqual([])
  })

  test('a tmpfs that was asked for, an image', async () => {
    const dir = fresh()
    const { upper: _upper, work: _work, ...plain } = spec(dir, { tmpfs: { size: '4m' } })
    expect((await diagnose({ spec: plain })).findings).toEqual([])
    sh('truncate -s 8M img; mkfs.ext4 -q img', dir)
    expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/img` }] }) })).findings).toEqual([])
  })
})
