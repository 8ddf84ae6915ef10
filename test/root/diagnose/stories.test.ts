/** The commands of the documents as they stand there, pasted behind `ovl diagnose --`: the mistake is named. The corrected ones are right. */

import { expect, test } from 'vitest'
import { envelope } from '../../support/command.ts'
import { makeShell } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

interface Data {
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly title: string }[]
}

const TREES = 'mkdir -p test/lower test/upper test/work test/merged A B C worker merged dir1 dir2 dir3 upper work'

const STORIES: readonly { readonly name: string; readonly prepare?: string; readonly command: string; readonly codes: readonly string[] }[] = [
  { name: '1, the tilde', command: `mount -t overlay overlay -o 'lowerdir=~/test/lower,upperdir=~/test/upper,workdir=~/test/work' ~/test/merged`, codes: ['path-not-expanded', 'path-not-expanded', 'path-not-expanded'] },
  { name: '1, right', command: 'mount -t overlay overlay -o "lowerdir=$HOME/test/lower,upperdir=$HOME/test/upper,workdir=$HOME/test/work" ~/test/merged', codes: [] },
  { name: '2, a colon for the equals sign, and no workdir', command: 'mount -t overlay overlay -o lowerdir:/dir1:/dir2:/dir3:...:/dir25,upperdir=/upper /merged', codes: ['option-syntax', 'work-required'] },
  { name: '2, right', command: 'mount -t overlay overlay -o lowerdir=dir1:dir2:dir3,upperdir=upper,workdir=work merged', codes: [] },
  { name: '3, relative paths', command: 'sudo mount -t overlay overlay -o lowerdir=A:B,upperdir=C,workdir=worker merged', codes: [] },
  { name: '4, one lower and no upper', command: 'mount -t overlay overlay -o lowerdir=dir1 merged', codes: ['single-lower-without-upper'] },
  { name: '4, work on another file system', prepare: 'mount -t tmpfs t work', command: 'mount -t overlay overlay -o lowerdir=dir1:dir2,upperdir=upper,workdir=work merged', codes: ['work-other-filesystem'] },
  { name: '4, right', command: 'mount -t overlay overlay -o lowerdir=dir1:dir2 merged', codes: [] },
  { name: '7, a work directory that nobody made, a target inside a read-only medium', prepare: 'mkdir -p cd tmp; mount -t tmpfs t cd; mount -o remount,ro cd', command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1,upperdir=$PWD/upper,workdir=$PWD/tmp/workdir $PWD/cd/newroot', codes: ['work-missing', 'target-missing'] },
  { name: '8, upper on a tmpfs, work beside it on the disk', prepare: 'mount -t tmpfs t upper', command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1,upperdir=$PWD/upper,workdir=$PWD/work merged', codes: ['work-other-filesystem'] },
  { name: '9, work on a tmpfs, a lower that was never mounted', prepare: 'mkdir ram; mount -t tmpfs t ram; mkdir ram/work', command: 'mount -t overlay overlay -o lowerdir=$PWD/dir1:$PWD/custom_fs,upperdir=$PWD/upper,workdir=$PWD/ram/work merged', codes: ['lower-missing', 'work-other-filesystem'] },
  { name: '10, an overlay without anything', command: 'mount -t overlay overlay / -o defaults', codes: ['lowerdir-required'] },
]

test.each(STORIES)('$name', ({ prepare = 'true', command, codes }) => {
  const dir = place()
  const ran = sh(dir, `${TREES}; ${prepare}; ovl diagnose --json -- ${command}`, [], { HOME: dir })
  const { findings } = envelope(ran).data as Data
  const errors = findings.filter(({ severity }) => severity === 'error').map(({ code }) => code)
  expect(errors.slice(0, codes.length), ran.stdout).toEqual(codes)
  expect(ran.code).toBe(codes.length === 0 ? 0 : 1)
  if (codes.length === 0) expect(findings.filter(({ severity }) => severity !== 'note'), ran.stdout).toEqual([])
})

test('8, mount -o ro of a directory is no bind', () => {
  const ran = sh(place(), 'ovl diagnose --json -- mount -o ro / /mnt/base')
  expect((envelope(ran).data as Data).findings[0], ran.stdout).toMatchObject({ code: 'usage', title: expect.stringContaining('--bind') as unknown })
})
