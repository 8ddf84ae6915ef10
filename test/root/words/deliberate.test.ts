/**
 * Where ovl deliberately refuses what the kernel takes: a layer word said twice. The kernel lets the last one win
 * without a word, so that a line that grew over the years mounts something else than it seems to say.
 */

import { mkdirSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OvlError, specFromWords } from '../../../src/index.ts'
import { mountLegacy, unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { makeGround } from '../host/ground.ts'
import { makeDirectories, LOWERS, UPPERS } from './directories.ts'

const ground = makeGround()
const d = `${ground}/d`
const target = `${ground}/m`
mkdirSync(target)

const id = (name: string): string => `id-${([...LOWERS, ...UPPERS] as string[]).indexOf(name)}`
const parse = (text: string) => specFromWords({ lower: [], data: [], tmpfs: false, options: [text], readOnly: false, mkdir: false, positionals: [target], typed: {} })

const CASES: readonly [title: string, text: string, fault: string, kernelTakes: readonly string[]][] = [
  ['two lowerdir=', `lowerdir=${d}/a,lowerdir=${d}/b:${d}/c`, 'lowerdir was given twice', ['b', 'c']],
  ['lowerdir= after lowerdir+=', `lowerdir+=${d}/a,lowerdir=${d}/b:${d}/c`, 'lowerdir was given twice', ['b', 'c']],
  ['lowerdir= after datadir+=', `datadir+=${d}/a,lowerdir=${d}/b:${d}/c`, 'lowerdir was given twice', ['b', 'c']],
  ['an empty lowerdir=, which clears the list', `lowerdir=${d}/a,lowerdir=,lowerdir=${d}/b:${d}/c`, 'lowerdir was given twice', ['b', 'c']],
  ['two upperdir=', `lowerdir=${d}/a,upperdir=${d}/u,upperdir=${d}/ux,workdir=${d}/w`, 'upperdir was given twice', ['a', 'ux']],
  ['two workdir=', `lowerdir=${d}/a,upperdir=${d}/u,workdir=${d}/wx,workdir=${d}/w`, 'workdir was given twice', ['a', 'u']],
  ['a word without a name', `lowerdir=${d}/a:${d}/b,=x`, "'=x' has no name before the equals sign", ['a', 'b']],
]

test.each(CASES)('%s', (_, text, fault, kernelTakes) => {
  makeDirectories(d)
  mountLegacy('overlay', target, 'overlay', 0, text)
  const names = readdirSync(target).filter((name) => name.startsWith('id-'))
  unmount(target)
  expect(new Set(names)).toEqual(new Set(kernelTakes.map(id)))

  expect(() => parse(text)).toThrow(OvlError)
  expect(() => parse(text)).toThrow(fault)
})

test('an empty lowerdir= that has nothing to clear is as good as none', () => {
  expect(parse(`lowerdir=,lowerdir=${d}/b:${d}/c`).lower).toEqual([{ path: `${d}/b` }, { path: `${d}/c` }])
})

/** The other way round: these are for mount(8) and the VFS, and the kernel's overlay would refuse them. */
test.each(['nosuid', 'noatime', 'x-systemd.automount', 'nofail', 'comment=a', 'defaults'])('%s never reaches overlay', (word) => {
  makeDirectories(d)
  const text = `lowerdir=${d}/a:${d}/b,${word}`
  expect(() => mountLegacy('overlay', target, 'overlay', 0, text)).toThrow(/EINVAL/)
  expect(parse(text)).toMatchObject({ lower: [{ path: `${d}/a` }, { path: `${d}/b` }], unknown: [] })
})
