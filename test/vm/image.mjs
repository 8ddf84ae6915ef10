// The two images the guest boots from: a small initramfs that can mount an ext4 disk, and that disk with node, the project,
// the guest's tests and the tools they call. Made without root and without a mount on the host (`mke2fs -d`).

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { output } from './host.mjs'
import { copyModules } from './modules.mjs'

// util-linux's own tools come before busybox's of the same name: they are what ovl calls.
const TOOLS = [
  'mount', 'umount', 'losetup', 'findmnt', 'unshare', 'nsenter', 'setpriv',
  'mksquashfs', 'mkfs.erofs', 'mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs',
]
const DISK_MODULES = ['virtio_pci', 'virtio_blk', 'ext4']
// Loaded by the guest's kernel when first asked for, as on a Debian machine.
const GUEST_MODULES = ['overlay', 'loop', 'squashfs', 'erofs', 'ext4', 'xfs', 'btrfs', 'isofs', 'vfat', 'fuse', 'nls_cp437', 'nls_ascii', 'nls_utf8']

/** Writes the initramfs into `dir` and returns its path. */
export function makeInitramfs(dir, kernel, here) {
  const root = skeleton(join(dir, 'initramfs'))
  copyModules(kernel, DISK_MODULES, root)
  copyScript(join(here, 'guest/init-initramfs'), join(root, 'init'))
  const file = join(dir, 'initramfs.cpio')
  const names = output('find', ['.'], { cwd: root })
  output('busybox', ['cpio', '-o', '-H', 'newc', '-F', file], { cwd: root, input: names })
  return file
}

/** Writes the disk into `dir` and returns its path. The project lies at /ovl, so that its tests resolve 'ovl' by self-reference. */
export function makeDisk(dir, kernel, project, here) {
  const root = skeleton(join(dir, 'disk'))
  copyModules(kernel, GUEST_MODULES, root)
  copyProject(project, join(root, 'ovl'))
  cpSync(join(here, 'guest'), join(root, 'ovl/test/vm/guest'), { recursive: true })
  copyScript(join(here, 'guest/init-disk'), join(root, 'init'))
  copyProgram(process.execPath, root, 'usr/bin/node')
  for (const path of TOOLS.map(which).filter(Boolean)) copyProgram(path, root, path.slice(1))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n')

  const file = join(dir, 'disk.ext4')
  // Sparse: 2 GiB is room for the tests, not bytes on the host. Journal and checks are of no use to a disk thrown away.
  output('/sbin/mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'root_owner=0:0', '-d', root, file, '2G'])
  return file
}

/** A usr-merged tree with busybox and its applets. */
function skeleton(root) {
  for (const dir of ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'usr/lib/busybox', 'dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'etc', 'root']) {
    mkdirSync(join(root, dir), { recursive: true })
  }
  for (const dir of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${dir}`, join(root, dir))
  const busybox = which('busybox')
  copyFileSync(busybox, join(root, 'usr/bin/busybox'))
  for (const applet of output(busybox, ['--list']).split('\n').filter(Boolean)) symlinkSync('/usr/bin/busybox', join(root, 'usr/lib/busybox', applet))
  symlinkSync('busybox', join(root, 'usr/bin/sh'))
  // The kernel asks /sbin/modprobe for a file system it does not know.
  symlinkSync('../bin/busybox', join(root, 'usr/sbin/modprobe'))
  chmodSync(join(root, 'tmp'), 0o1777)
  return root
}

/** What `npm pack` and `npm install --omit=dev` would lay down. */
function copyProject(project, to) {
  mkdirSync(to)
  for (const name of ['package.json', 'bin', 'dist'].filter(name => existsSync(join(project, name)))) {
    cpSync(join(project, name), join(to, name), { recursive: true })
  }
  const lock = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'))
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    if (!dev) cpSync(join(project, path), join(to, path), { recursive: true })
  }
}

/** A program and the shared libraries ldd names. */
function copyProgram(path, root, as) {
  copyFileSync(realpathSync(path), join(root, as))
  const libraries = spawnSync('ldd', [path], { encoding: 'utf8' }).stdout.match(/\/\S+(?= \(0x)/g) ?? []
  for (const library of libraries.filter(library => !existsSync(join(root, library)))) {
    mkdirSync(dirname(join(root, library)), { recursive: true })
    copyFileSync(realpathSync(library), join(root, library))
  }
}

function copyScript(from, to) {
  copyFileSync(from, to)
  chmodSync(to, 0o755)
}

function which(name) {
  return ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].map(dir => join(dir, basename(name))).find(existsSync)
}
