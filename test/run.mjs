/**
 * `npm test`: every suite in the namespace it needs. What cannot run here is skipped with its reason;
 * with OVL_TESTS_MUST_RUN=1, as in CI, a skip is a failure.
 *
 *   unit, cli   anywhere
 *   root        as root, in a private mount namespace, in two parts side by side
 *   rootless    in a user namespace; from root, as the unprivileged user 65534
 *
 * `node test/run.mjs root` runs one suite; further words go to vitest. The last line counts them all.
 */

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const MUST_RUN = process.env.OVL_TESTS_MUST_RUN === '1'
const isRoot = process.getuid() === 0
/** Each suite writes its counts here; the unprivileged one too. */
const COUNTS = mkdtempSync(join(tmpdir(), 'ovl-counts-'))
chmodSync(COUNTS, 0o777)
const countsOf = (suite) => join(COUNTS, `${suite}.json`)
const vitest = (suite, ...more) => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--configLoader', 'runner', '--root', '.', '--project', suite, ...more, '--reporter=default', '--reporter=json', `--outputFile.json=${countsOf(`${suite}-${(more[0] ?? '').replace(/\W/g, '-')}`)}`]
/** Files that only look may run side by side. Those that mount share their namespace with no other file. */
const SIDE_BY_SIDE = `--maxWorkers=${availableParallelism()}`
const ALONE = '--maxWorkers=1'
/**
 * The kernel log is one for the whole machine, and without a word of whose mount a line is about. So the root
 * tests run in two parts: here those that neither make the kernel complain nor judge by its words, there the rest.
 */
const QUIET = ['fstab', 'helper', 'host', 'interrupted', 'kill', 'live'].map((folder) => `test/root/${folder}/`)
const PRIVATE = ['unshare', '--mount', '--propagation', 'private', '--']

const SUITES = {
  unit: () => ({ commands: [vitest('unit', SIDE_BY_SIDE)] }),
  cli: () => ({ commands: [[...(isRoot ? PRIVATE : []), ...vitest('cli', SIDE_BY_SIDE)]] }),
  root: () => (isRoot ? { commands: parts().map((part) => [...PRIVATE, ...vitest('root', ...part, ALONE)]) } : { skip: 'it needs root' }),
  rootless: () => {
    const namespace = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', '--']
    if (!works([...namespace, 'true'])) return { skip: 'this system forbids user namespaces to ordinary users' }
    const command = [...namespace, ...vitest('rootless', ALONE)]
    return isRoot ? asNobody(command) : { commands: [command] }
  },
}

const [only, ...words] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, suite] of Object.entries(SUITES)) {
  if (only !== undefined && only !== name) continue
  const { commands, skip, done } = suite()
  if (skip !== undefined) {
    console.log(`\n${name}: skipped, ${skip}`)
    total[MUST_RUN ? 'failed' : 'skipped'] += 1
    continue
  }
  console.log(`\n${name}:`)
  const ended = await Promise.all(commands.map(start))
  done?.()
  count(name, ended.every((status) => status === 0))
}
rmSync(COUNTS, { recursive: true })
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)

/** A suite that failed without a failed test (a file that does not load, a crash) counts as one. */
function count(name, fine) {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const file of readdirSync(COUNTS).filter((file) => file.startsWith(`${name}-`))) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(join(COUNTS, file), 'utf8'))
    sum.passed += numPassedTests
    sum.failed += numFailedTests
    sum.skipped += numPendingTests + numTodoTests
  }
  total.passed += sum.passed
  total.failed += Math.max(sum.failed, fine ? 0 : 1) + (MUST_RUN ? sum.skipped : 0)
  if (!MUST_RUN) total.skipped += sum.skipped
  else if (sum.skipped > 0) console.log(`${name}: ${sum.skipped} tests were skipped, and OVL_TESTS_MUST_RUN=1 forbids that`)
}

function start([command, ...args]) {
  const child = spawn(command, [...args, ...words], { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve) => child.on('error', () => resolve(1)).on('exit', (status) => resolve(status)))
}

/** All in one when files are named. */
function parts() {
  return words.length > 0 ? [[]] : [QUIET, QUIET.flatMap((folder) => ['--exclude', `${folder}**`])]
}

function works([command, ...args]) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** The checkout may lie where only root can look: the unprivileged user sees a bind mount of it in a namespace of its own. */
function asNobody(command) {
  const place = mkdtempSync(join(tmpdir(), 'ovl-rootless-'))
  const script = 'chmod 755 "$1" && mount --bind "$2" "$1" && cd "$1" && shift 2 && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"'
  const home = existsSync('/nonexistent') ? '/nonexistent' : '/tmp'
  return { commands: [[...PRIVATE, 'env', `HOME=${home}`, 'XDG_RUNTIME_DIR=', 'sh', '-c', script, 'sh', place, ROOT, ...command]], done: () => rmdirSync(place) }
}
