/** What ovl remembers of a mount lies where only its user can write: receipts, and the parts beside them. */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BIN, envelope, runChild } from '../support/command.ts'
import type { Ran } from '../support/command.ts'
import { makeGround } from '../root/host/ground.ts'

const ground = makeGround()

function place(): { dir: string; ovl: (words: readonly string[], runtime?: string) => Ran } {
  const dir = mkdtempSync(`${ground}/place-`)
  for (const name of ['lower', 'merged', 'run']) mkdirSync(`${dir}/${name}`)
  chmodSync(`${dir}/run`, 0o700)
  return { dir, ovl: (words, runtime = `${dir}/run`) => runChild(process.execPath, [BIN, ...words], { cwd: dir, env: runtime === '' ? {} : { XDG_RUNTIME_DIR: runtime } }) }
}

test('below XDG_RUNTIME_DIR, for the user alone, and gone with the mount', () => {
  const { dir, ovl } = place()
  const answer = envelope(ovl(['mount', '--json', '-l', 'lower', '--tmpfs', '--userxattr', 'merged']))
  expect(answer, JSON.stringify(answer.error)).toMatchObject({ ok: true, warnings: [] })
  const state = `${dir}/run/ovl`
  const { mode, uid } = statSync(state)
  expect([mode & 0o777, uid]).toEqual([0o700, process.getuid?.()])
  const [receipt, ...others] = readdirSync(state).filter((name) => name.endsWith('.json'))
  expect(others).toEqual([])
  expect(statSync(`${state}/${receipt}`).mode & 0o077).toBe(0)
  expect(JSON.parse(readFileSync(`${state}/${receipt}`, 'utf8'))).toMatchObject({ state: 'mounted', target: `${dir}/merged`, parts: [{ what: 'tmpfs' }] })
  const { upper } = answer.data as { upper: string }
  expect(upper.startsWith(`${state}/`)).toBe(true)

  // Named as ovl's own only to who has the receipt, and taken down whole.
  const listed = envelope(ovl(['list', '--json'])).data as { target: string; maker: { name: string } }[]
  expect(listed.find(({ target }) => target === `${dir}/merged`)?.maker.name).toBe('ovl')
  expect(ovl(['umount', 'merged'])).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(state)).toEqual([])
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(state)
})

test('without XDG_RUNTIME_DIR, in a directory of the user’s own all the same', () => {
  const { ovl } = place()
  const { data } = envelope(ovl(['mount', '--json', '-l', 'lower', '--tmpfs', '--userxattr', 'merged'], ''))
  const { upper } = data as { upper: string }
  const state = upper.split('/').slice(0, -3).join('/')
  const { mode, uid } = statSync(state)
  expect([mode & 0o022, uid], state).toEqual([0, process.getuid?.()])
  expect(ovl(['umount', 'merged'], '')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(existsSync(upper)).toBe(false)
})

test('a directory that others could have planted is not trusted', () => {
  const { dir, ovl } = place()
  mkdirSync(`${dir}/open`)
  for (const plant of [() => mkdirSync(`${dir}/run/ovl`), () => symlinkSync(`${dir}/open`, `${dir}/run2/ovl`)]) {
    mkdirSync(`${dir}/run2`, { recursive: true })
    plant()
    const runtime = existsSync(`${dir}/run2/ovl`) ? `${dir}/run2` : `${dir}/run`
    chmodSync(`${runtime}/ovl`, 0o777)
    const ran = ovl(['mount', '--json', '-l', 'lower', '--tmpfs', 'merged'], runtime)
    expect([ran.code, envelope(ran).error?.code]).toEqual([1, 'not-permitted'])
    expect(envelope(ran).error?.message).toContain(`'${runtime}/ovl'`)
    expect(readdirSync(`${dir}/merged`)).toEqual([])
  }
})

test('of a mount namespace that is gone, beside processes that may not be looked into: said, left, and cleared with --force', (context) => {
  const { dir, ovl } = place()
  expect(runChild('unshare', ['--mount', process.execPath, BIN, 'mount', '-l', 'lower', '--tmpfs', '--userxattr', 'merged'], { cwd: dir, env: { XDG_RUNTIME_DIR: `${dir}/run` } }).code).toBe(0)
  const left = envelope(ovl(['umount', '--stale', '--json']))
  const [warning] = left.warnings as { code: string; title: string }[]
  if (warning === undefined && process.env['OVL_TESTS_MUST_RUN'] !== '1') return context.skip('every process of this machine can be looked into')
  expect(left.data).toEqual([])
  expect(warning).toMatchObject({ code: 'owned-elsewhere', title: expect.stringMatching(/merged'.*process \d+ \(.+\) .*may not be looked into$/) as unknown })
  expect(ovl(['umount', '--stale']).stderr).toContain('ovl umount --stale --force')
  const cleared = envelope(ovl(['umount', '--stale', '--force', '--json']))
  expect(cleared).toMatchObject({ ok: true, data: [{ target: `${dir}/merged` }], warnings: [] })
  expect(readdirSync(`${dir}/run/ovl`)).toEqual([])
})
