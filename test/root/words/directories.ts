/** Directories whose names are each other’s malformed spellings: a word that is split or unescaped in another way than the kernel’s still finds one. */

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { setXattr } from '../../../src/host/syscalls/xattr.ts'

export const LOWERS = ['a', 'b', 'c', 'ab', 'a:b', 'a,b', 'a\\b', 'a\\', 'a\\\\', 'a\\:b', 'a\\,b', 'a b', 'a"b', 'a\nb', '"a"', ':', ',', '\\', 'b::c', ':b', 'b:', 'b,', ',b', 'a=b', 'lowerdir=a', 'ro', 'ä'] as const
export const UPPERS = ['u', 'ux', 'u:x', 'u,x', 'u\\x', 'u\\', 'u x', 'upperdir=u', 'x'] as const
export const WORKS = ['w', 'wx', 'w:x', 'w,x', 'w\\x', 'w\\', 'w x', 'workdir=w', 'y'] as const
const ALL = [...LOWERS, ...UPPERS, ...WORKS]

/** Made anew in `base`. Each holds `id-<n>` and `top` with its own number, and pointers to what only a data-only layer would show. */
export function makeDirectories(base: string): void {
  rmSync(base, { recursive: true, force: true })
  mkdirSync(base)
  for (const [n, name] of ALL.entries()) {
    mkdirSync(`${base}/${name}`)
    for (const file of [`id-${n}`, 'top', `data-${n}`]) writeFileSync(`${base}/${name}/${file}`, String(n))
  }
  for (const name of ['a', 'b', 'c', 'ab']) for (const n of POINTED) makePointer(`${base}/${name}/points-${n}`, n)
}

const POINTED = ['a', 'b', 'c', 'a:b', 'a,b', 'a\\b', 'b::c'].map((name) => ALL.indexOf(name as 'a'))

function makePointer(path: string, n: number): void {
  writeFileSync(path, ' '.repeat(String(n).length))
  setXattr(path, 'trusted.overlay.metacopy', Buffer.alloc(0))
  setXattr(path, 'trusted.overlay.redirect', Buffer.from(`/data-${n}`))
}

/** What tells one mount from another. */
export interface Seen {
  readonly names: readonly string[]
  readonly top: string
  readonly pointers: readonly string[]
  readonly writable: boolean
}

/** Looks at the mount and writes to it. */
export function look(target: string): Seen {
  return {
    names: readdirSync(target).filter((name) => !name.startsWith('data-')).sort(),
    top: read(`${target}/top`),
    pointers: POINTED.map((n) => read(`${target}/points-${n}`)),
    writable: read(`${target}/written`, () => writeFileSync(`${target}/written`, '')) === '',
  }
}

function read(path: string, before: () => void = () => undefined): string {
  try {
    before()
    return readFileSync(path, 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Which directories were used as upper and as work. */
export function usedIn(base: string): { readonly upper: readonly string[]; readonly work: readonly string[] } {
  return { upper: ALL.filter((name) => existsSync(`${base}/${name}/written`)), work: ALL.filter((name) => existsSync(`${base}/${name}/work`)) }
}
