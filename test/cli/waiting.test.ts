/** Files that somebody names, and that never come or never end: Ctrl-C ends the wait, and no more is read than such a file can hold. */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { BIN, envelope, ovl } from '../support/command.ts'

const at = mkdtempSync(join(tmpdir(), 'ovl-wait-'))
afterAll(() => rmSync(at, { recursive: true }))
execFileSync('mkfifo', [`${at}/fifo`])
symlinkSync('/dev/zero', `${at}/zero`)
const timeout = 30_000
const LINE = 'overlay /nowhere overlay lowerdir=/a:/b 0 0\n'

/** The exit code after a SIGINT that is sent once the program waits; null when it had to be killed. */
async function interrupted(words: readonly string[], stdin: 'pipe' | 'ignore'): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [BIN, ...words], { stdio: [stdin, 'ignore', 'pipe'], cwd: at })
  let stderr = ''
  child.stderr?.on('data', (piece) => (stderr += String(piece)))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const killer = setTimeout(() => child.kill('SIGKILL'), timeout)
  while (child.exitCode === null && !catches(child.pid as number, constants.signals.SIGHUP)) await sleep(10)
  child.kill('SIGINT')
  const code = await ended
  clearTimeout(killer)
  return { code, stderr }
}

/** Whether a process has a handler for a signal. Node itself has one for SIGINT from the beginning, but not for SIGHUP. */
function catches(pid: number, signal: number): boolean {
  try {
    const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0'
    return ((BigInt(`0x${caught}`) >> BigInt(signal - 1)) & 1n) === 1n
  } catch {
    return true
  }
}

test.each([
  [['fstab', `--lint=${at}/fifo`], 'ignore', 8],
  [['fstab', '--lint=-'], 'pipe', 8],
  [['diagnose', '--message', '-'], 'pipe', 2],
  [['diagnose', '--from-facts', `${at}/fifo`], 'ignore', 2],
] as const)('Ctrl-C ends %j, which waits', async (words, stdin, code) => {
  const said = await interrupted(words, stdin)
  expect(said).toMatchObject({ code, stderr: expect.stringContaining('interrupted') as string })
}, 60_000)

test.each([
  [['fstab', `--lint=${at}/zero`, '--json'], 'file-too-large'],
  [['diagnose', '--from-facts', `${at}/zero`, '--json'], 'file-too-large'],
  [['diagnose', '--from-facts', at, '--json'], 'unsafe-path'],
  [['fstab', `--lint=${at}`, '--json'], 'usage'],
  [['live', 'plan', `${at}/fifo`, '--json'], 'image-unreadable'],
  [['live', 'plan', `${at}/zero`, '--json'], 'image-unreadable'],
  [['fstab', '-l', '/a', '-l', '/b', '/m', `--write=${at}/fifo`, '--json'], 'usage'],
])('%j comes to its end', (words, code) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...words], { encoding: 'utf8', timeout, killSignal: 'SIGKILL', input: '' })
  expect(status).not.toBe(null)
  expect(envelope({ code: status, stdout, stderr }).error?.code).toBe(code)
})

test('a pipe of the shell, standard input and a FIFO with a writer are read', () => {
  const lint = (script: string): unknown => {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, BIN, at, LINE], { encoding: 'utf8', timeout })
    return envelope({ code: status, stdout, stderr }).data
  }
  for (const script of ['"$1" "$2" fstab --json --lint=<(printf "%s" "$4")', 'printf "%s" "$4" | "$1" "$2" fstab --json --lint=-', 'printf "%s" "$4" | "$1" "$2" fstab --json --lint=/dev/stdin', '(printf "%s" "$4" >"$3/fifo") & "$1" "$2" fstab --json --lint="$3/fifo"']) {
    expect([script, lint(script)]).toMatchObject([script, [{ line: 1, target: '/nowhere' }]])
  }
})

test('facts that are malformed are refused by the place that is wrong', () => {
  const file = `${at}/facts.json`
  for (const [text, says] of [['', 'it is no JSON'], ['[]', 'it is no object'], ['null', 'it is no object'], ['{}', "'version' is not 1"], ['{"version":1}', "'facts' is not an object"], ['['.repeat(100_000), 'nested deeper'], [`{"version":1,"facts":{"version":1,"cwd":"/","paths":[null]}}`, "'facts.paths[0]' is not an object"]] as const) {
    writeFileSync(file, text)
    const { code, stdout, stderr } = ovl(['diagnose', '--from-facts', file, '--json'])
    expect([code, stderr, envelope({ code, stdout, stderr }).error]).toMatchObject([2, '', { code: 'usage', message: expect.stringContaining(says) as string }])
  }
})
