// The two images the guest boots from: a small initramfs that can mount an ext4 disk, and that disk with node, the project,
// the guest's tests and the tools they call. Made without root and without a mount on this machine (`mke2fs -d`).
//
// A disk and not an initramfs alone: tests want a root that overlay takes as upper, and only what is read costs time.

import { copyFileSync, chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { output } from './host.mjs'
import { copyModules } from './modules.mjs'
import { copyProgram, find } from './programs.mjs'

// What ovl or its tests call. The rest of a system is busybox.
const TOOLS = [
  'mount', 'umount', 'losetup', 'findmnt', 'unshare', 'nsenter', 'setpriv', 'getfattr', 'setfattr',
  'mksquashfs', 'mkfs.erofs', 'mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'btrfs', 'chattr', 'genisoimage',
  'fuse-overlayfs', 'fusermount3',
]
const BOOT_MODULES = ['virtio_pci', 'virtio_blk', 'ext4']
// Loaded when first asked for, as on a Debian machine.
const GUEST_MODULES = ['overlay', 'loop', 'squashfs', 'erofs', 'ext4', 'xfs', 'btrfs', 'isofs', 'vfat', 'fuse', 'nls_cp437', 'nls_ascii', 'nls_utf8']

/** Writes the initramfs into `dir` and returns its path. */
export function makeInitramfs(dir, kernel, here) {
  const root = skeleton(join(dir, 'initramfs'), join(here, 'init-initramfs.sh'))
  symlinkSync('busybox', join(root, 'usr/bin/sh'))
  copyModules(kernel, BOOT_MODULES, root)
  const file = join(dir, 'initramfs.cpio')
  // Not compressed: the emulated CPU would take longer to unpack it than to copy it.
  output('busybox', ['cpio', '-o', '-H', 'newc', '-F', file], { cwd: root, input: output('find', ['.'], { cwd: root }) })
  return file
}

/** Writes the disk into `dir` and returns its path. `isChosen` says of a test file's name whether it is to run. */
export function makeDisk(dir, kernel, project, here, isChosen) {
  const root = skeleton(join(dir, 'disk'), join(here, 'init-disk.sh'))
  copyModules(kernel, GUEST_MODULES, root)
  copyProject(project, join(root, 'ovl'))
  // At the same place as in the project, so that `import 'ovl'` is the package's own name.
  cpSync(join(here, 'guest'), join(root, 'ovl/test/vm/guest'), {
    recursive: true,
    filter: path => !path.endsWith('.test.mjs') || isChosen(path),
  })
  copyFailures(project, join(root, 'ovl/test/vm/guest'))
  copyProgram(process.execPath, root, 'usr/bin/node')
  // busybox's own shell prefers its applets to the programs on the PATH: `sh -c mount` would not be util-linux's.
  copyProgram(find('dash'), root, 'usr/bin/sh')
  for (const tool of TOOLS) copyProgram(find(tool), root, `usr/bin/${tool}`)
  // Without it mkfs.ext4 makes an ext2.
  copyFileSync('/etc/mke2fs.conf', join(root, 'etc/mke2fs.conf'))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n')
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n')

  const file = join(dir, 'disk.ext4')
  // Sparse: 2 GiB is room for the tests and not bytes on this machine. A disk that is thrown away needs no journal.
  output(find('mke2fs'), ['-q', '-t', 'ext4', '-O', '^has_journal', '-E', 'root_owner=0:0', '-d', root, file, '2G'])
  return file
}

/** A usr-merged tree with `init` and the applets of busybox. */
function skeleton(root, init) {
  const dirs = ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'usr/lib/busybox', 'dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'etc', 'root']
  for (const dir of dirs) mkdirSync(join(root, dir), { recursive: true })
  chmodSync(join(root, 'tmp'), 0o1777)
  for (const dir of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${dir}`, join(root, dir))
  copyFileSync(find('busybox'), join(root, 'usr/bin/busybox'))
  for (const applet of output('busybox', ['--list']).split('\n').filter(Boolean)) {
    symlinkSync('/usr/bin/busybox', join(root, 'usr/lib/busybox', applet))
  }
  // The kernel runs /sbin/modprobe for a file system it does not know.
  symlinkSync('../bin/busybox', join(root, 'usr/sbin/modprobe'))
  copyFileSync(init, join(root, 'init'))
  chmodSync(join(root, 'init'), 0o755)
  return root
}

/** The failures that the root suite brings about on the newest kernel, for the guest to bring about on its own. */
function copyFailures(project, to) {
  const entryPoints = ['rows', 'mounted-rows'].map(name => join(project, `test/root/findings/${name}.ts`))
  buildSync({ entryPoints, outdir: to, outExtension: { '.js': '.mjs' }, bundle: true, platform: 'node', format: 'esm', target: 'node20.19' })
}

/** What `npm pack` and `npm install --omit=dev` would lay down. */
function copyProject(project, to) {
  for (const name of ['package.json', 'bin', 'dist']) cpSync(join(project, name), join(to, name), { recursive: true })
  const installed = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'))
  for (const [path, { dev }] of Object.entries(installed.packages)) {
    if (!dev) cpSync(join(project, path), join(to, path), { recursive: true })
  }
}
