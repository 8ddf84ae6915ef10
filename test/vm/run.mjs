// `npm run test:vm [-- NAME…]`: boots Debian 12's 6.1 kernel in QEMU and runs the tests of guest/ inside, as root.
// With names, only the test files whose name contains one of them. Needs no root here, and mounts nothing here.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runGuest } from './guest.mjs'
import { Missing, checkPackages, kernel } from './host.mjs'
import { makeDisk, makeInitramfs } from './image.mjs'

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
    const initramfs = makeInitramfs(run, linux, here)
    const disk = makeDisk(run, linux, project, here, path => names.length === 0 || names.some(name => basename(path).includes(name)))
    say(`Linux ${linux.release}: images made in ${seconds().toFixed(1)} s`)
    return await watch({ kernel: linux.image, initramfs, disk, seconds: LIMIT_SECONDS })
  } finally {
    rmSync(run, { recursive: true, force: true })
  }
}

/** A run that was killed leaves its images, named by its pid. */
function removeLeftovers() {
  for (const name of readdirSync(cache)) {
    const pid = /^(?:run|kernel)\.(\d+)$/.exec(name)?.[1]
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true })
  }
}

/** Prints what the guest says and returns the exit status. */
async function watch(guest) {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const complain = text => { say(`FAILED ${text}`); count.failed++ }
  const { ended, lost } = await runGuest(guest, {
    boot: up => say(`guest up after ${up} s`),
    line: text => say(`  | ${text}`),
    test: ({ result, file, name, ms, why }) => {
      count[result]++
      say(`${result === 'failed' ? 'FAILED' : result} ${file}: ${name}${result === 'skipped' ? '' : ` (${ms} ms)`}`)
      if (why) say(`    ${why.replaceAll('\n', '\n    ')}`)
    },
  })
  // Each of these is a failure of its own, so that the last line never looks better than the run was.
  if (lost) complain(lost)
  else if (count.passed + count.failed === 0) complain('no test ran')
  else if (ended !== 0 && count.failed === 0) complain(`node --test exited with ${ended} in the guest`)
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
