/**
 * One kill after another, in a mount namespace of their own whose /run/ovl is a fresh tmpfs. Reads one JSON request,
 * `{ target, images, kills }`, and writes a line for each kill: what was there when the driver was dead, and what
 * was left when ovl had cleared up. A kill has `doing` (`mount`, `mount2`, `unmount`, and for a live system
 * `live`, `live-unmount`) and one of
 *
 *   after: 12.3     so many milliseconds after `go`; without it, at `done`
 *   every: 'mkdir'  before the first call of that name, then anew before the second, until there is no more
 *   pause: true     with `every`: not killed there but stopped after the call, cleared up behind, and let go on to its end
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { list, unmount, unmountStale } from '../../../dist/index.js'

const DRIVER = fileURLToPath(new URL('driver.mjs', import.meta.url))
const STATE = '/run/ovl'
const { target, images, kills } = JSON.parse(readFileSync(0, 'utf8'))

/** Mounts that the machine had before, below the fresh /run/ovl too. */
const OTHERS = new Set(mountPoints())

// The next driver starts while the last one's remains are looked at.
let next = startDriver()
for (const kill of kills) {
  for (let number = 1; await one({ ...kill, ...(kill.every === undefined ? {} : { number }) }); number++) continue
}
next.kill('SIGKILL')

/** True when there is another call to be killed at. */
async function one(kill) {
  const driver = next
  next = startDriver()
  const report = { kill, ...await runAndKill(driver, kill), stage: stage(), whole: undefined, survived: undefined, left: undefined, error: undefined }
  try {
    report.whole = await isWhole()
    await unmountStale()
    report.survived = await isWhole()
    if (report.survived === true) await unmount(target)
    report.left = await remains()
  } catch (error) {
    report.error = `${error.code}: ${error.message} ${JSON.stringify(error.findings ?? [])}`
    report.left = await remains()
  }
  writeSync(1, `${JSON.stringify(report)}\n`)
  // What is left now would be found after the next kill again.
  if (report.error !== undefined || Object.values(report.left).some((some) => some.length > 0)) process.exit()
  return kill.every !== undefined && (kill.pause === true ? report.cleared !== undefined : !report.said.includes('done'))
}

function startDriver() {
  return spawn(process.execPath, [DRIVER, target, ...images], { stdio: 'pipe' })
}

/** Lets the driver begin, and kills it. */
async function runAndKill(driver, { doing, after, every, number, pause }) {
  let said = ''
  let complaint = ''
  let took
  let start
  const ended = new Promise((resolve) => driver.on('close', (_, signal) => resolve(signal)))
  // The last milliseconds are waited for in a loop: a timer is not exact enough.
  const killAt = async (time) => {
    await sleep(Math.max(0, time - performance.now() - 2))
    while (performance.now() < time) continue
    driver.kill('SIGKILL')
  }
  driver.stderr.on('data', (data) => (complaint += data))
  driver.stdout.on('data', (data) => {
    said += data
    if (start === undefined && said.includes('go\n')) {
      start = performance.now()
      if (after !== undefined) killAt(start + after)
    }
    if (!said.includes('done\n')) return
    took ??= performance.now() - start
    if (after === undefined) driver.kill('SIGKILL')
  })
  const tracer = every === undefined ? undefined : await trace(driver.pid, `${every}:signal=${pause === true ? 'STOP' : 'KILL'}:when=${number}`)
  // It may be dead by now: that is what this is about.
  driver.stdin.on('error', () => {}).end(doing)
  const cleared = pause === true ? await clearBehind(driver, () => said.includes('done')) : undefined
  const signal = await ended
  if (tracer !== undefined && tracer.exitCode === null && tracer.signalCode === null) await once(tracer, 'close')
  return { signal, said, took, cleared, complaint: complaint.slice(-500) }
}

/** Clears up whenever the driver is stopped, and lets it go on; the targets that were thought to be stale, or undefined if it never stopped. */
async function clearBehind(driver, isDone) {
  let cleared
  while (!isDone() && driver.exitCode === null && driver.signalCode === null) {
    if (!await isStopped(driver.pid)) continue
    cleared = [...cleared ?? [], ...(await unmountStale()).map(({ target }) => target)]
    driver.kill('SIGCONT')
  }
  return cleared
}

/** A traced process halts for a moment at each call: one that is stopped stays so. */
async function isStopped(pid) {
  const look = () => {
    try {
      return /^State:\s+[Tt][^]*^voluntary_ctxt_switches:\s+\d+/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[0]
    } catch {
      return undefined
    }
  }
  const before = look()
  await sleep(20)
  return before !== undefined && before === look()
}

/** strace, once it is attached to the main thread: no other makes such calls. */
async function trace(pid, injection) {
  const tracer = spawn('strace', ['-p', String(pid), '-o', '/dev/null', '-e', `trace=${injection.split(':')[0]}`, '-e', `inject=${injection}`], { stdio: ['ignore', 'ignore', 'pipe'] })
  const [words] = await once(tracer.stderr, 'data')
  if (!String(words).includes('attached')) throw new Error(String(words))
  return tracer
}

/** How far it had come. */
function stage() {
  const entries = entriesOf(STATE)
  const [receipt] = entries.filter((name) => name.endsWith('.json'))
  if (receipt === undefined) return entries.length === 0 ? (existsSync(target) ? 'directories' : 'nothing') : 'unfinished receipt'
  const state = JSON.parse(readFileSync(`${STATE}/${receipt}`, 'utf8')).state
  return `receipt ${state}, ${mountsBelow(STATE).length} parts${mountsBelow(target).length > 0 ? ', overlay' : ''}`
}

/** Undefined when there is no overlay at the target; true when all of it can be read and written. */
async function isWhole() {
  const overlays = (await list()).filter((overlay) => overlay.target === target)
  if (overlays.length === 0) return undefined
  for (const [n] of images.entries()) if (readFileSync(`${target}/id-${n}`, 'utf8') !== String(n)) return false
  writeFileSync(`${target}/written`, 'written')
  return readFileSync(`${target}/written`, 'utf8') === 'written'
}

/** All that must be gone. A loop device frees itself a moment after its last user. */
async function remains() {
  for (let left = 1000; left > 0 && loops().length > 0; left--) await sleep(20)
  return { mounts: [...mountsBelow(STATE), ...mountsBelow(target)], entries: entriesOf(STATE), loops: loops(), directories: [target, parent(target)].filter((path) => existsSync(path)) }
}

function mountsBelow(path) {
  return mountPoints().filter((point) => !OTHERS.has(point) && (point.startsWith(`${path}/`) || (point === path && path !== STATE)))
}

function mountPoints() {
  return readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap((line) => line.split(' ')[4] ?? [])
}

function loops() {
  return readdirSync('/sys/block').filter((name) => {
    try {
      return images.includes(readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim())
    } catch {
      return false
    }
  })
}

function entriesOf(path) {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function parent(path) {
  return path.slice(0, path.lastIndexOf('/'))
}
