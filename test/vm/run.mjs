// `npm run test:vm [-- NAME…]`: boots Debian 12's 6.1 kernel in QEMU and runs the tests of guest/ inside, as root; then boots
// whole Debian systems: with what ovl writes for boot (boots/), and live media that ovl changed and packed (live/). These need root here.
// With names, only the test files whose name contains one of them, and the boots (`boots whole`, `live packed`).

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runBoots } from './boots/boots.mjs'
import { runGuest } from './guest.mjs'
import { Missing, checkPackages, kernel } from './host.mjs'
import { makeDisk, makeInitramfs } from './image.mjs'
import { runLive } from './live/live.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const project = join(here, '../..')
const cache = join(project, 'node_modules/.cache/ovl-vm')
const mustRun = process.env.OVL_TESTS_MUST_RUN === '1'
const names = process.argv.slice(2)
const LIMIT_SECONDS = 15 * 60

const seconds = () => performance.now() / 1000
const say = text => console.log(text)

async function main() {
  if (!existsSync(join(project, 'dist'))) throw new Error('dist/ is missing: run `npm run build` first')
  checkPackages(join(here, 'packages.txt'))
  mkdirSync(cache, { recursive: true })
  removeLeftovers()
  const linux = kernel(cache)

  const run = join(cache, `run.${process.pid}`)
  mkdirSync(run)
  try {
    const isChosen = path => names.length === 0 || names.some(name => basename(path).includes(name))
    if (readdirSync(join(here, 'guest')).some(name => name.endsWith('.test.mjs') && isChosen(name))) {
      const initramfs = makeInitramfs(run, linux, here)
      const disk = makeDisk(run, linux, project, here, isChosen)
      say(`Linux ${linux.release}: images made in ${seconds().toFixed(1)} s`)
      await watch({ kernel: linux.image, initramfs, disk, seconds: LIMIT_SECONDS })
    }
    await boots('boots', runBoots, run)
    await boots('live', runLive, run)
    return sum()
  } finally {
    rmSync(run, { recursive: true, force: true })
  }
}

/** A run that was killed leaves its images, named by its pid. */
function removeLeftovers() {
  for (const name of readdirSync(cache)) {
    const pid = /^(?:run|kernel|debian|live|medium)\.(\d+)$/.exec(name)?.[1]
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true })
  }
}

const count = { passed: 0, failed: 0, skipped: 0 }
const complain = text => { say(`FAILED ${text}`); count.failed++ }
const shown = {
  line: text => say(`  | ${text}`),
  test: ({ result, file, name, ms, why }) => {
    count[result]++
    say(`${result === 'failed' ? 'FAILED' : result} ${file}: ${name}${result === 'skipped' || ms === undefined ? '' : ` (${ms} ms)`}`)
    if (why) say(`    ${why.replaceAll('\n', '\n    ')}`)
  },
}

/** Prints what the guest says. */
async function watch(guest) {
  const { ended, lost } = await runGuest(guest, { ...shown, boot: up => say(`guest up after ${up} s`) })
  // Each of these is a failure of its own, so that the last line never looks better than the run was.
  if (lost) complain(lost)
  else if (count.passed + count.failed === 0) complain('no test ran')
  else if (ended !== 0 && count.failed === 0) complain(`node --test exited with ${ended} in the guest`)
}

async function boots(file, suite, run) {
  const place = join(run, file)
  mkdirSync(place)
  try {
    await suite({ cache, project, vm: here, run: place, names }, { ...shown, boot: say })
  } catch (error) {
    if (!(error instanceof Missing) || mustRun) throw error
    shown.test({ result: 'skipped', file, name: error.message })
  }
}

/** The last line, and the exit status. */
function sum() {
  if (mustRun && count.skipped > 0) complain('a test was skipped, and OVL_TESTS_MUST_RUN=1 allows none')
  say(`${seconds().toFixed(1)} s in all`)
  say(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`)
  return count.failed > 0 ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  if (error instanceof Missing && !mustRun) {
    say(`skipped: ${error.message}`)
  } else {
    console.error(`test:vm: ${error.message}`)
    process.exitCode = 1
  }
}
