/** `npm run test:node`: the suites that need no root, on each Node that `engines` promises. The npm registry carries Node itself. */

import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const run = (command, args) => {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

run('npm', ['run', 'build'])
for (const version of ['20.19', '22', '24']) {
  const home = join(ROOT, 'node_modules/.cache/node', version)
  run('npm', ['install', '--silent', '--no-save', '--no-package-lock', '--prefix', home, `node-linux-${process.arch}@${version}`])
  const node = join(home, `node_modules/node-linux-${process.arch}/bin/node`)
  run(node, ['--version'])
  for (const suite of ['unit', 'cli']) run(node, ['test/run.mjs', suite])
}
