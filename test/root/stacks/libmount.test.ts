/** A comma in a name: libmount splits there, escaped or not. mount(8) mounts exactly that directory, or ovl does not ask it to. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OvlError, list, mount, overlay, unmount } from '../../../src/index.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()

/** What libmount, the VFS, overlay or some other file system has for an option; and what is none. */
const WORDS = [
  'ro', 'rw', 'suid', 'nosuid', 'dev', 'nodev', 'exec', 'noexec', 'sync', 'async', 'dirsync', 'remount', 'bind', 'rbind', 'sub', 'nosub', 'silent', 'loud', 'move', 'mand', 'nomand', 'atime', 'noatime',
  'iversion', 'noiversion', 'diratime', 'nodiratime', 'relatime', 'norelatime', 'strictatime', 'nostrictatime', 'lazytime', 'nolazytime', 'symfollow', 'nosymfollow',
  'unbindable', 'runbindable', 'private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared', 'ro=recursive',
  'defaults', 'auto', 'noauto', 'user', 'user=a', 'nouser', 'users', 'nousers', 'owner', 'noowner', 'group', 'nogroup', '_netdev', 'comment=a', 'x-a', 'x-a=b', 'X-a', 'X-mount.mkdir', 'loop', 'loop=a',
  'sizelimit=1', 'offset=1', 'encryption=a', 'nofail', 'uhelper=a', 'helper=a', 'verity.roothash=a', 'verity.hashdevice=a',
  'uid=root', 'gid=root', 'uid=0', 'mode=1', 'size=1', 'context=a', 'fscontext=a', 'defcontext=a', 'rootcontext=a', 'seclabel', 'smackfsdef=a', 'smackfsroot=a', 'smackfsa',
  'lowerdir=b', 'upperdir=b', 'index=on', 'volatile', 'a', 'a b', 'a:b', 'ro:b', '\\a', 'a\\', 'a=', '=', '=a', '', ' ', ',', 'a,', 'a,ro', 'ro,a', 'x-a,b', 'uid=root,a', "'", '#', '-o', 'subtype=a', 'vers=3', 'data=a',
]

test.each(WORDS)('a comma and %j', async (word) => {
  const dir = mkdtempSync(`${ground}/w-`)
  const name = `a,${word}`
  for (const made of ['a', 'b', name, 'u', 'w', 'm']) mkdirSync(`${dir}/${made}`)
  writeFileSync(`${dir}/${name}/id`, 'this')
  writeFileSync(`${dir}/a/id`, 'the shorter one')
  for (const said of [overlay().lower(`${dir}/b`, `${dir}/${name}`), overlay().lower(`${dir}/${name}`).upper(`${dir}/u`).work(`${dir}/w`), overlay().lower(`${dir}/b`).upper(`${dir}/${name}`).work(`${dir}/w`)]) {
    try {
      const { target, readOnly } = await mount(said.at(`${dir}/m`), { via: 'mount8' })
      expect({ content: readFileSync(`${target}/id`, 'utf8'), readOnly }).toEqual({ content: 'this', readOnly: said.spec.upper === undefined })
      const [mounted] = (await list()).filter((overlay) => overlay.target === target)
      expect(mounted?.lower).toEqual(said.spec.lower.map(({ path }) => path))
      await unmount(target)
    } catch (error) {
      if (!(error instanceof OvlError) || error.code !== 'way-cannot-say') throw error
      expect(error.message).toContain(`mount(8) splits '${dir}/${name}'`)
    }
  }
  rmSync(dir, { recursive: true })
})
