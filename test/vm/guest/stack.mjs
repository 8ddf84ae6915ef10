// Layers whose merged tree tells which directories are mounted, and in which order; and what a mount leaves behind.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { encodeName, list } from 'ovl'

/** Makes the directories. Layer n of them holds a file `top-k` for each k up to n: in the merged tree `top-k` is that of layer k. */
export function makeLowers(paths) {
  paths.forEach((path, n) => {
    mkdirSync(encodeName(path), { recursive: true })
    for (let k = 0; k <= n; k++) writeFileSync(encodeName(`${path}/top-${k}`), String(n))
  })
  return paths
}

/** Exactly the layers of makeLowers are there, in their order; and upper and work are the ones that were said. */
export function assertMounted({ target, lower, upper, work }) {
  assert.deepEqual(readdirSync(encodeName(target)).sort(), lower.map((_, k) => `top-${k}`).sort())
  lower.forEach((_, k) => assert.equal(readFileSync(encodeName(`${target}/top-${k}`), 'utf8'), String(k)))
  if (upper === undefined) return
  writeFileSync(encodeName(`${target}/written`), 'w')
  assert.deepEqual(readdirSync(encodeName(upper)), ['written'])
  assert.ok(existsSync(encodeName(`${work}/work`)), 'the kernel did not use the work directory')
}

/** list() has it under true paths. */
export async function assertListed({ target, lower, upper, work }) {
  const found = (await list()).filter(overlay => overlay.target === target)
  assert.equal(found.length, 1)
  assert.equal(found[0].unresolved, undefined)
  assert.deepEqual([found[0].lower, found[0].upper, found[0].work], [lower, upper, work])
  return found[0]
}

/** Runs `work`; afterwards no mount, loop device or receipt must be there that was not before. */
export async function leavingNothing(work) {
  const before = traces()
  const result = await work()
  assert.deepEqual(traces(), before)
  return result
}

function traces() {
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'latin1').trimEnd().split('\n').map(line => line.split(' ')[4]),
    loops: readdirSync('/sys/block').filter(name => existsSync(`/sys/block/${name}/loop/backing_file`)),
    receipts: existsSync('/run/ovl') ? readdirSync('/run/ovl') : [],
  }
}
