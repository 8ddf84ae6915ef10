/** The edge in a user namespace: what works there, and that what does not says so. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { readDirectory } from '../../../src/host/files.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import { attachLoop } from '../../../src/host/loop.ts'
import { directoryEntryTypes, makeWhiteout, mountIdOf, openPath } from '../../../src/host/syscalls/files.ts'
import { fsCreate, fsMount, fsOpen, fsSetFd, fsSetFlag, moveMount, openTree, setMountAttributes } from '../../../src/host/syscalls/mount-api.ts'
import { unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { getXattr, listXattr, setXattr } from '../../../src/host/syscalls/xattr.ts'
import { capSysAdmin, inUserNamespace, stateDirectory } from '../../../src/host/system.ts'
import { collectHolders } from '../../../src/host/holders.ts'
import { makeUserNamespaceFd } from '../../../src/host/userns.ts'
import { makeGround } from '../../root/host/ground.ts'

const ground = makeGround()
for (const name of ['a', 'b', 'u', 'w', 'm', 'c']) mkdirSync(`${ground}/${name}`)
writeFileSync(`${ground}/a/one`, '1')
writeFileSync(`${ground}/a/two`, '2')

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return isOvlError(error) ? `${error.code} ${error.errno}` : String(error)
  }
  return undefined
}

test('it is one, with rights of its own', () => {
  expect([inUserNamespace(), capSysAdmin()]).toEqual([{ known: true, value: true }, { known: true, value: true }])
  expect(stateDirectory()).not.toBe('')
})

test('an overlay with userxattr, whiteouts and attributes', () => {
  using fs = fsOpen('overlay')
  for (const [key, name] of [['lowerdir+', 'a'], ['upperdir', 'u'], ['workdir', 'w']] as const) {
    using layer = openPath(`${ground}/${name}`)
    fsSetFd(fs, key, layer.fd)
  }
  fsSetFlag(fs, 'userxattr')
  makeWhiteout(`${ground}/u/one`)
  fsCreate(fs)
  using mount = fsMount(fs, ['nosuid'])
  moveMount(mount, `${ground}/m`)
  expect(readDirectory(`${ground}/m`)).toEqual(['two'])
  expect(directoryEntryTypes(`${ground}/u`)).toEqual([{ name: 'one', type: 'char' }])
  mkdirSync(`${ground}/b/d`)
  setXattr(`${ground}/b/d`, 'user.overlay.opaque', Buffer.from('y'))
  expect([listXattr(`${ground}/b/d`), getXattr(`${ground}/b/d`, 'user.overlay.opaque')?.toString()]).toEqual([['user.overlay.opaque'], 'y'])
  expect(codeOf(() => setXattr(`${ground}/b/d`, 'trusted.overlay.opaque', Buffer.from('y')))).toBe('unknown EPERM')
  expect(mountIdOf(`${ground}/m`)).toBeGreaterThan(0)
  mount.close()
  expect(collectHolders(`${ground}/m`).holders).toEqual([])
  unmount(`${ground}/m`)
})

test('an id map of its own ids, on what it mounted itself', async () => {
  using namespace = await makeUserNamespaceFd('b:0:0:1')
  using clone = openTree(`${ground}/a`, { clone: true })
  setMountAttributes(clone, { idmapFd: namespace.fd })
  moveMount(clone, `${ground}/c`)
  expect(readDirectory(`${ground}/c`).sort()).toEqual(['one', 'two'])
})

test('no loop devices, unless /dev gives them away', () => {
  const refused = codeOf(() => attachLoop(`${ground}/a/one`).fd.close())
  if (refused !== undefined) expect(refused).toMatch(/^not-permitted E(ACCES|PERM|NOENT)$/)
})

test('a kernel log that may not be read is unknown', () => {
  using mark = markKernelLog()
  const lines = mark.lines()
  if (!lines.known) expect(lines.why).toMatch(/kernel\.dmesg_restrict|\/dev\/kmsg/)
})
