// What the table of failures (rows.mjs) has not, because a newer kernel says nothing like it or ovl never asks it; and where 6.1 mounts
// something else than the table of warnings (mounted-rows.mjs) says.

import { MOUNTED_ROWS } from './mounted-rows.mjs'
import { ROWS, sh, spec } from './rows.mjs'

const many = dir => Array.from({ length: 501 }, (_, n) => ({ path: `${dir}/many/${n}` }))
const vfat = dir => sh('cd "$1"; truncate -s 8M img; mkdosfs img; mkdir fat; mount -o loop img fat; mkdir fat/a fat/b', dir)

/** `heardOnly`: the facts alone do not tell it. */
const MORE = [
  { name: 'a value that redirect_dir does not have', code: 'option-bad-value', title: 'redirect_dir', arrange: dir => spec(dir, { options: { redirect_dir: 'bogus' } }) },
  { name: 'two options that exclude each other, and the kernel says so', code: 'option-conflict', title: 'nfs_export=on,metacopy=on', arrange: dir => spec(dir, { options: { nfs_export: 'on', metacopy: 'on' } }) },
  { name: '501 layers by mount(2)', code: 'too-many-layers', rawOnly: true, heardOnly: true, ways: ['mount2'], arrange: dir => spec(dir, { lower: many(dir) }), raw: () => ({ data: `lowerdir=${'/:'.repeat(500)}/` }) },
  { name: 'lowerdir+ by mount(2)', code: 'option-needs-newer-kernel', title: 'lowerdir+', rawOnly: true, heardOnly: true, ways: ['mount2'], arrange: dir => spec(dir), raw: dir => ({ data: `lowerdir+=${dir}/l1,lowerdir+=${dir}/l2,upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'a lower on vfat', code: 'lower-unsupported', title: 'vfat', needsLog: true, arrange: dir => { vfat(dir); return spec(dir, { lower: [{ path: `${dir}/fat/a` }, { path: `${dir}/l1` }] }) } },
  { name: 'upper and work on vfat', code: 'upper-unsupported', title: 'vfat', needsLog: true, arrange: dir => { vfat(dir); return spec(dir, { upper: `${dir}/fat/a`, work: `${dir}/fat/b` }) } },
]

export const FAILURES = [...ROWS, ...MORE]

const HERE = {
  // It knows no uuid=null.
  'every feature said to be off': { arrange: dir => spec(dir, { options: { metacopy: 'off', redirect_dir: 'off', index: 'off', nfs_export: 'off', xino: 'off' } }) },
  // It leaves redirect_dir in force.
  'a file system without xattrs': { codes: ['upper-no-xattr', 'feature-dropped'] },
}

export const WARNINGS = MOUNTED_ROWS.map(row => ({ ...row, ...HERE[row.name] }))
