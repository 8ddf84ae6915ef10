// A Debian 12 system as a live medium carries it: live-boot in its initial RAM file system, Debian's kernel with the modules
// that QEMU's machine needs, locales and time zones to choose from, and a service that says what the boot came to (report.sh).
// Kept in the cache, since each boot begins with it.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SYSTEM_PACKAGES, copyTree, debianTree, installModules } from '../debian.mjs'

const HERE = import.meta.dirname
const PACKAGES = [...SYSTEM_PACKAGES, 'initramfs-tools', 'live-boot', 'live-boot-initramfs-tools', 'locales', 'tzdata', 'zstd']
const MODULES = [
  'overlay', 'loop', 'squashfs', 'isofs', 'ext4', 'autofs4',
  // The drives of QEMU's PC: an IDE CD-ROM, virtio disks.
  'ata_piix', 'ahci', 'sr_mod', 'sd_mod', 'virtio_pci', 'virtio_blk',
]
// Nobody logs in, and updates there are none.
const MASKED = ['getty.target', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer', 'e2scrub_reap.service']

const FILES = {
  'etc/hostname': 'live\n',
  // Empty: each boot is a machine of its own.
  'etc/machine-id': '',
  'etc/fstab': '',
  'etc/default/locale': 'LANG=C.UTF-8\n',
  'etc/systemd/system/report.service': '[Unit]\nDescription=What this boot came to\n[Service]\nExecStart=/bin/sh /etc/report.sh\n',
  // All modules that are there: they are few.
  'etc/initramfs-tools/conf.d/live-medium': 'MODULES=most\nCOMPRESS=zstd\n',
}

/** { tree, kernel, initramfs, key }: of the cache, to be read only. `key` names this recipe with this kernel. */
export function liveSystem(cache, linux) {
  const base = debianTree(cache, PACKAGES)
  const recipe = ['system.mjs', 'report.sh'].map(name => readFileSync(join(HERE, name), 'utf8'))
  const key = createHash('sha256').update([base, linux.release, ...recipe].join('\n')).digest('hex').slice(0, 12)
  const tree = join(cache, `live-${key}`)
  if (!existsSync(tree)) {
    const draft = join(cache, `live.${process.pid}`)
    try {
      fill(copyTree(base, draft), linux)
      renameSync(draft, tree)
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return { tree, kernel: join(tree, `boot/vmlinuz-${linux.release}`), initramfs: initramfsOf(tree, linux), key }
}

export const initramfsOf = (tree, { release }) => join(tree, `boot/initrd.img-${release}`)

function fill(tree, linux) {
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(tree, path), text)
  cpSync(join(HERE, 'report.sh'), join(tree, 'etc/report.sh'))
  const units = join(tree, 'etc/systemd/system')
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true })
  symlinkSync('../report.service', join(units, 'multi-user.target.wants/report.service'))
  for (const unit of MASKED) {
    rmSync(join(units, unit), { force: true })
    symlinkSync('/dev/null', join(units, unit))
  }
  installModules(linux, MODULES, tree)
  cpSync(dirname(linux.image), join(tree, 'boot'), { recursive: true })
  inSystem(tree, `update-initramfs -c -k ${linux.release}`)
}

/** Runs a script in a system, in a mount namespace where nothing of this machine is kept or changed. */
export function inSystem(tree, script) {
  const enter = 'mount --bind "$1" "$1"; mount --rbind /proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" sh -euc "$2"'
  return sh(enter, [tree, script])
}

/** Runs a shell script in a mount namespace of its own; its stdout. Throws with all that it said. */
export function sh(script, words = [], env = {}) {
  const done = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-euc', script, 'sh', ...words], { encoding: 'utf8', maxBuffer: 1 << 28, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...env } })
  if (done.error) throw done.error
  if (done.status !== 0) throw new Error(`exit status ${done.status} of\n${script}\n${done.stdout}${done.stderr}`)
  return done.stdout
}
