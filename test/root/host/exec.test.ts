import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import type { OvlError } from '../../../src/errors/ovl-error.ts'
import { run, whileRunning } from '../../../src/host/exec.ts'
import { makeGround } from './ground.ts'

const ground = makeGround()

async function failure(promise: Promise<unknown>): Promise<OvlError> {
  const error: unknown = await promise.then(() => undefined, (caught: unknown) => caught)
  if (isOvlError(error)) return error
  throw error ?? new Error('nothing was thrown')
}

test('exit code and output are results', async () => {
  expect(await run('sh', ['-c', 'cat; echo "  warn" >&2; exit 3'], { input: ' in\n\n' })).toEqual({ exitCode: 3, stdout: ' in\n', stderr: '  warn' })
  expect(await run('sh', ['-c', 'kill -9 $$'])).toMatchObject({ exitCode: 137 })
  expect(await run('cat', [])).toMatchObject({ exitCode: 0, stdout: '' })
  expect(await run('true', [], { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 })
  expect(await run('printf', ['%s,', 'a b', '$HOME', '', `'"`])).toMatchObject({ stdout: `a b,$HOME,,'",` })
})

test('environment is added, directory is changed for the child alone', async () => {
  mkdirSync(`${ground}/ä b`)
  const cwd = process.cwd()
  expect((await run('sh', ['-c', 'echo "$OVL_X $PATH"; pwd'], { cwd: `${ground}/ä b`, env: { OVL_X: 'y' } })).stdout).toBe(`y ${process.env['PATH']}\n${ground}/ä b`)
  expect(process.cwd()).toBe(cwd)
})

test('a missing program is named with its package, a missing directory is not taken for one', async () => {
  expect(await failure(run('mount.nothing', []))).toMatchObject({ code: 'tool-missing', details: { hint: 'On Debian and Ubuntu: apt install mount.nothing' } })
  expect((await failure(run('/no/such/mksquashfs', []))).details.hint).toContain('apt install squashfs-tools')
  expect(await failure(run('true', [], { cwd: '/no/such' }))).toMatchObject({ code: 'unknown', details: { syscall: 'chdir', errno: 'ENOENT' } })
  expect(await failure(run('/etc/passwd', []))).toMatchObject({ details: { syscall: 'execve', errno: 'EACCES' } })
  expect(await failure(run('true', ['x'.repeat(200_000)]))).toMatchObject({ details: { syscall: 'execve', errno: 'E2BIG' } })
})

test('words that would arrive changed are refused', async () => {
  expect((await failure(run('true', ['a\udcff']))).code).toBe('way-cannot-say')
  expect((await failure(run('true', [], { cwd: '/\udcff' }))).code).toBe('way-cannot-say')
  expect((await failure(run('true', ['a\0b']))).code).toBe('usage')
  expect((await failure(run('true', [], { env: { A: '\udcff' } }))).code).toBe('way-cannot-say')
})

test('it can be interrupted', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 50)
  expect((await failure(run('sleep', ['60'], { signal: stop.signal }))).code).toBe('interrupted')
})

test('a program can be used while it runs, and is gone after', async () => {
  const pid = await whileRunning('sh', ['-c', 'echo ready; read -r _'], (pid) => {
    process.kill(pid, 0)
    return pid
  })
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  await expect(whileRunning('sh', ['-c', 'echo ready; read -r _'], () => {
    throw new Error('mine')
  })).rejects.toThrow('mine')
  expect(await failure(whileRunning('sh', ['-c', 'echo no >&2; exit 1'], () => 0))).toMatchObject({ code: 'unknown', message: 'no', details: { syscall: 'sh' } })
  expect((await failure(whileRunning('no-such-program', [], () => 0))).code).toBe('tool-missing')
})
