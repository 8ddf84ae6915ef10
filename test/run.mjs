/**
 * `npm test`: every suite in the namespace it needs. What cannot run here is skipped with its reason;
 * with OVL_TESTS_MUST_RUN=1, as in CI, a skip is a failure.
 *
 *   unit, cli   anywhere
 *   root        as root, in a private mount namespace
 *   rootless    in a user namespace; from root, as the unprivileged user 65534
 *
 * `node test/run.mjs root` runs one suite; further words go to vitest. The last line counts them all.
 */

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const MUST_RUN = process.env.OVL_TESTS_MUST_RUN === '1'
const isRoot = process.getuid() === 0
/** Each suite writes its counts here; the unprivileged one too. */
const COUNTS = mkdtempSync(join(tmpdir(), 'ovl-counts-'))
chmodSync(COUNTS, 0o777)
const countsOf = (suite) => join(COUNTS, `${suite}.json`)
const vitest = (suite) => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--configLoader', 'runner', '--root', '.', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile.json=${countsOf(suite)}`]
const PRIVATE = ['unshare', '--mount', '--propagation', 'private', '--']

const SUITES = {
  unit: () => ({ command: vitest('unit') }),
  cli: () => ({ command: [...(isRoot ? PRIVATE : []), ...vitest('cli')] }),
  root: () => (isRoot ? { command: [...PRIVATE, ...vitest('root')] } : { skip: 'it needs root' }),
  rootless: () => {
    const namespace = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', '--']
    if (!works([...namespace, 'true'])) return { skip: 'this system forbids user namespaces to ordinary users' }
    return isRoot ? asNobody([...namespace, ...vitest('rootless')]) : { command: [...namespace, ...vitest('rootless')] }
  },
}

const [only, ...words] = process.argv.slice(2)
const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, suite] of Object.entries(SUITES)) {
  if (only !== undefined && only !== name) continue
  const { command, skip, done } = suite()
  if (skip !== undefined) {
    console.log(`\n${name}: skipped, ${skip}`)
    total[MUST_RUN ? 'failed' : 'skipped'] += 1
    continue
  }
  console.log(`\n${name}:`)
  const { status } = spawnSync(command[0], [...command.slice(1), ...words], { cwd: ROOT, stdio: 'inherit' })
  done?.()
  count(name, status)
}
rmSync(COUNTS, { recursive: true })
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)

/** A suite that failed without a failed test (a file that does not load, a crash) counts as one. */
function count(name, status) {
  const read = () => JSON.parse(readFileSync(countsOf(name), 'utf8'))
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = existsSync(countsOf(name)) ? read() : {}
  const skipped = numPendingTests + numTodoTests
  total.passed += numPassedTests
  total.failed += Math.max(numFailedTests, status === 0 ? 0 : 1) + (MUST_RUN ? skipped : 0)
  if (!MUST_RUN) total.skipped += skipped
  else if (skipped > 0) console.log(`${name}: ${skipped} tests were skipped, and OVL_TESTS_MUST_RUN=1 forbids that`)
}

function works([command, ...args]) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** The checkout may lie where only root can look: the unprivileged user sees a bind mount of it in a namespace of its own. */
function asNobody(command) {
  const place = mkdtempSync(join(tmpdir(), 'ovl-rootless-'))
  const script = 'chmod 755 "$1" && mount --bind "$2" "$1" && cd "$1" && shift 2 && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"'
  const home = existsSync('/nonexistent') ? '/nonexistent' : '/tmp'
  return { command: [...PRIVATE, 'env', `HOME=${home}`, 'XDG_RUNTIME_DIR=', 'sh', '-c', script, 'sh', place, ROOT, ...command], done: () => rmdirSync(place) }
}
