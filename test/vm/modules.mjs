// Kernel modules with what they depend on. A Debian kernel package holds no modules.dep (its postinst runs depmod), so the
// dependencies are read from the modules themselves.

import { copyFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { output } from './host.mjs'

// Asked for by name at run time (`crypto-crc32c`), so no module's `depends=` has them.
const BY_ALIAS = ['crc32c_generic', 'xxhash_generic', 'blake2b_generic', 'sha256_generic']

/** Copies the modules and their dependencies below `root`, with the tables modprobe reads. */
export function copyModules({ modules, release }, names, root) {
  const files = new Map(readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ko'))
    .map(path => [moduleName(path), path]))
  const to = join(root, 'lib/modules', release)
  mkdirSync(to, { recursive: true })
  const wanted = [...names, ...BY_ALIAS]
  const seen = new Set()
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const path = files.get(name)
    // Not a module: built into this kernel.
    if (path === undefined || seen.has(name)) continue
    seen.add(name)
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(modules, path), join(to, path))
    wanted.push(...dependencies(join(modules, path)))
  }
  for (const table of ['modules.builtin', 'modules.order']) copyFileSync(join(modules, table), join(to, table))
  output('busybox', ['depmod', '-b', root, release])
}

function dependencies(file) {
  const found = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1'))
  return (found?.[1] ?? '').split(',').filter(Boolean).map(moduleName)
}

function moduleName(path) {
  return basename(path, '.ko').replaceAll('-', '_')
}
