/**
 * What fails while an overlay is used, made to fail for real. Each time the words of the tool that failed are judged, and
 * the live mount; what the kernel log says besides is judged as a message, too.
 *
 * Not made here, and why:
 *   fs-verity mismatch, casefold at run time   this kernel has neither (CONFIG_FS_VERITY, CONFIG_UNICODE)
 *   EOVERFLOW, EEXIST of a removed directory   need a user namespace: test/rootless
 *   O_TMPFILE, hard links of whiteouts         work on this kernel and its file systems
 *   EOPNOTSUPP of file handles                 no shell tool makes them
 *   index entries of another upper (EIO)       only seen through NFS handles, after the mount was refused by other checks
 *   lower edited, replaced or removed          no error at all: live.test.ts
 *   immutable lower, mknod 0:0 (EPERM)         overlay has no part in it: the same without one
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { FindingCode } from '../../../src/errors/codes.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import { diagnose } from '../../../src/ops/diagnose.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()

interface Running {
  readonly name: string
  /** Shell, in a directory with l1, l2, u, w and m. */
  readonly prepare: string
  /** The command that fails. */
  readonly fail: string
  /** Among the first three of what the tool’s words may mean. */
  readonly code: FindingCode
  /** What the live mount shows: first among the errors and warnings, or notes if there are none, and certain. */
  readonly live?: FindingCode
  /** The kernel’s own line, and that it is judged as `code`. */
  readonly kernel?: RegExp
  readonly tools?: readonly string[]
}

const LAYERS = 'lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/u,workdir=$PWD/w'
const mount = (more = ''): string => `mount -t overlay o -o "${LAYERS}${more}" m`
const onTmpfs = (options: string): string => `mkdir t; mount -t tmpfs -o ${options} t t; mkdir t/u t/w; mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/t/u,workdir=$PWD/t/w" m`
const RENAME = `perl -e 'rename("m/d", "m/e") or die "rename m/d m/e: $!\\n"'`
/** 256 bytes is the most that a redirect may have. */
const LONG = [1, 2, 3].map((part) => `${part}`.repeat(99)).join('/')

const ROWS: readonly Running[] = [
  { name: 'a lower directory renamed', prepare: `mkdir l1/d; ${mount()}`, fail: RENAME, code: 'rename-exdev', tools: ['perl'] },
  { name: 'a redirect longer than the kernel takes', prepare: `mkdir -p l1/${LONG}/d; ${mount(',redirect_dir=on')}`, fail: RENAME.replace('m/d', `m/${LONG}/d`), code: 'rename-exdev', tools: ['perl'] },
  { name: 'a redirect that may not be followed', prepare: `mkdir l1/d; ${mount(',redirect_dir=on')}; mv m/d m/e; umount m; ${mount(',redirect_dir=nofollow')}`, fail: 'ls m/e', code: 'metacopy-mismatch', live: 'metacopy-mismatch', kernel: /refusing to follow redirect/ },
  { name: 'a malformed redirect', prepare: `mkdir l1/x u/x; setfattr -n trusted.overlay.redirect -v ../x u/x; ${mount(',redirect_dir=on')}`, fail: 'ls m/x', code: 'metacopy-mismatch', live: 'metacopy-mismatch', kernel: /invalid redirect/, tools: ['setfattr'] },
  { name: 'a metacopy without metacopy=on', prepare: `echo a >l1/f; ${mount(',metacopy=on')}; chmod 600 m/f; umount m; ${mount(',metacopy=off')}`, fail: 'cat m/f', code: 'metacopy-mismatch', live: 'metacopy-mismatch', kernel: /refusing to follow metacopy origin/ },
  { name: 'a metacopy whose data is gone', prepare: `echo a >l1/f; ${mount(',metacopy=on')}; chmod 600 m/f; umount m; rm l1/f; ${mount(',metacopy=on')}`, fail: 'cat m/f', code: 'metacopy-mismatch', live: 'metacopy-mismatch', kernel: /metacopy with no lower data/ },
  { name: 'a damaged metacopy note', prepare: `echo a >l1/f; truncate -s 5 u/f; setfattr -n trusted.overlay.metacopy -v xx u/f; ${mount(',metacopy=on')}`, fail: 'cat m/f', code: 'metacopy-mismatch', kernel: /metacopy file .* xattr/, tools: ['setfattr'] },
  { name: 'data-only data that is gone', prepare: `mkdir dd; : >l1/x; truncate -s 5 l1/x; setfattr -n trusted.overlay.metacopy l1/x; setfattr -n trusted.overlay.redirect -v /x l1/x; mount -t overlay o -o "lowerdir=$PWD/l1::$PWD/dd,upperdir=$PWD/u,workdir=$PWD/w,metacopy=on" m`, fail: 'cat m/x', code: 'lower-modified', tools: ['setfattr'] },
  { name: 'a whiteout read', prepare: `echo a >l1/f; ${mount()}; rm m/f`, fail: 'cat u/f', code: 'whiteout-copied' },
  { name: 'a whiteout copied', prepare: `echo a >l1/f; ${mount()}; rm m/f`, fail: 'cp u/f x', code: 'whiteout-copied' },
  { name: 'written without an upper', prepare: 'mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l2" m', fail: 'touch m/x', code: 'read-only-overlay', live: 'read-only-overlay' },
  { name: 'written to a silent fallback', prepare: `mkdir -p w/work/a/b/c/d; ${mount()}`, fail: 'touch m/x', code: 'work-dir-unusable', live: 'work-dir-unusable', kernel: /mounting read-only/ },
  { name: 'upper full of bytes', prepare: `${onTmpfs('size=1m')}; head -c 2M /dev/zero >m/fill || true`, fail: 'cp /etc/passwd m/x', code: 'no-space', live: 'no-space' },
  { name: 'a copy-up that does not fit', prepare: `head -c 2M /dev/urandom >l1/big; ${onTmpfs('size=1m')}; head -c 1M /dev/zero >m/fill || true`, fail: 'sh -c "echo more >>m/big"', code: 'no-space', live: 'no-space' },
  { name: 'upper full of inodes', prepare: `${onTmpfs('nr_inodes=12')}; for i in 1 2 3 4 5 6 7 8 9; do touch m/$i || true; done`, fail: 'touch m/x', code: 'no-inodes', live: 'no-inodes' },
  { name: 'an entry of upper moved behind the mount', prepare: `echo a >u/f; ${mount()}; cat m/f; mv u/f u/g`, fail: 'rm m/f', code: 'lower-modified' },
  { name: 'upper removed and made again', prepare: `${mount()}; rmdir u; mkdir u`, fail: 'touch m/x', code: 'lower-modified' },
  { name: 'work/work removed', prepare: `echo a >l1/f; ${mount()}; rm -r w/work`, fail: 'rm m/f', code: 'work-dir-unusable', live: 'work-dir-unusable' },
  { name: 'upper reached through its lower', prepare: 'mkdir l1/u l1/w; mount -t overlay o -o "lowerdir=$PWD/l1,upperdir=$PWD/l1/u,workdir=$PWD/l1/w" m', fail: 'ls m/u/', code: 'upper-inside-lower', live: 'upper-inside-lower', kernel: /overlapping layers/ },
  // The kernel gives the error of the lost write, here that of the full tmpfs below: EIO it is of a failing disk only.
  { name: 'each fsync of a volatile mount after a write was lost', tools: ['mkfs.ext4'], prepare: 'mkdir t b; mount -t tmpfs -o size=6m t t; truncate -s 64M t/img; mkfs.ext4 -q t/img; mount -o loop t/img b; mkdir b/u b/w; mount -t overlay o -o "lowerdir=$PWD/l1:$PWD/l2,upperdir=$PWD/b/u,workdir=$PWD/b/w,volatile" m; head -c 20M /dev/urandom >m/f; sync -f b || true; sync m/f || true', fail: 'sync m/f', code: 'no-space' },
]

test.each(ROWS)('$name: $code', async ({ prepare, fail, code, live, kernel, tools = [] }) => {
  if (!tools.every(hasTool)) return
  const cwd = mkdtempSync(`${ground}/r-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${cwd}/${name}`)
  const sh = (script: string) => spawnSync('sh', ['-ec', script], { cwd, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } })
  using log = markKernelLog()
  const ready = sh(prepare)
  expect(ready.status, ready.stderr).toBe(0)
  const failed = sh(fail)
  expect(failed.stderr).toMatch(/: [A-Z]/)
  const said = await diagnose({ message: failed.stderr })
  expect(said.findings.slice(0, 3).map((one) => one.code), failed.stderr).toContain(code)
  const lines = log.lines()
  if (kernel !== undefined && lines.known) {
    const line = lines.value.find((text) => kernel.test(text))
    expect(line, lines.value.join('\n')).toBeDefined()
    expect((await diagnose({ message: `${failed.stderr}${line}` })).findings[0]?.code).toBe(code)
  }
  const { findings } = await diagnose({ target: `${cwd}/m` })
  if (live !== undefined) expect(findings[0], JSON.stringify(findings, undefined, 1)).toMatchObject({ code: live, confidence: 'certain' })
})

test('a metacopy that userxattr reads as zeros: no error anywhere, and the live mount tells', async () => {
  const cwd = mkdtempSync(`${ground}/r-`)
  for (const name of ['l1', 'l2', 'u', 'w', 'm']) mkdirSync(`${cwd}/${name}`)
  spawnSync('sh', ['-ec', `echo data >l1/f; ${mount(',metacopy=on')}; chmod 600 m/f; umount m; ${mount(',userxattr')}`], { cwd })
  expect(spawnSync('cat', ['m/f'], { cwd, encoding: 'latin1' }).stdout).toBe('\0'.repeat(5))
  expect((await diagnose({ target: `${cwd}/m` })).findings[0]).toMatchObject({ code: 'metacopy-mismatch', confidence: 'certain', title: expect.stringContaining('zeros') as unknown })
})
