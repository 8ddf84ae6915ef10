// A live medium as live-build makes them: kernel, initial RAM file system and one squashfs in live/, isolinux for a BIOS,
// GRUB for EFI, and a partition table, so that it boots from a CD and from a USB stick.

import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from '../host.mjs'
import { find } from '../programs.mjs'

/** What all boots have in common. `panic=-1`: a boot that fails ends the machine. */
export const QUIET = 'console=ttyS0 loglevel=3 oops=panic panic=-1 mitigations=off systemd.log_color=0'
const ENTRY = `boot=live ${QUIET}`

const ISOLINUX = `SERIAL 0
DEFAULT live
PROMPT 0
TIMEOUT 1
LABEL live
  KERNEL /live/vmlinuz
  APPEND initrd=/live/initrd.img ${ENTRY}
`
const GRUB = `set timeout=0
serial
terminal_output serial
menuentry "Debian live" {
  linux /live/vmlinuz ${ENTRY}
  initrd /live/initrd.img
}
`
const GRUB_EARLY = 'search --set=root --file /.disk/info\nset prefix=($root)/boot/grub\nconfigfile /boot/grub/grub.cfg\n'
const GRUB_MODULES = ['iso9660', 'fat', 'part_gpt', 'part_msdos', 'search', 'search_fs_file', 'normal', 'configfile', 'linux', 'serial', 'terminal']

/** The ISO of a system (system.mjs). Of the cache, to be read only. */
export function liveMedium(cache, system) {
  const key = createHash('sha256').update(system.key).update(readFileSync(import.meta.filename)).digest('hex').slice(0, 12)
  const iso = join(cache, `live-${key}.iso`)
  if (!existsSync(iso)) {
    const draft = join(cache, `medium.${process.pid}`)
    try {
      renameSync(makeMedium(system, draft), iso)
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return iso
}

function makeMedium({ tree, kernel, initramfs }, draft) {
  const top = join(draft, 'medium')
  for (const directory of ['live', 'isolinux', 'boot/grub', '.disk', 'EFI/boot']) mkdirSync(join(top, directory), { recursive: true })
  output(find('mksquashfs'), [tree, join(top, 'live/filesystem.squashfs'), '-quiet', '-no-progress', '-comp', 'zstd', '-Xcompression-level', '1', '-e', 'boot'])
  copyFileSync(kernel, join(top, 'live/vmlinuz'))
  copyFileSync(initramfs, join(top, 'live/initrd.img'))
  writeFileSync(join(top, 'live/filesystem.packages'), output('dpkg-query', [`--admindir=${tree}/var/lib/dpkg`, '-W']))
  writeFileSync(join(top, 'live/filesystem.size'), output('du', ['-sx', '--block-size=1', tree]).replace(/\t.*/s, '\n'))
  writeFileSync(join(top, '.disk/info'), 'Debian GNU/Linux 12 "Bookworm" - live\n')
  copyFileSync('/usr/lib/ISOLINUX/isolinux.bin', join(top, 'isolinux/isolinux.bin'))
  copyFileSync('/usr/lib/syslinux/modules/bios/ldlinux.c32', join(top, 'isolinux/ldlinux.c32'))
  writeFileSync(join(top, 'isolinux/isolinux.cfg'), ISOLINUX)
  writeFileSync(join(top, 'boot/grub/grub.cfg'), GRUB)
  makeEfiImage(draft, top)
  // isolinux.bin gets its place on the medium written into it.
  writeFileSync(join(top, 'md5sum.txt'), readdirSync(top, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => join(entry.parentPath ?? entry.path, entry.name)).filter(path => !path.startsWith(join(top, 'isolinux'))).sort()
    .map(path => `${createHash('md5').update(readFileSync(path)).digest('hex')}  .${path.slice(top.length)}\n`).join(''))
  const iso = join(draft, 'live.iso')
  output('xorriso', [
    '-as', 'mkisofs', '-quiet', '-o', iso, '-V', 'DEBIAN_LIVE', '-J', '-joliet-long', '-R',
    '-isohybrid-mbr', '/usr/lib/ISOLINUX/isohdpfx.bin', '-partition_offset', '16',
    '-c', 'isolinux/boot.cat', '-b', 'isolinux/isolinux.bin', '-no-emul-boot', '-boot-load-size', '4', '-boot-info-table',
    '-eltorito-alt-boot', '-e', 'boot/grub/efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat',
    top,
  ], { stdio: ['ignore', 'pipe', 'pipe'] })
  return iso
}

/** GRUB in a FAT file system of its own, which the firmware reads; it finds the medium, and all else there. */
function makeEfiImage(draft, top) {
  writeFileSync(join(draft, 'early.cfg'), GRUB_EARLY)
  output('grub-mkimage', ['-O', 'x86_64-efi', '-p', '/boot/grub', '-c', join(draft, 'early.cfg'), '-o', join(top, 'EFI/boot/bootx64.efi'), ...GRUB_MODULES])
  const image = join(top, 'boot/grub/efi.img')
  output('mformat', ['-C', '-i', image, '-T', '4096', '-h', '2', '-s', '32', '::'])
  output('mmd', ['-i', image, '::/EFI', '::/EFI/BOOT'])
  output('mcopy', ['-i', image, join(top, 'EFI/boot/bootx64.efi'), '::/EFI/BOOT/BOOTX64.EFI'])
}
