// A Debian 12 system as a directory tree, made by mmdebstrap from this machine's own package sources and kept in the
// cache under the list of its packages. It holds no kernel: what boots it brings its own (host.mjs, modules.mjs).
//
// Root only: the tree has owners and device nodes that matter when an image is made of it.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Missing, output } from './host.mjs'
import { copyModules } from './modules.mjs'
import { find } from './programs.mjs'

/** The least that boots by systemd, finds its disks and mounts. */
export const SYSTEM_PACKAGES = ['systemd-sysv', 'udev', 'kmod', 'mount', 'util-linux', 'libstdc++6']

// Pages for people.
const LEFT_OUT = ['doc', 'man', 'info']
const RECIPE = 1

/** The path of a tree with `packages` in it. It belongs to the cache: take copies by copyTree, change nothing in it. */
export function debianTree(cache, packages = SYSTEM_PACKAGES) {
  if (process.getuid() !== 0) throw new Missing('a Debian system is made as root')
  const key = createHash('sha256').update([RECIPE, ...packages.toSorted()].join('\n')).digest('hex').slice(0, 12)
  const tree = join(cache, `debian-${key}`)
  if (!existsSync(tree)) makeTree(cache, tree, packages)
  return tree
}

/** A copy that may be changed. */
export function copyTree(tree, to) {
  output('cp', ['-a', '--reflink=auto', '-T', tree, to])
  return to
}

/** Lays modules of a kernel (host.mjs) into a tree, for modprobe and udev in it. */
export function installModules(linux, names, root) {
  copyModules(linux, names, root)
  // kmod reads binary tables, which busybox's depmod does not write.
  output('chroot', [root, 'depmod', linux.release])
}

/** An ext4 image of a tree, without a journal: it is thrown away. `size` is room in the guest and not bytes on this machine. */
export function makeImage(tree, file, { size = '1G', label = 'root' } = {}) {
  output(find('mke2fs'), ['-q', '-t', 'ext4', '-O', '^has_journal', '-L', label, ...(tree === undefined ? [] : ['-d', tree]), file, size])
  return file
}

function makeTree(cache, tree, packages) {
  mkdirSync(cache, { recursive: true })
  const draft = join(cache, `debian.${process.pid}`)
  try {
    output('mmdebstrap', [
      // Root without a mount of its own on this machine: mmdebstrap unshares the mount namespace.
      '--mode=root', '--variant=minbase', '--format=directory', '--quiet',
      `--include=${packages.join(',')}`,
      ...LEFT_OUT.map(name => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      'bookworm', draft, ...sources(),
    ], { stdio: ['ignore', 'pipe', 'pipe'] })
    rmSync(join(draft, 'var/lib/apt/lists'), { recursive: true, force: true })
    // Renamed last: what dies half-way leaves no half tree in the cache.
    renameSync(draft, tree)
  } catch (error) {
    throw new Missing(`a Debian 12 system cannot be made: ${error.message}`)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Where this machine's apt takes its packages from; a file that has Debian 12 in it, in either form. */
function sources() {
  const parts = '/etc/apt/sources.list.d'
  const files = ['/etc/apt/sources.list', ...(existsSync(parts) ? readdirSync(parts).filter(name => /\.(list|sources)$/.test(name)).sort().map(name => join(parts, name)) : [])]
  const found = files.filter(file => existsSync(file) && /^[^#]*\bbookworm\b/m.test(readFileSync(file, 'utf8')))
  if (found.length === 0) throw new Missing('the package sources of this machine have no Debian 12 (bookworm)')
  return found
}
