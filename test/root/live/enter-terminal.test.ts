/** `ovl live enter` at a terminal: the command has one of its own, and all that people do with one works. */

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { BIN } from '../../support/command.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { smallSystem } from './small-system.ts'

const ground = makeGround()
const skip = !hasTool('busybox') || !hasTool('script') || !hasTool('bash')

interface Session {
  readonly type: (keys: string) => void
  /** Waits until it has shown that. */
  readonly shows: (text: string) => Promise<void>
  readonly end: () => Promise<string>
  readonly child: ChildProcess
}

const children: ChildProcess[] = []
// Of a test that failed.
afterEach(() => { for (const child of children.splice(0)) child.kill('SIGKILL') })

/** A terminal in which a script of bash runs; `$OVL` enters `$AT`. */
function terminal(at: string, script: string, env: Readonly<Record<string, string>> = {}): Session {
  const dir = mkdtempSync(`${ground}/tty-`)
  execFileSync('mkfifo', [`${dir}/keys`])
  writeFileSync(`${dir}/script`, `OVL() { "${process.execPath}" "${BIN}" live enter "$@"; }\n${script}\n`)
  // Open for both, so that its end never comes.
  const keys = openSync(`${dir}/keys`, constants.O_RDWR)
  const child = spawn('script', ['-qec', `bash ${dir}/script`, '/dev/null'], { stdio: [keys, 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '', HOME: '/root', TERM: 'dumb', SHELL: '/bin/sh', AT: at, OUT: `${dir}/out`, ...env } })
  closeSync(keys)
  children.push(child)
  let shown = ''
  child.stdout?.on('data', (piece) => { shown += String(piece) })
  const writer = openSync(`${dir}/keys`, constants.O_RDWR)
  return {
    child,
    type: (text) => writeFileSync(writer, text),
    shows: async (text) => { while (!shown.includes(text)) await once(child.stdout as NonNullable<typeof child.stdout>, 'data') },
    end: async () => {
      await once(child, 'close')
      closeSync(writer)
      return shown
    },
  }
}

/** The first process below another that was started with that word in its command line. */
function descendant(of: number, word: string): number {
  for (let pid = of; ;) {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)) return pid
    pid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  }
}

test('it has a terminal of its own, of the same size, and a name; the status is kept', { skip }, async () => {
  await using at = await smallSystem(ground)
  const session = terminal(at.target, 'stty rows 31 cols 77; OVL "$AT" -- /bin/sh -c "tty; stty size; exit 6"; echo "status $?"')
  expect(await session.end()).toBe('/dev/console\r\n31 77\r\nstatus 6\r\n')
})

test('a Ctrl-C typed is for the command, which has the terminal', { skip }, async () => {
  await using at = await smallSystem(ground)
  const session = terminal(at.target, 'OVL "$AT" -- /bin/sh -c "trap \'echo caught; exit 4\' INT; echo ready; while :; do sleep 1; done"; echo "status $?"')
  await session.shows('ready')
  session.type('\u0003')
  expect(await session.end()).toMatch(/caught\r\nstatus 4\r\n$/)
})

test('a Ctrl-C typed reaches the command without a terminal, too', { skip }, async () => {
  await using at = await smallSystem(ground)
  const session = terminal(at.target, 'OVL "$AT" -- /bin/sh -c "trap \'echo caught; exit 4\' INT; echo ready; while :; do sleep 1; done" </dev/null; echo "status $?"')
  await session.shows('ready')
  session.type('\u0003')
  expect(await session.end()).toMatch(/caught\r\nstatus 4\r\n$/)
})

test('output that goes elsewhere arrives byte for byte, and errors apart from it', { skip }, async () => {
  await using at = await smallSystem(ground)
  const session = terminal(at.target, 'OVL "$AT" -- /bin/sh -c "printf \'a\\nb\\n\'; echo wrong >&2" >"$OUT"; echo "status $?"; od -c "$OUT"; OVL "$AT" -- /bin/sh -c "echo out; echo wrong >&2" 2>"$OUT"; cat "$OUT"')
  expect(await session.end()).toBe('wrong\r\nstatus 0\r\n0000000   a  \\n   b  \\n\r\n0000004\r\nout\r\nwrong\r\n')
})

test.each(['TERM', 'HUP'])('SIG%s ends all of it, and the terminal is as it was', { skip }, async (signal) => {
  const at = await smallSystem(ground)
  const session = terminal(at.target, `stty -g; OVL "$AT" -- /bin/sh -c "echo ready; sleep 1000"; echo "status $?"; stty -g`)
  await session.shows('ready')
  const pid = descendant(session.child.pid ?? 0, 'ovl.js')
  process.kill(pid, `SIG${signal}` as NodeJS.Signals)
  const lines = (await session.end()).split('\r\n').filter((line) => line !== '')
  expect(lines).toContain('status 8')
  expect(lines.at(-1)).toBe(lines[0])
  // Nothing holds the tree.
  await at.unmount()
})

test('SIGKILL ends all of it at a terminal, too', { skip }, async () => {
  const at = await smallSystem(ground)
  const session = terminal(at.target, 'OVL "$AT" -- /bin/sh -c "echo ready; sleep 1000"; echo "status $?"')
  await session.shows('ready')
  process.kill(descendant(session.child.pid ?? 0, 'ovl.js'), 'SIGKILL')
  expect(await session.end()).toContain('status 137')
  // The last of them may take a moment to go.
  let busy: unknown
  for (let tries = 0; tries < 500; tries++) {
    busy = await at.unmount().then(() => undefined, (error: unknown) => error)
    if (busy === undefined) break
    await sleep(20)
  }
  expect(busy).toBeUndefined()
})

test('without script(1) it has none, and that is said', { skip }, async () => {
  await using at = await smallSystem(ground)
  const bare = mkdtempSync(`${ground}/bin-`)
  mkdirSync(`${bare}/bin`)
  for (const name of ['sh', 'setpriv', 'unshare']) symlinkSync(spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).stdout.trim(), `${bare}/bin/${name}`)
  const session = terminal(at.target, 'PATH="$BARE" OVL "$AT" -- /bin/sh -c "cat /dev/tty; exit 3"; echo "status $?"', { BARE: `${bare}/bin` })
  const shown = await session.end()
  expect(shown).toContain('script is not installed')
  expect(shown).toMatch(/status 3\r\n$/)
})
