/** Mounts that succeed with less than was asked for: how to bring each about, and the findings it must be given, first first. */

import { mkdirSync } from 'node:fs'
import type { FindingCode } from '../../../src/errors/codes.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { sh, spec } from './rows.ts'

export interface MountedRow {
  readonly name: string
  readonly arrange: (dir: string) => OverlaySpec
  readonly codes: readonly FindingCode[]
  /** What the mount table alone tells, without the kernel log; the same as `codes` by default. */
  readonly deaf?: readonly FindingCode[]
  readonly title?: string
  /** The kernel does not say a word of it, so that only a full look finds it. */
  /** Programs it needs. */
  readonly tools?: readonly string[]
}

const other = (dir: string): void => sh('mkdir "$1/n"; mount -t overlay other -o "lowerdir=$1/l2,upperdir=$1/u,workdir=$1/w" "$1/n"', dir)
const on = (dir: string, mount: string): Partial<OverlaySpec> => {
  sh(`mkdir "$1/t"; ${mount}; mkdir -p "$1/t/u" "$1/t/w"`, dir)
  return { upper: `${dir}/t/u`, work: `${dir}/t/w` }
}

export const MOUNTED_ROWS: readonly MountedRow[] = [
  { name: 'nothing is wrong', codes: [], arrange: (dir) => spec(dir) },
  { name: 'every feature in force', codes: [], arrange: (dir) => spec(dir, { options: { metacopy: 'on', redirect_dir: 'on', index: 'on', uuid: 'on', xino: 'on', volatile: true, default_permissions: true } }) },
  { name: 'every feature said to be off', codes: [], arrange: (dir) => spec(dir, { options: { metacopy: 'off', redirect_dir: 'off', index: 'off', nfs_export: 'off', xino: 'off', uuid: 'null' } }) },
  { name: 'nfs_export in force', codes: [], arrange: (dir) => spec(dir, { options: { nfs_export: 'on' } }) },
  { name: 'xino over two file systems', codes: [], arrange: (dir) => spec(dir, { ...on(dir, 'mount -t tmpfs t "$1/t"'), options: { xino: 'on' } }) },
  { name: 'read-only as asked', codes: [], arrange: (dir) => spec(dir, { flags: ['ro'] }) },
  { name: 'lowers alone', codes: [], arrange: (dir) => {
    const { upper: _upper, work: _work, ...rest } = spec(dir, { options: { redirect_dir: 'follow' } })
    return rest
  } },
  { name: 'a mount point in place of work/work', codes: ['work-dir-unusable', 'mounted-read-only'], title: '/w/work', arrange: (dir) => {
    sh('mkdir "$1/w/work"; mount -t tmpfs t "$1/w/work"', dir)
    return spec(dir)
  } },
  { name: 'work/work cannot be emptied', codes: ['work-dir-unusable', 'mounted-read-only'], arrange: (dir) => {
    sh('mkdir -p "$1/w/work/a/b/c/d/e"', dir)
    return spec(dir)
  } },
  { name: 'an immutable work', codes: ['work-dir-unusable', 'mounted-read-only'], tools: ['mkfs.ext4', 'chattr'], arrange: (dir) => spec(dir, on(dir, 'truncate -s 16M "$1/img"; mkfs.ext4 -q "$1/img"; mount -o loop "$1/img" "$1/t"; mkdir "$1/t/u" "$1/t/w"; chattr +i "$1/t/w"')) },
  { name: 'no inodes for work/work', codes: ['work-dir-unusable', 'no-inodes', 'mounted-read-only'], arrange: (dir) => spec(dir, on(dir, 'mount -t tmpfs -o nr_inodes=3 t "$1/t"')) },
  { name: 'upper in use', codes: ['upper-in-use'], arrange: (dir) => {
    other(dir)
    mkdirSync(`${dir}/w2`)
    return spec(dir, { lower: [{ path: `${dir}/l1` }], work: `${dir}/w2` })
  } },
  { name: 'upper and work in use', codes: ['upper-in-use'], arrange: (dir) => {
    other(dir)
    return spec(dir, { lower: [{ path: `${dir}/l1` }] })
  } },
  { name: 'work in use', codes: ['work-in-use'], arrange: (dir) => {
    other(dir)
    mkdirSync(`${dir}/u2`)
    return spec(dir, { lower: [{ path: `${dir}/l1` }], upper: `${dir}/u2` })
  } },
  { name: 'lower in use', codes: ['lower-in-use'], arrange: (dir) => {
    other(dir)
    for (const name of ['u2', 'w2']) mkdirSync(`${dir}/${name}`)
    return spec(dir, { lower: [{ path: `${dir}/u` }, { path: `${dir}/l1` }], upper: `${dir}/u2`, work: `${dir}/w2` })
  } },
  { name: 'upper inside a lower', codes: ['upper-inside-lower'], arrange: (dir) => {
    for (const name of ['u', 'w']) mkdirSync(`${dir}/l1/${name}`)
    return spec(dir, { lower: [{ path: `${dir}/l1` }], upper: `${dir}/l1/u`, work: `${dir}/l1/w` })
  } },
  { name: 'a file system without file types', codes: ['upper-no-d-type'], deaf: [], tools: ['mkfs.ext4'], arrange: (dir) => spec(dir, on(dir, 'truncate -s 16M "$1/img"; mkfs.ext4 -q -O ^filetype "$1/img"; mount -o loop "$1/img" "$1/t"')) },
  { name: 'a file system without xattrs', codes: ['upper-no-xattr', 'feature-dropped', 'feature-dropped'], deaf: ['feature-dropped', 'feature-dropped'], arrange: (dir) => spec(dir, { ...on(dir, 'mount -t ramfs t "$1/t"'), options: { index: 'on', redirect_dir: 'on' } }) },
  { name: 'two subvolumes', codes: ['work-other-filesystem'], tools: ['mkfs.btrfs', 'btrfs'], arrange: (dir) => spec(dir, on(dir, 'truncate -s 128M "$1/img"; mkfs.btrfs -q "$1/img"; mount -o loop "$1/img" "$1/t"; btrfs subvolume create "$1/t/u"; btrfs subvolume create "$1/t/w"')) },
  { name: 'nfs_export without an upper', codes: ['feature-dropped'], title: 'nfs_export', arrange: (dir) => {
    const { upper: _upper, work: _work, ...rest } = spec(dir, { options: { nfs_export: 'on' } })
    return rest
  } },
  { name: 'index without an upper', codes: ['feature-dropped'], title: 'without an upper', arrange: (dir) => {
    const { upper: _upper, work: _work, ...rest } = spec(dir, { options: { index: 'on' } })
    return rest
  } },
]
