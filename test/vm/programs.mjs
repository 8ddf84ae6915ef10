// Programs of this machine for the guest, with the shared libraries they load.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Missing } from './host.mjs'

/** The path of a program. The sbin folders are not on the PATH of everyone who may run this. */
export function find(name) {
  const path = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map(dir => join(dir, name)).find(existsSync)
  if (path === undefined) throw new Missing(`missing program: ${name}, though its Debian package is there (packages.txt)`)
  return path
}

/** Copies a program below `root`, and what ldd names to where ldd names it. */
export function copyProgram(path, root, as) {
  copyFileSync(realpathSync(path), join(root, as))
  // A static program makes ldd fail and names no library.
  const libraries = spawnSync('ldd', [path], { encoding: 'utf8' }).stdout.match(/\/\S+(?= \(0x)/g) ?? []
  for (const library of libraries.filter(library => !existsSync(join(root, library)))) {
    mkdirSync(dirname(join(root, library)), { recursive: true })
    copyFileSync(realpathSync(library), join(root, library))
  }
}
