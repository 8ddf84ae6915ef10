// What the harness needs of the machine it runs on: the Debian packages of packages.txt, and Debian 12's kernel,
// which is unpacked into the cache and never installed. Nothing is installed from here.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A thing of this machine that is not there. It skips the run, or fails it where OVL_TESTS_MUST_RUN=1. */
export class Missing extends Error {}

/** Runs a command to its end and returns its stdout; throws with its stderr. */
export function output(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr || `exit status ${done.status}`}`)
  return done.stdout
}

/** Throws Missing, naming the Debian packages, unless all of packages.txt are installed. */
export function checkPackages(list) {
  // The guest runs this machine's node and its shared libraries.
  if (process.arch !== 'x64') throw new Missing(`the guest is amd64 and this machine is ${process.arch}`)
  if (spawnSync('dpkg-query', ['--version']).error) throw new Missing('this machine has no dpkg: the guest is put together from Debian packages')
  const missing = readFileSync(list, 'utf8').split('\n').filter(Boolean).filter(name => !installed(name))
  if (missing.length > 0) throw new Missing(`missing Debian packages: apt-get install ${missing.join(' ')}`)
}

function installed(name) {
  return spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' }).stdout === 'installed'
}

/** The 6.1 kernel of Debian 12, from the cache or the package archive: { release, image, modules }. */
export function kernel(cache) {
  const root = join(cache, 'kernel')
  if (!existsSync(root)) fetchKernel(cache, root)
  const release = readdirSync(join(root, 'lib/modules'))[0]
  return { release, image: join(root, 'boot', `vmlinuz-${release}`), modules: join(root, 'lib/modules', release) }
}

function fetchKernel(cache, root) {
  // linux-image-amd64 is only a name for the newest linux-image-6.1.0-N-amd64.
  const depends = spawnSync('apt-cache', ['depends', 'linux-image-amd64'], { encoding: 'utf8' }).stdout ?? ''
  const name = /linux-image-6\.1\.\S+-amd64/.exec(depends)?.[0]
  if (!name) throw new Missing("the package archive of this machine has no Debian package linux-image-amd64 of version 6.1 (Debian 12's kernel)")
  const unpacked = join(cache, `kernel.${process.pid}`)
  try {
    mkdirSync(unpacked, { recursive: true })
    output('apt-get', ['download', '-q', name], { cwd: unpacked })
    output('dpkg-deb', ['-x', readdirSync(unpacked).find(file => file.endsWith('.deb')), '.'], { cwd: unpacked })
    // Renamed last: what dies half-way leaves no half kernel in the cache.
    renameSync(unpacked, root)
  } catch (error) {
    throw new Missing(`the Debian package ${name} cannot be fetched: ${error.message}`)
  } finally {
    rmSync(unpacked, { recursive: true, force: true })
  }
}
