/**
 * One kill after another, in a mount namespace of their own whose /run/ovl is a fresh tmpfs. Reads one JSON request,
 * `{ target, images, kills }`, and writes a line for each kill: what was there when the driver was dead, and what
 * was left when ovl had cleared up. A kill is `{ after: milliseconds from go }`, `{ strace: words }` or, at `done`, `{}`.
 */

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { list, unmount, unmountStale } from '../../../dist/index.js'

const DRIVER = fileURLToPath(new URL('driver.mjs', import.meta.url))
const STATE = '/run/ovl'
const { target, images, kills } = JSON.parse(readFileSync(0, 'utf8'))

for (const kill of kills) {
  const report = await one(kill)
  console.log(JSON.stringify(report))
  // What is left now would be found after the next kill again.
  if (report.error !== undefined || Object.values(report.left).some((some) => some.length > 0)) break
}

async function one(kill) {
  const driver = await runAndKill(kill)
  const report = { kill, ...driver, stage: stage(), whole: undefined, survived: undefined, left: undefined, error: undefined }
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
  return report
}

/** Starts the driver and kills it; or lets it kill itself at a system call. */
function runAndKill({ after, strace }) {
  const words = [process.execPath, DRIVER, target, ...images]
  const [command, ...args] = strace === undefined ? words : ['strace', ...strace, ...words]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let complaint = ''
  let took
  let start
  child.stderr.on('data', (data) => (complaint += data))
  child.stdout.on('data', (data) => {
    said += data
    if (start === undefined) {
      start = performance.now()
      if (after !== undefined) killAt(start + after)
    }
    if (said.includes('done\n')) {
      took ??= performance.now() - start
      if (after === undefined) child.kill('SIGKILL')
    }
  })
  // The last milliseconds are waited for in a loop: a timer is not exact enough.
  const killAt = async (time) => {
    await sleep(Math.max(0, time - performance.now() - 2))
    while (performance.now() < time) continue
    child.kill('SIGKILL')
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (_, signal) => resolve({ signal, said, took, complaint: complaint.slice(-500) }))
  })
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
  for (let left = 100; left > 0 && loops().length > 0; left--) await sleep(20)
  return { mounts: [...mountsBelow(STATE), ...mountsBelow(target)], entries: entriesOf(STATE), loops: loops(), directories: [target, parent(target)].filter((path) => existsSync(path)) }
}

function mountsBelow(path) {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4])
  return points.filter((point) => point !== undefined && (point.startsWith(`${path}/`) || (point === path && path !== STATE)))
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
