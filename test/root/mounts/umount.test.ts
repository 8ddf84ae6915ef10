/** What `ovl umount` says when it cannot: who holds the mount, and what stands there instead. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

function tree(): string {
  const dir = place()
  for (const name of ['a', 'b', 'u', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

test('asked from inside: the shell holds it, and not ovl, which only stands there with it', () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -l a -l b m').code).toBe(0)
  const { code, stdout, stderr } = sh(dir, 'cd m; echo $$; exec 5<.; ovl umount .')
  const shell = stdout.trim()
  expect([code, named({ code, stdout, stderr })]).toEqual([32, ['umount-busy']])
  expect(stderr).toMatch(new RegExp(`busy: held by sh \\(${shell}\\)(?: \\(|\\n)`))
  expect(stderr).toContain(`$ kill ${shell}\n`)
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})

test('what is no overlay is not to be taken down by the way', () => {
  const dir = tree()
  sh(dir, 'mount -t tmpfs t m')
  const { code, stderr } = sh(dir, 'ovl umount m')
  expect(code).toBe(32)
  expect(stderr).toContain('is no overlay but tmpfs')
  expect(stderr).not.toMatch(/\$ umount|Nothing is mounted/)
  // Over an overlay it is in the way.
  sh(dir, 'umount m; ovl mount -l a -l b m; mount -t tmpfs t m')
  const covered = sh(dir, 'ovl umount m')
  expect(covered.stderr).toContain(`$ umount ${dir}/m\n`)
  expect(sh(dir, 'umount m && ovl umount m').code).toBe(0)
})

test('strict says that the mount is gone again', () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -l a -u u m').code).toBe(0)
  mkdirSync(`${dir}/m2`)
  const { code, stderr } = sh(dir, 'ovl mount --strict -l b -u u m2')
  expect(code).toBe(32)
  expect(stderr).toMatch(/^ovl mount: undone, because nothing may be amiss under strict: upper .* is in use/)
  expect(sh(dir, 'ovl umount m2').code).toBe(32)
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})
