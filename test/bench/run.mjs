/**
 * `npm run bench`: each row of the table against a peer or a floor, as ratios within this one run, since
 * absolute times drift. Nothing is asserted: it measures, prints one Markdown table, and ends with 0.
 *
 *   node test/bench/run.mjs [--json FILE] [ROW …]       rows: the keys of ROWS
 *
 * Needs root and dist/; it runs itself in a mount namespace of its own, which takes all of its mounts along.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { formatMarkdown, formatJson } from './report.mjs'
import { makeGround, ROOT } from './ground.mjs'

/** Each module exports `measure(ground)`, which returns lines for report.mjs. Loaded when they run: all need dist/. */
const ROWS = {
  library: () => import('./rows/library.mjs'),
  'mount-process': () => import('./rows/mount-process.mjs'),
  version: () => import('./rows/version.mjs'),
  diagnose: () => import('./rows/diagnose.mjs'),
  list: () => import('./rows/list.mjs'),
  layers: () => import('./rows/layers.mjs'),
}

/** Set to the namespace that was left, so that a stray variable in the environment is no namespace of our own. */
const LEFT = 'OVL_BENCH_LEFT'

process.exitCode = await main()

async function main() {
  const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
  const unknown = positionals.find((name) => !Object.hasOwn(ROWS, name))
  if (unknown !== undefined) return refuse(`there is no row '${unknown}'; there are ${Object.keys(ROWS).join(', ')}`)
  if (process.getuid() !== 0) return refuse('it mounts, and so needs root: sudo npm run bench')
  if (!existsSync(join(ROOT, 'dist/index.js'))) return refuse('nothing is built: npm run build')
  const here = readlinkSync('/proc/self/ns/mnt')
  const left = process.env[LEFT]
  if (left === undefined || left === here) return inPrivateNamespace(here)

  const lines = []
  const ground = makeGround()
  try {
    for (const [name, load] of Object.entries(ROWS)) {
      if (positionals.length > 0 && !positionals.includes(name)) continue
      process.stderr.write(`${name} …\n`)
      const { measure } = await load()
      lines.push(...(await measure(ground)).map((line) => ({ row: name, ...line })))
    }
  } finally {
    ground.remove()
  }
  process.stdout.write(formatMarkdown(lines))
  if (values.json !== undefined) writeFileSync(values.json, formatJson(lines))
  return 0
}

function inPrivateNamespace(here) {
  const words = ['--mount', '--propagation', 'private', '--', process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const { status, error } = spawnSync('unshare', words, { stdio: 'inherit', env: { ...process.env, [LEFT]: here } })
  return error === undefined ? (status ?? 1) : refuse(`unshare: ${error.message}`)
}

function refuse(why) {
  process.stderr.write(`bench: ${why}\n`)
  return 1
}
