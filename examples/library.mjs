/**
 * ovl as a library: say an overlay with the builder, mount it, look at it, take it down, and read its errors.
 * Run it as root, or inside `unshare --user --map-root-user --mount`: node examples/library.mjs
 *
 * In TypeScript, or from Node 24 on, `await using mounted = await mount(…)` takes the place of try … finally.
 */

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describePlan, encode, inspect, isOvlError, list, mount, overlay, planOfMount } from 'ovl'

const dir = mkdtempSync(join(tmpdir(), 'ovl-library-'))
const at = (name) => join(dir, name)

try {
  for (const name of ['base', 'over', 'upper']) mkdirSync(at(name))
  writeFileSync(at('base/greeting'), 'hello from base\n')
  writeFileSync(at('over/extra'), 'hello from over\n')

  await mountAndTakeDown()
  await readAnError()
  await giveUp()
  await lookBeforeMounting()
} finally {
  rmSync(dir, { recursive: true, force: true })
}

/** Lowers are said topmost first. Nothing happens before mount(). */
function stack() {
  const said = overlay().lower(at('over'), at('base')).upper(at('upper')).mkdir().at(at('merged'))
  return isUserNamespace() ? said.userxattr() : said
}

async function mountAndTakeDown() {
  const mounted = await mount(stack())
  try {
    console.log(`mounted by ${mounted.via}: ${readdirSync(mounted.target).join(', ')}`)
    for (const { title } of mounted.warnings) console.log(`warning: ${title}`)

    writeFileSync(join(mounted.target, 'greeting'), 'changed\n')
    console.log(`base still has: ${readFileSync(at('base/greeting'), 'utf8').trim()}`)

    const { layers } = await inspect(mounted.target)
    for (const { role, path, mount: on } of layers) console.log(`${role}: ${path.slice(dir.length + 1)} on ${on?.fsType}`)
    console.log(`live overlays here: ${(await list()).filter(({ target }) => target.startsWith(dir)).length}`)
  } finally {
    await mounted.unmount()
  }
}

/** Every failure is an OvlError: `code` is the cause, `findings` explain it, root cause first. */
async function readAnError() {
  try {
    const mounted = await mount(stack().lower('~/base'))
    await mounted.unmount()
  } catch (error) {
    if (!isOvlError(error)) throw error
    const [{ title, fix }] = error.findings
    console.log(`${error.code} (${error.errno}): ${title}`)
    console.log(`fix: ${fix[0]?.text}`)
  }
}

/** An aborted mount undoes what it has done so far; AbortSignal.timeout(5000) would be a deadline. */
async function giveUp() {
  const controller = new AbortController()
  controller.abort()
  try {
    const mounted = await mount(stack(), { signal: controller.signal })
    await mounted.unmount()
  } catch (error) {
    if (!isOvlError(error)) throw error
    console.log(`${error.code}: ${error.message}`)
  }
}

/** A plan is data, and so is the option string: neither touches anything. */
async function lookBeforeMounting() {
  for (const step of describePlan(await planOfMount(stack()))) console.log(`plan: ${step.replaceAll(`${dir}/`, '')}`)
  const { text, bytes } = encode(stack(), { for: 'mount2' })
  console.log(`options: ${text?.replaceAll(`${dir}/`, '')} (${bytes.used} of ${bytes.limit} bytes)`)
}

function isUserNamespace() {
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'))
}
