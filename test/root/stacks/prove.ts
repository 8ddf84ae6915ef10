/** Proves by content, and by what ovl lists, that a mount is the stack it was said to be. */

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { list } from '../../../src/index.ts'
import type { MountResult, OverlayMount } from '../../../src/index.ts'
import { nameBuffer } from '../../../src/host/syscalls/check.ts'
import type { Built } from './build.ts'

const read = (path: string): string => readFileSync(nameBuffer(path), 'utf8')

/** Exactly these directories, in this order, and the upper is the one that is written to. */
export function proveContent({ lower, data, upper, target, flags }: Built): void {
  const ids = lower.map((_, n) => `id-${n}`)
  const overs = lower.slice(1).map((_, n) => `over-${n}`)
  const pointers = data.map((_, k) => `data-${k}`)
  expect(new Set(readdirSync(nameBuffer(target)))).toEqual(new Set([...ids, ...overs, ...pointers, 'top', ...(upper === undefined ? [] : ['id-upper'])]))
  expect(read(`${target}/top`)).toBe('0')
  expect(overs.map((name) => read(`${target}/${name}`)), 'each layer lies over the next').toEqual(overs.map((_, n) => String(n)))
  expect(pointers.map((name) => read(`${target}/${name}`)), 'the data-only layers').toEqual(data.map((_, k) => String(k)))
  const write = (): void => writeFileSync(nameBuffer(`${target}/written`), 'written')
  if (upper === undefined || flags.includes('ro')) {
    expect(write).toThrow(/EROFS/)
  } else {
    write()
    expect(read(`${upper}/written`)).toBe('written')
  }
}

/** `list()` gives back what was said, path for path, and so does the result of the mount. */
export async function proveListed(built: Built, result: MountResult): Promise<void> {
  const { lower, data, upper, work, target, source, flags } = built
  const mounts = (await list()).filter((mount) => mount.target === target)
  expect(mounts).toHaveLength(1)
  const [mount] = mounts as [OverlayMount]
  const said = { target, lower, data, ...(upper === undefined ? {} : { upper, work }), readOnly: upper === undefined || flags.includes('ro') }
  expect(mount).toMatchObject({ ...said, source, type: 'overlay' })
  expect(result).toMatchObject(said)
  expect([mount.unresolved, mount.deleted]).toEqual([undefined, undefined])
  expect(mount.flags).toEqual(expect.arrayContaining(flags.filter((flag) => !ELSEWHERE.has(flag))))
  expect(mount.options).toMatchObject(shownOptions(built))
}

/** Flags of the superblock, which are no flags of the mount, and the one whose sign is that no other is there. */
const ELSEWHERE: ReadonlySet<string> = new Set(['sync', 'dirsync', 'lazytime', 'strictatime'])

/** Options that the table must show: said, no default of the module, and not meaningless without an upper. */
function shownOptions({ options, upper }: Built): Record<string, string | true> {
  const shown: Record<string, string | true> = {}
  for (const name of ['default_permissions', 'userxattr', ...(upper === undefined ? [] : ['volatile'])] as const) if (options[name as 'userxattr'] === true) shown[name] = true
  for (const name of ['metacopy', ...(upper === undefined ? [] : ['index', 'nfs_export'])] as const) {
    const said = options[name as 'metacopy']
    const standard = read(`/sys/module/overlay/parameters/${name}`).startsWith('Y') ? 'on' : 'off'
    if (said !== undefined && said !== standard) shown[name] = said
  }
  if (options.redirect_dir === 'on') shown['redirect_dir'] = 'on'
  return shown
}
