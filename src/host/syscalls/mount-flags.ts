/**
 * The mount flags as the kernel’s two interfaces number them: MS_* for mount(2), MOUNT_ATTR_* for
 * fsmount(2) and mount_setattr(2). Those of the superblock have no MOUNT_ATTR_*: a context takes them by
 * name, as SET_FLAG. `ro` is both.
 *
 * Source: linux/mount.h; https://man7.org/linux/man-pages/man2/mount.2.html, …/mount_setattr.2.html
 */

import type { MountFlag, Propagation } from '../../overlay/spec.ts'

interface FlagRow {
  readonly ms: number
  readonly attribute?: number
  readonly superblock?: true
}

const ATIME_MASK = 0x70

const FLAG_TABLE: Readonly<Record<MountFlag, FlagRow>> = {
  ro: { ms: 0x1, attribute: 0x1, superblock: true },
  nosuid: { ms: 0x2, attribute: 0x2 },
  nodev: { ms: 0x4, attribute: 0x4 },
  noexec: { ms: 0x8, attribute: 0x8 },
  noatime: { ms: 0x400, attribute: 0x10 },
  relatime: { ms: 0x20_0000, attribute: 0 },
  strictatime: { ms: 0x100_0000, attribute: 0x20 },
  nodiratime: { ms: 0x800, attribute: 0x80 },
  nosymfollow: { ms: 0x100, attribute: 0x20_0000 }, // 5.10; attribute 5.14
  sync: { ms: 0x10, superblock: true },
  dirsync: { ms: 0x80, superblock: true },
  lazytime: { ms: 0x200_0000, superblock: true },
}

const ATIME_MODES: ReadonlySet<MountFlag> = new Set(['noatime', 'relatime', 'strictatime'])

/** MS_* bits of the flags. */
export function legacyBits(flags: readonly MountFlag[]): number {
  return flags.reduce((bits, flag) => bits | FLAG_TABLE[flag].ms, 0)
}

/** MOUNT_ATTR_* bits of the flags that have one. */
export function attributeBits(flags: readonly MountFlag[]): number {
  return flags.reduce((bits, flag) => bits | (FLAG_TABLE[flag].attribute ?? 0), 0)
}

/** What mount_setattr(2) must clear first: the bits themselves, and all of the atime mode when one of it changes. */
export function clearedAttributeBits(clear: readonly MountFlag[], set: readonly MountFlag[]): number {
  const atime = [...clear, ...set].some((flag) => ATIME_MODES.has(flag))
  return attributeBits(clear) | (atime ? ATIME_MASK : 0)
}

/** The flags a superblock takes by name. */
export function superblockFlags(flags: readonly MountFlag[]): MountFlag[] {
  return flags.filter((flag) => FLAG_TABLE[flag].superblock === true)
}

const PROPAGATION_BITS = { unbindable: 0x2_0000, private: 0x4_0000, slave: 0x8_0000, shared: 0x10_0000 } as const

/** A propagation word as its MS_* bit, and whether it is for the whole tree. */
export function propagationBits(word: Propagation): { readonly bit: number; readonly recursive: boolean } {
  const recursive = !(word in PROPAGATION_BITS)
  return { bit: PROPAGATION_BITS[(recursive ? word.slice(1) : word) as keyof typeof PROPAGATION_BITS], recursive }
}
