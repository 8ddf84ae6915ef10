/** Boot records of a packed medium: those of the ISO it comes from; for a directory, by the boot images that lie in it. */

import { OvlError } from '../errors/ovl-error.ts'
import { statName } from '../host/files.ts'
import { keptBoot } from '../host/pack-iso.ts'
import { findFile } from '../live/medium.ts'
import type { Medium } from '../live/medium.ts'

/** Words of xorriso. @throws OvlError usage, when a directory holds nothing to boot from */
export function bootOf(medium: Medium): readonly string[] {
  if (medium.kind === 'iso') return keptBoot(medium)
  const has = (path: string): boolean => findFile(medium, path)?.kind === 'file'
  const bios = BIOS.find(({ image }) => has(image))
  const efi = EFI.find(has)
  if (bios === undefined && efi === undefined) throw new OvlError('usage', `the directory '${medium.source}' holds no boot image: an ISO made of it would not start`, { hint: `Looked for ${[...BIOS.map(({ image }) => image), ...EFI].map((path) => path.slice(1)).join(', ')}. Mount the ISO itself, or pack into a squashfs.` })
  const words = bios === undefined ? [] : [
    '-boot_image', bios.loader, `bin_path=${bios.image}`, '-boot_image', 'any', `cat_path=${bios.catalog}`, '-boot_image', 'any', 'load_size=2048', '-boot_image', 'any', 'boot_info_table=on',
    ...bios.more, ...(typeof statName(bios.mbr) === 'object' ? ['-boot_image', bios.loader, `${bios.mbrWord}=${bios.mbr}`] : []),
  ]
  const both = bios !== undefined && efi !== undefined ? ['-boot_image', 'any', 'next'] : []
  const uefi = efi === undefined ? [] : ['-boot_image', 'any', `efi_path=${efi}`, '-boot_image', 'isolinux', 'partition_entry=gpt_basdat']
  return ['-volid', 'LIVE', '-joliet', 'on', '-compliance', 'joliet_long_names', ...words, ...both, ...uefi]
}

interface Bios {
  readonly loader: 'isolinux' | 'grub'
  readonly image: string
  readonly catalog: string
  readonly more: readonly string[]
  /** Code for the first sector, of a package of the system; without it the ISO starts from a disc only. */
  readonly mbr: string
  readonly mbrWord: string
}

const ISOLINUX = { loader: 'isolinux', more: [], mbr: '/usr/lib/ISOLINUX/isohdpfx.bin', mbrWord: 'system_area' } as const
const GRUB = { loader: 'grub', more: ['-boot_image', 'grub', 'grub2_boot_info=on'], mbr: '/usr/lib/grub/i386-pc/boot_hybrid.img', mbrWord: 'grub2_mbr' } as const

const BIOS: readonly Bios[] = [
  { ...ISOLINUX, image: '/isolinux/isolinux.bin', catalog: '/isolinux/boot.cat' },
  { ...ISOLINUX, image: '/boot/isolinux/isolinux.bin', catalog: '/boot/isolinux/boot.cat' },
  { ...GRUB, image: '/boot/grub/i386-pc/eltorito.img', catalog: '/boot.catalog' },
  { ...GRUB, image: '/boot/grub/bios.img', catalog: '/boot.catalog' },
]

const EFI = ['/boot/grub/efi.img', '/boot/grub/efiboot.img', '/EFI/efiboot.img', '/efi.img', '/isolinux/efiboot.img'] as const
