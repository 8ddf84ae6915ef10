/** What a success will lack, and who else is there: flags that are not inherited, users in other mount namespaces, features of upper’s file system. */

import { spawn, execFileSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { redactCase } from '../../../src/diagnose/redact.ts'
import { mount } from '../../../src/ops/mount.ts'
import { diagnose, examine } from '../../../src/ops/diagnose.ts'
import type { Diagnosis } from '../../../src/ops/diagnose.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { spec } from '../findings/rows.ts'

const ground = makeGround()
const sh = (script: string, cwd: string): string => execFileSync('sh', ['-ec', script], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const codes = ({ findings }: Diagnosis): string[] => findings.map(({ code, severity }) => `${severity} ${code}`)

function fresh(): string {
  const dir = mkdtempSync(`${ground}/f-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

/** Upper and work on a tmpfs that is mounted with `flags`. */
function onMount(dir: string, options: string): { upper: string; work: string } {
  sh(`mkdir t; mount -t tmpfs -o ${options} t t; mkdir t/u t/w`, dir)
  return { upper: `${dir}/t/u`, work: `${dir}/t/w` }
}

describe('flags of the mount of upper', () => {
  test('the kernel takes none of them over, and diagnose says so', async () => {
    const dir = fresh()
    const said = spec(dir, onMount(dir, 'noexec,nodev'))
    const { findings } = await diagnose({ spec: said })
    expect(findings).toMatchObject([{ code: 'flags-not-inherited', severity: 'warning', title: expect.stringContaining('noexec, nodev') as unknown }])
    sh(String.raw`printf '#!/bin/sh\necho ran\n' > t/u/program; chmod +x t/u/program`, dir)
    expect(() => sh('t/u/program', dir)).toThrow()
    await using _mounted = await mount(said)
    expect(sh('m/program', dir)).toBe('ran\n')
  })

  test('nothing is said where the words have them, or where there are none', async () => {
    const dir = fresh()
    const said = spec(dir, { ...onMount(dir, 'noexec'), flags: ['noexec'] })
    expect(codes(await diagnose({ spec: said }))).toEqual([])
    expect(codes(await diagnose({ spec: spec(fresh()) }))).toEqual([])
  })

  test('of a lower: a note', async () => {
    const dir = fresh()
    sh('mount -t tmpfs -o nosuid l l1', dir)
    expect(codes(await diagnose({ spec: spec(dir) }))).toEqual(['note flags-not-inherited'])
  })
})

describe('users in another mount namespace', () => {
  const running: ChildProcess[] = []
  afterEach(() => running.splice(0).forEach((child) => child.kill()))

  const elsewhere = async (dir: string): Promise<number> => {
    const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', 'mount -t overlay o -o "lowerdir=$PWD/l1,upperdir=$PWD/u,workdir=$PWD/w" m; echo ready; read -r _'], { cwd: dir, stdio: ['pipe', 'pipe', 'inherit'] })
    running.push(child)
    await once(child.stdout, 'data')
    return child.pid as number
  }

  test('are named: process, command, namespace, and how to get there', async () => {
    const dir = fresh()
    const pid = await elsewhere(dir)
    const { findings } = await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/l2` }] }), trial: false })
    expect(findings).toMatchObject([{ code: 'upper-in-use', severity: 'warning', title: expect.stringContaining(`process ${pid} (`) as unknown }])
    expect(JSON.stringify(findings[0]?.evidence)).toMatch(/lives in mount namespace \d+/)
    expect(findings[0]?.fix.at(-1)?.command).toBe(`nsenter --mount --target ${pid} umount ${dir}/m`)
    expect((await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/l2` }], options: { index: 'on' } }), trial: false })).findings[0]?.severity).toBe('error')
  })

  test('a namespace that is a copy of this one holds nothing more', async () => {
    const dir = fresh()
    sh('mount -t overlay o -o "lowerdir=$PWD/l1,upperdir=$PWD/u,workdir=$PWD/w" m', dir)
    await elsewhere(fresh())
    const { findings } = await diagnose({ spec: spec(dir, { lower: [{ path: `${dir}/l2` }] }), trial: false })
    expect(findings.map(({ code }) => code)).toEqual(['upper-in-use'])
    expect(findings[0]?.title).not.toContain('process')
  })
})

describe('the file system of upper, tried beside it', () => {
  const probed = async (dir: string, paths: { upper: string; work: string }) => (await examine({ spec: spec(dir, paths) }))

  test('is in the facts, through JSON and without names; nothing is written into upper', async () => {
    const dir = fresh()
    const { judged } = await examine({ spec: spec(dir) })
    const works = { dType: 'works', trustedXattr: 'works', userXattr: 'works', tmpfile: 'works', renameWhiteout: 'works' }
    expect(judged?.facts.upperProbe).toEqual({ known: true, value: works })
    expect(judged === undefined ? undefined : redactCase(judged).facts.upperProbe).toEqual({ known: true, value: works })
    expect(sh('find . -mindepth 1 | sort', dir)).toBe('./l1\n./l2\n./m\n./u\n./w\n')
  })

  test('ramfs: no attributes, certain without the kernel’s log', async () => {
    const dir = fresh()
    sh('mkdir t; mount -t ramfs t t; mkdir t/u t/w', dir)
    const { diagnosis, judged } = await probed(dir, { upper: `${dir}/t/u`, work: `${dir}/t/w` })
    expect(judged?.facts.upperProbe).toMatchObject({ value: { trustedXattr: 'EOPNOTSUPP', userXattr: 'EOPNOTSUPP', dType: 'works' } })
    expect(diagnosis.findings).toContainEqual(expect.objectContaining({ code: 'upper-no-xattr', confidence: 'certain' }))
  })

  test('ext4 without file types', async () => {
    if (!hasTool('mkfs.ext4')) return
    const dir = fresh()
    sh('truncate -s 16M img; mkfs.ext4 -q -O ^filetype img; mkdir t; mount -o loop img t; mkdir t/u t/w', dir)
    const { diagnosis, judged } = await probed(dir, { upper: `${dir}/t/u`, work: `${dir}/t/w` })
    expect(judged?.facts.upperProbe).toMatchObject({ value: { dType: 'none', trustedXattr: 'works' } })
    expect(JSON.stringify(diagnosis.findings.find(({ code }) => code === 'upper-no-d-type')?.evidence)).toContain('tells no types')
  })
})
