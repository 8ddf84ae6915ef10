/**
 * The failures of a mount as a table: how to bring each about, the errno it ends in, and the finding
 * that must come first. What runs a row is somebody else’s matter.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'

export interface Row {
  readonly name: string
  /** Prepares a directory that holds l1, l2, u, w and m, and says what is to be mounted. */
  readonly arrange: (dir: string) => OverlaySpec
  readonly code: FindingCode
  readonly errno: string
  /** Must be part of the title. */
  readonly title?: string
  /** Handed to mount(2), or to fsconfig as lowerdir, as it stands. */
  readonly raw?: (dir: string) => { readonly data?: string; readonly lowerdir?: string }
  /** The ways on which it can be brought about; all by default. */
  readonly ways?: readonly ('fd' | 'lowerdir+' | 'mount2' | 'mount8')[]
  /** Programs it needs. */
  readonly tools?: readonly string[]
  /** Certain only when the kernel’s words can be read. */
  readonly needsLog?: true
  /** Cannot be asked of `mount(spec)`: it refuses the words, or cures the fault. */
  readonly rawOnly?: true
}

/** An ordinary overlay in `dir`, changed. */
export function spec(dir: string, change: Partial<OverlaySpec> = {}): OverlaySpec {
  return { ...EMPTY_SPEC, lower: [{ path: `${dir}/l1` }, { path: `${dir}/l2` }], upper: `${dir}/u`, work: `${dir}/w`, target: `${dir}/m`, ...change }
}

const lowers = (...paths: string[]): Pick<OverlaySpec, 'lower'> => ({ lower: paths.map((path) => ({ path })) })
const made = (path: string): string => {
  mkdirSync(path, { recursive: true })
  return path
}
const file = (path: string): string => {
  writeFileSync(path, 'x')
  return path
}
export const sh = (script: string, ...args: string[]): void => {
  execFileSync('sh', ['-ec', script, 'sh', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
}
/** Mounts `$1/l1`, `$1/u`, `$1/w` or what `options` say at `$1/n`. */
const mountAt = (dir: string, options: string, more = ''): void => sh(`mkdir -p "$1/n"; mount -t overlay overlay -o "${options.replaceAll('@', '$1')}" "$1/n"; ${more}`, dir)
const ORDINARY = 'lowerdir=@/l1,upperdir=@/u,workdir=@/w'

const PATHS: readonly Row[] = [
  { name: 'lower missing', errno: 'ENOENT', code: 'lower-missing', title: "/nope' does not exist", arrange: (dir) => spec(dir, lowers(`${dir}/l1`, `${dir}/nope`)) },
  { name: 'lower’s parent missing', errno: 'ENOENT', code: 'lower-missing', title: "/no' is missing", arrange: (dir) => spec(dir, lowers(`${dir}/no/such/l`, `${dir}/l2`)) },
  { name: 'lower behind a dangling symlink', errno: 'ENOENT', code: 'lower-missing', title: 'leads to', arrange: (dir) => {
    symlinkSync('gone', `${dir}/link`)
    return spec(dir, lowers(`${dir}/link/sub`))
  } },
  { name: 'upper missing', errno: 'ENOENT', code: 'upper-missing', arrange: (dir) => spec(dir, { upper: `${dir}/nope` }) },
  { name: 'work missing', errno: 'ENOENT', code: 'work-missing', arrange: (dir) => spec(dir, { work: `${dir}/nope` }) },
  { name: 'target missing', errno: 'ENOENT', code: 'target-missing', arrange: (dir) => spec(dir, { target: `${dir}/nope` }) },
  { name: 'a file on the way to a lower', errno: 'ENOTDIR', code: 'layer-not-directory', title: "/f' is not a directory", arrange: (dir) => spec(dir, lowers(`${file(`${dir}/f`)}/l`, `${dir}/l2`)) },
  { name: 'lower in a circle of symlinks', errno: 'ELOOP', code: 'symlink-loop', arrange: (dir) => {
    symlinkSync('b', `${dir}/a`)
    symlinkSync('a', `${dir}/b`)
    return spec(dir, lowers(`${dir}/a`))
  } },
  { name: 'a name of 300 bytes', errno: 'ENAMETOOLONG', code: 'lower-missing', title: '300 bytes', ways: ['fd', 'mount2', 'mount8'], arrange: (dir) => spec(dir, lowers(`${dir}/${'x'.repeat(300)}`)) },
  { name: 'lower is a file', errno: 'EINVAL', code: 'layer-not-directory', title: 'is a file', arrange: (dir) => spec(dir, lowers(file(`${dir}/f`), `${dir}/l2`)) },
  { name: 'upper is a file', errno: 'EINVAL', code: 'layer-not-directory', arrange: (dir) => spec(dir, { upper: file(`${dir}/f`) }) },
  { name: 'work is a file', errno: 'EINVAL', code: 'layer-not-directory', arrange: (dir) => spec(dir, { work: file(`${dir}/f`) }) },
  { name: 'lower is a block device', errno: 'EINVAL', code: 'layer-not-directory', title: 'block device', arrange: (dir) => spec(dir, lowers('/dev/loop0')) },
  { name: 'target is a file', errno: 'ENOTDIR', code: 'target-not-directory', arrange: (dir) => spec(dir, { target: file(`${dir}/f`) }) },
  { name: 'tilde not expanded', errno: 'ENOENT', code: 'path-not-expanded', arrange: (dir) => spec(dir, lowers('~/lower')) },
  { name: 'variable not expanded', errno: 'ENOENT', code: 'path-not-expanded', arrange: (dir) => spec(dir, { upper: `${dir}/$NAME/u` }) },
  { name: 'literal quotes', errno: 'ENOENT', code: 'path-not-expanded', ways: ['fd', 'lowerdir+', 'mount2'], arrange: (dir) => spec(dir, lowers(`"${dir}/l1"`)) },
]

const ESCAPES: readonly Row[] = [
  { name: 'unescaped colon', errno: 'ENOENT', code: 'unescaped-colon', title: 'a:b', rawOnly: true, ways: ['mount2'], arrange: (dir) => {
    made(`${dir}/a:b`)
    return spec(dir, lowers(`${dir}/a`, 'b'))
  }, raw: (dir) => ({ data: `lowerdir=${dir}/a:b,upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'unescaped comma', errno: 'ENOENT', code: 'unescaped-comma', title: 'a,b', rawOnly: true, ways: ['mount2'], arrange: (dir) => {
    made(`${dir}/a,b`)
    return spec(dir, { ...lowers(`${dir}/a`), unknown: [{ key: 'b' }] })
  }, raw: (dir) => ({ data: `lowerdir=${dir}/a,b,upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'unescaped comma, and the cut path exists', errno: 'EINVAL', code: 'unescaped-comma', title: 'l1,b=c', rawOnly: true, ways: ['mount2'], arrange: (dir) => {
    made(`${dir}/l1,b=c`)
    return spec(dir, { ...lowers(`${dir}/l1`), unknown: [{ key: 'b', value: 'c' }] })
  }, raw: (dir) => ({ data: `lowerdir=${dir}/l1,b=c,upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'a backslash swallows the comma', errno: 'ENOENT', code: 'option-syntax', rawOnly: true, ways: ['mount2'], arrange: (dir) => spec(dir, { ...lowers(`${dir}/l1,upperdir=${dir}/u`) }), raw: (dir) => ({ data: String.raw`lowerdir=${dir}/l1\,upperdir=${dir}/u,workdir=${dir}/w` }) },
]

const RELATIONS: readonly Row[] = [
  { name: 'the same lower twice', errno: 'ELOOP', code: 'layers-overlap', title: 'given twice', arrange: (dir) => spec(dir, lowers(`${dir}/l1`, `${dir}/l1`)) },
  { name: 'the same lower through a symlink', errno: 'ELOOP', code: 'layers-overlap', title: 'the same directory', arrange: (dir) => {
    symlinkSync('l1', `${dir}/s`)
    return spec(dir, lowers(`${dir}/l1`, `${dir}/s`))
  } },
  { name: 'the same lower through a bind mount', errno: 'ELOOP', code: 'layers-overlap', arrange: (dir) => {
    sh('mount --bind "$1/l1" "$1/l2"', dir)
    return spec(dir)
  } },
  { name: 'a lower inside a lower', errno: 'ELOOP', code: 'layers-overlap', title: 'inside', arrange: (dir) => spec(dir, lowers(`${dir}/l1`, made(`${dir}/l1/sub`))) },
  { name: 'a lower inside a lower, above it', errno: 'ELOOP', code: 'layers-overlap', title: 'inside', arrange: (dir) => spec(dir, lowers(made(`${dir}/l1/sub`), `${dir}/l1`)) },
  { name: 'a lower inside a lower through a bind mount', errno: 'ELOOP', code: 'layers-overlap', title: 'inside', arrange: (dir) => {
    sh('mount --bind "$1" "$2/l2"', made(`${dir}/l1/sub`), dir)
    return spec(dir)
  } },
  { name: 'lower is upper', errno: 'ELOOP', code: 'layers-overlap', arrange: (dir) => spec(dir, lowers(`${dir}/u`)) },
  { name: 'lower is work', errno: 'ELOOP', code: 'layers-overlap', arrange: (dir) => spec(dir, lowers(`${dir}/w`)) },
  { name: 'lower inside upper', errno: 'ELOOP', code: 'layers-overlap', arrange: (dir) => spec(dir, lowers(made(`${dir}/u/sub`))) },
  { name: 'lower inside work', errno: 'ELOOP', code: 'layers-overlap', arrange: (dir) => spec(dir, lowers(made(`${dir}/w/sub`))) },
  { name: 'upper is work', errno: 'EINVAL', code: 'work-upper-nested', arrange: (dir) => spec(dir, { work: `${dir}/u` }) },
  { name: 'work inside upper', errno: 'EINVAL', code: 'work-upper-nested', arrange: (dir) => spec(dir, { work: made(`${dir}/u/w`) }) },
  { name: 'upper inside work', errno: 'EINVAL', code: 'work-upper-nested', arrange: (dir) => spec(dir, { upper: made(`${dir}/w/u`) }) },
  { name: 'work on another file system', errno: 'EINVAL', code: 'work-other-filesystem', arrange: (dir) => {
    sh('mount -t tmpfs t "$1/w"', dir)
    return spec(dir)
  } },
  { name: 'work on another mount', errno: 'EINVAL', code: 'work-other-mount', arrange: (dir) => {
    sh('mount --bind "$1/w" "$1/w"', dir)
    return spec(dir)
  } },
  { name: 'a third level', errno: 'EINVAL', code: 'stack-too-deep', arrange: (dir) => {
    sh('mkdir "$1/c" "$1/d"; mount -t overlay o -o "lowerdir=$1/l1:$1/l2" "$1/c"; mount -t overlay o -o "lowerdir=$1/c:$1/l2" "$1/d"', dir)
    return spec(dir, lowers(`${dir}/d`, `${dir}/l1`))
  } },
  { name: '/proc as a lower', errno: 'EINVAL', code: 'stack-too-deep', title: 'proc', arrange: (dir) => spec(dir, lowers('/proc/sys', `${dir}/l1`)) },
  { name: 'upper in use, with an index', errno: 'EBUSY', code: 'upper-in-use', arrange: (dir) => {
    mountAt(dir, ORDINARY)
    return spec(dir, { work: made(`${dir}/w2`), options: { index: 'on' } })
  } },
  { name: 'work in use, with an index', errno: 'EBUSY', code: 'work-in-use', arrange: (dir) => {
    mountAt(dir, ORDINARY)
    return spec(dir, { upper: made(`${dir}/u2`), options: { index: 'on' } })
  } },
  { name: 'lower in use, with an index', errno: 'EBUSY', code: 'lower-in-use', arrange: (dir) => {
    mountAt(dir, ORDINARY)
    made(`${dir}/u/sub`)
    return spec(dir, { ...lowers(`${dir}/l2`, `${dir}/u/sub`), upper: made(`${dir}/u2`), work: made(`${dir}/w2`), options: { index: 'on' } })
  } },
]

const FILESYSTEMS: readonly Row[] = [
  { name: 'upper on an overlay', errno: 'EINVAL', code: 'upper-on-overlay', arrange: (dir) => {
    mountAt(dir, 'lowerdir=@/l2,upperdir=@/u,workdir=@/w')
    return spec(dir, { ...lowers(`${dir}/l1`), upper: made(`${dir}/n/u`), work: made(`${dir}/n/w`) })
  } },
  { name: 'upper on a read-only bind mount', errno: 'EINVAL', code: 'upper-read-only', title: 'read-only mount', arrange: (dir) => {
    sh('cd "$1"; mkdir r r/u r/w; mount --bind r r; mount -o remount,ro,bind r', dir)
    return spec(dir, { upper: `${dir}/r/u`, work: `${dir}/r/w` })
  } },
  { name: 'upper on a read-only file system', errno: 'EINVAL', code: 'upper-read-only', title: 'read-only file system', arrange: (dir) => {
    sh('cd "$1"; mkdir r; mount -t tmpfs t r; mkdir r/u r/w; mount -o remount,ro r', dir)
    return spec(dir, { upper: `${dir}/r/u`, work: `${dir}/r/w` })
  } },
  { name: 'upper on squashfs', errno: 'EINVAL', code: 'upper-read-only', title: 'squashfs', tools: ['mksquashfs'], arrange: (dir) => {
    sh('cd "$1"; mkdir -p s/u s/w r; mksquashfs s s.img -quiet -no-progress; mount -o loop,ro s.img r', dir)
    return spec(dir, { upper: `${dir}/r/u`, work: `${dir}/r/w` })
  } },
  { name: 'upper on FUSE', errno: 'EINVAL', code: 'upper-remote', title: 'fuse', tools: ['fuse-overlayfs'], arrange: (dir) => {
    // It runs in the background and ends with its mount.
    sh('cd "$1"; mkdir a b c f; fuse-overlayfs -o "lowerdir=$1/a,upperdir=$1/b,workdir=$1/c" "$1/f" 2>/dev/null; mkdir f/u f/w', dir)
    return spec(dir, { upper: `${dir}/f/u`, work: `${dir}/f/w` })
  } },
  { name: 'a layer on an unbindable mount', errno: 'EINVAL', code: 'lower-unsupported', title: 'unbindable', arrange: (dir) => {
    sh('mount -t tmpfs t "$1/l1"; mount --make-unbindable "$1/l1"', dir)
    return spec(dir)
  } },
]

/** Enough bytes for a value or a page. */
const long = (dir: string, count: number): string[] => Array.from({ length: count }, (_, i) => made(`${dir}/long/${String(i).padStart(3, '0')}-${'n'.repeat(90)}`))

const LIMITS: readonly Row[] = [
  { name: 'more options than a page', errno: 'ENOENT', code: 'options-too-long', rawOnly: true, ways: ['mount2'], arrange: (dir) => spec(dir, lowers(...long(dir, 60))), raw: (dir) => ({ data: `lowerdir=${long(dir, 60).join(':')},upperdir=${dir}/u,workdir=${dir}/w` }) },
  { name: 'more bytes than a value', errno: 'EINVAL', code: 'value-too-long', rawOnly: true, ways: ['lowerdir+'], arrange: (dir) => spec(dir, lowers(...long(dir, 4))), raw: (dir) => ({ lowerdir: long(dir, 4).join(':') }) },
  { name: '501 layers', errno: 'EINVAL', code: 'too-many-layers', rawOnly: true, ways: ['fd', 'lowerdir+'], arrange: (dir) => spec(dir, lowers(...Array.from({ length: 501 }, (_, i) => made(`${dir}/many/${i}`)))) },
  { name: 'a tmpfs without inodes', errno: 'ENOSPC', code: 'no-inodes', arrange: (dir) => {
    sh('cd "$1"; mkdir t; mount -t tmpfs -o nr_inodes=5 t t; mkdir t/u t/w', dir)
    return spec(dir, { upper: `${dir}/t/u`, work: `${dir}/t/w` })
  } },
]

const STATE: readonly Row[] = [
  { name: 'the mark of a volatile overlay', errno: 'EINVAL', code: 'volatile-leftover', arrange: (dir) => spec(dir, { work: made(`${dir}/w/work/incompat/volatile`) && `${dir}/w` }) },
  { name: 'upper of another lower, with an index', errno: 'ESTALE', code: 'index-mismatch', arrange: (dir) => {
    mountAt(dir, `${ORDINARY},index=on`, 'umount "$1/n"')
    return spec(dir, { ...lowers(`${dir}/l2`), options: { index: 'on' } })
  } },
  { name: 'work of another upper, with an index', errno: 'ESTALE', code: 'index-mismatch', arrange: (dir) => {
    mountAt(dir, `${ORDINARY},index=on`, 'umount "$1/n"')
    return spec(dir, { ...lowers(`${dir}/l1`), upper: made(`${dir}/u2`), options: { index: 'on' } })
  } },
  { name: 'junk in the index', errno: 'EINVAL', code: 'index-mismatch', arrange: (dir) => {
    mountAt(dir, `${ORDINARY},index=on`, 'umount "$1/n"; touch "$1/w/index/garbage"')
    return spec(dir, { ...lowers(`${dir}/l1`), options: { index: 'on' } })
  } },
  { name: 'a file in place of the index', errno: 'ENOTDIR', code: 'work-dir-unusable', arrange: (dir) => {
    file(`${dir}/w/index`)
    return spec(dir, { options: { index: 'on' } })
  } },
]

const OPTIONS: readonly Row[] = [
  { name: 'no lower', errno: 'EINVAL', code: 'lowerdir-required', arrange: (dir) => spec(dir, lowers()) },
  { name: 'data-only layers alone', errno: 'EINVAL', code: 'lowerdir-required', ways: ['fd', 'lowerdir+'], arrange: (dir) => spec(dir, { ...lowers(), data: [{ path: `${dir}/l1` }] }) },
  { name: 'upper without work', errno: 'EINVAL', code: 'work-required', arrange: (dir) => {
    const { work: _, ...rest } = spec(dir)
    return rest
  } },
  { name: 'one lower and no upper', errno: 'EINVAL', code: 'single-lower-without-upper', arrange: (dir) => {
    const { upper: _upper, work: _work, ...rest } = spec(dir, lowers(`${dir}/l1`))
    return rest
  } },
  { name: 'a misspelt option', errno: 'EINVAL', code: 'option-unknown', title: 'metacopy', needsLog: true, arrange: (dir) => spec(dir, { unknown: [{ key: 'metacpy', value: 'on' }] }) },
  { name: 'a value that is none', errno: 'EINVAL', code: 'option-bad-value', title: 'index', arrange: (dir) => spec(dir, { options: { index: 'yes' } }) },
  { name: 'a value for a flag', errno: 'EINVAL', code: 'option-bad-value', title: 'volatile', arrange: (dir) => spec(dir, { options: { volatile: 'yes' } }) },
  { name: 'two options that exclude each other', errno: 'EINVAL', code: 'option-conflict', title: 'metacopy=on,redirect_dir=', arrange: (dir) => spec(dir, { options: { metacopy: 'on', redirect_dir: 'nofollow' } }) },
  { name: 'an SELinux label without SELinux', errno: 'EINVAL', code: 'option-unknown', title: 'SELinux', ways: ['fd', 'mount2'], arrange: (dir) => spec(dir, { label: 'system_u:object_r:container_file_t:s0' }) },
]

export const ROWS: readonly Row[] = [...PATHS, ...ESCAPES, ...RELATIONS, ...FILESYSTEMS, ...LIMITS, ...STATE, ...OPTIONS]
