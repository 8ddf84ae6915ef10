/** Standard output that takes nothing, or is gone: every command says so in one line and ends as it should, without a stack trace. */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { BIN, ROOT } from '../support/command.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { EXIT_CODES } from '../../src/cli/exit-codes.ts'

const here = mkdtempSync(join(tmpdir(), 'ovl-out-'))
afterAll(() => rmSync(here, { recursive: true }))
writeFileSync(join(here, 'empty.fstab'), '')

interface Ended { readonly code: number | null; readonly signal: string | null; readonly stderr: string; readonly stdout: string }

/** By a shell, with these redirections. */
function ovlTo(redirection: string, args: readonly string[]): Ended {
  const { status, signal, stderr, stdout } = spawnSync('sh', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, BIN, ...args], { cwd: here, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' } })
  return { code: status, signal, stderr, stdout }
}

/** For each command words that answer something on stdout without mounting, with --json; or that fail. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  options: ['-l', '/usr', '-l', '/etc'], list: [], completion: ['bash'], fstab: ['-l', '/usr', '-l', '/etc', '/mnt'], unit: ['-l', '/usr', '-l', '/etc', '/mnt'], doctor: ['/usr'],
  diagnose: ['--message', 'mount: wrong fs type'], mount: ['-l', '/usr', '-l', '/etc', '/mnt', '--dry-run'],
}
const NO_STACK = /at .*\.(?:cjs|js|ts):\d+|node:internal|Node\.js v/

describe.each(COMMANDS.map(({ name, family }) => ({ name, family })))('ovl $name', ({ name, family }) => {
  const words = [...name.split(' '), ...(WORDS[name] ?? ['--no-such-option'])]
  const fails = WORDS[name] === undefined

  it.each([[[]], [['--json']]])('%j to a full disk', (more) => {
    const { code, signal, stderr } = ovlTo('>/dev/full', [...words, ...more])
    expect(stderr).not.toMatch(NO_STACK)
    expect(signal).toBe(null)
    if (fails) {
      // What went wrong first is said, and is the exit code.
      expect(stderr).toContain('no-such-option')
      expect(code).toBe(EXIT_CODES[family].codes.usage ?? EXIT_CODES[family].other)
      if (more[0] === '--json') expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ovl.*: error\[output-failed\]: cannot write to standard output: no space left on device \(write: ENOSPC\)$/)
    } else {
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^ovl.*: error\[output-failed\]: cannot write to standard output: no space left on device \(write: ENOSPC\)/)
      expect(code).toBe(2)
    }
  })

  it('help to nowhere', () => {
    const { code, signal, stderr } = ovlTo('>/dev/full', [...words, '--help'])
    expect([code, signal, stderr.split('\n').length]).toEqual([2, null, 2])
  })
})

describe.each(['options', 'list', 'doctor'])('ovl %s', (name) => {
  const words = [name, ...(WORDS[name] ?? [])]

  it('to nowhere ends without a stack trace', () => {
    // Node puts /dev/null in the place of a descriptor that is closed, so nothing fails.
    for (const closed of ['>&-', '>&- 2>&- <&-', '>/dev/full 2>/dev/full']) {
      const { signal, stderr } = ovlTo(closed, [...words, '--json'])
      expect([signal, stderr]).toEqual([null, ''])
    }
  })

  it('to a reader that went away ends quietly', () => {
    const { stderr, stdout } = ovlTo('| true', words)
    expect([stdout, stderr.replaceAll(/^(?:warning|error|note)\[.*[^]*/gm, '')]).toEqual(['', ''])
  })
})

it.each([['--version'], ['-V'], ['--help'], ['help mount']])('ovl %s', (words) => {
  const { code, stderr } = ovlTo('>/dev/full', words.split(' '))
  expect([code, stderr]).toEqual([2, 'ovl: error[output-failed]: cannot write to standard output: no space left on device (write: ENOSPC)\n'])
  expect(ovlTo('| true', words.split(' '))).toMatchObject({ stderr: '', stdout: '' })
  expect(ovlTo('>/dev/full 2>/dev/full', words.split(' '))).toMatchObject({ code: 2, stderr: '' })
})

it.each(['mount.ovl', 'umount.ovl'])('%s --help', (helper) => {
  const { status, stderr } = spawnSync('sh', ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, join(ROOT, 'bin', `${helper}.js`), '--help'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([2, `${helper}: error[output-failed]: cannot write to standard output: no space left on device (write: ENOSPC)\n`])
})

it('a file that may not grow any more', () => {
  const file = join(here, 'limited')
  const { code, signal, stderr } = ovlTo(`>${file}`, ['completion', 'bash'])
  expect([code, signal, stderr]).toEqual([0, null, ''])
  const whole = statSync(file).size
  const { status, stderr: said, signal: by } = spawnSync('bash', ['-c', `ulimit -f 1; exec "$0" "$@" >${file}`, process.execPath, BIN, 'completion', 'bash'], { encoding: 'utf8', env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' } })
  expect(whole).toBeGreaterThan(1024)
  expect([status, by, said]).toEqual([2, null, expect.stringContaining('ovl completion: error[output-failed]: cannot write to standard output: ')])
})

it('a change that was made is said, and stays', () => {
  const file = join(here, 'written.fstab')
  const { code, stderr } = ovlTo('>/dev/full', ['fstab', '-q', '-l', '/usr', '-l', '/etc', '/mnt', `--write=${file}`])
  expect([code, stderr]).toEqual([2, `ovl fstab: error[output-failed]: cannot write to standard output: no space left on device (write: ENOSPC); '${file}' is written\n`])
  expect(readFileSync(file, 'utf8')).toContain('overlay /mnt overlay')
  expect(existsSync(file) && readdirSync(here).some((name) => name.endsWith('.ovl-new'))).toBe(false)
})

it('a slow reader of a pipe that does not block gets all of it', async () => {
  const whole = spawnSync(process.execPath, [BIN, 'completion', 'bash'], { encoding: 'utf8' }).stdout
  // Node makes its own pipes non-blocking; what writes into one of the smallest size meets EAGAIN again and again.
  const child = spawn('python3', ['-c', `
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, 1031, 4096)
fcntl.fcntl(w, fcntl.F_SETFL, fcntl.fcntl(w, fcntl.F_GETFL) | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
while True:
    piece = os.read(r, 700)
    if not piece: break
    sys.stdout.buffer.write(piece)
    time.sleep(0.002)
sys.exit(child.wait())
`, process.execPath, BIN, 'completion', 'bash'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let got = ''
  child.stdout.on('data', (piece) => { got += String(piece) })
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code).toBe(0)
  expect(got).toBe(whole)
  expect(got.length).toBeGreaterThan(8192)
})

it('a reader that does not read does not keep Ctrl-C from ending it', async () => {
  // Some 200 KiB fit into a pipe that nobody reads; this is 500.
  const words = Array.from({ length: 499 }, (_, n) => ['-l', `/usr/${String(n).padStart(250, '0')}${`/${'x'.repeat(250)}`.repeat(3)}`]).flat()
  const child = spawn(process.execPath, [BIN, 'options', '--json', '--for', 'fsconfig', ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<string | null>((resolve) => child.on('exit', (_, signal) => resolve(signal)))
  child.stdout.pause()
  // It waits when it has slept at many looks in a row.
  const until = performance.now() + 20_000
  for (let asleep = 0; asleep < 25 && performance.now() < until;) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    asleep = /\) S /.test(readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8')) ? asleep + 1 : 0
  }
  expect(performance.now()).toBeLessThan(until)
  child.kill('SIGINT')
  child.kill('SIGINT')
  expect(await Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('still running'), 10_000))])).toBe('SIGINT')
  child.kill('SIGKILL')
})
