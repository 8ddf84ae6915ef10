/** `ovl remount`: what cannot change live is said, with a command that does it when pasted and loses nothing that was in force. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { list } from '../../../src/index.ts'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

/** The command of the first fix. */
const pasted = (stderr: string): string => /^ +\$ (ovl umount .*)$/m.exec(stderr)?.[1] ?? 'false'

function tree(): string {
  const dir = place()
  for (const name of ['a, b', 'c', 'd', 'u:p', 'm']) mkdirSync(`${dir}/${name}`)
  return dir
}

test('the command keeps options, flags and odd names, and adds what was asked', async () => {
  const dir = tree()
  expect(sh(dir, "ovl mount -l 'a, b' -l c -u u:p --source mine -o nosuid,nodev,index=on m").stderr).toBe('')
  const refused = sh(dir, 'ovl remount m -o metacopy=on,noexec')
  expect([refused.code, named(refused)]).toEqual([32, ['remount-change-ignored']])
  expect(sh(dir, pasted(refused.stderr))).toEqual({ code: 0, stdout: '', stderr: '' })
  const now = (await list()).find(({ target }) => target === `${dir}/m`)
  expect(now).toMatchObject({ source: 'mine', lower: [`${dir}/a, b`, `${dir}/c`], upper: `${dir}/u:p`, options: { index: 'on', metacopy: 'on' } })
  expect(now?.flags).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noexec']))
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})

test('other layers are those of the command', async () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -l c -l d m').code).toBe(0)
  const refused = sh(dir, 'ovl remount m -o "lowerdir=d:a\\, b"')
  expect(named(refused)).toEqual(['remount-change-ignored'])
  expect(sh(dir, pasted(refused.stderr)).stderr).toBe('')
  expect((await list()).find(({ target }) => target === `${dir}/m`)?.lower).toEqual([`${dir}/d`, `${dir}/a, b`])
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})

test('of a tmpfs it says that its changes are lost', () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -l c --tmpfs m').code).toBe(0)
  const refused = sh(dir, 'ovl remount m -o index=on')
  expect(refused.stderr).toMatch(/tmpfs of\s+its own, and lost with it/)
  expect(sh(dir, pasted(refused.stderr)).stderr).toBe('')
  expect(sh(dir, 'findmnt -n -o OPTIONS m').stdout).toContain('index=on')
  expect(sh(dir, 'ovl umount m').code).toBe(0)
})
