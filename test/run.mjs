/**
 * `npm test`: every suite in the namespace it needs. What cannot run here is skipped with its reason;
 * with OVL_TESTS_MUST_RUN=1, as in CI, a skip is a failure.
 *
 *   unit, cli   anywhere
 *   root        as root, in a private mount namespace
 *   rootless    in a user namespace; from root, as the unprivileged user 65534
 *
 * `node test/run.mjs root` runs one suite; further words go to vitest.
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const MUST_RUN = process.env.OVL_TESTS_MUST_RUN === '1'
const isRoot = process.getuid() === 0
const vitest = (suite) => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--root', '.', '--project', suite]
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
const failed = []
const skipped = []
for (const [name, suite] of Object.entries(SUITES)) {
  if (only !== undefined && only !== name) continue
  const { command, skip, done } = suite()
  if (skip !== undefined) {
    console.log(`\n${name}: skipped, ${skip}`)
    skipped.push(name)
    continue
  }
  console.log(`\n${name}:`)
  const { status } = spawnSync(command[0], [...command.slice(1), ...words], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) failed.push(name)
  done?.()
}
if (MUST_RUN && skipped.length > 0) failed.push(...skipped)
console.log(failed.length === 0 ? `\nall suites passed${skipped.length > 0 ? `, ${skipped.join(', ')} skipped` : ''}` : `\nfailed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

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
