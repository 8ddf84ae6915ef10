/** Story 4: merges without an upper, what they need, and what can be done behind them. */

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { inspect, isOvlError, mount, overlay } from '../../../src/index.ts'
import { envelope } from '../../support/command.ts'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const { place, sh } = makeShell(makeGround())

function tree(): string {
  const dir = place()
  for (const name of ['one', 'two', 'upper', 'work', 'merged', 'elsewhere']) mkdirSync(`${dir}/${name}`)
  writeFileSync(`${dir}/one/a`, 'one')
  writeFileSync(`${dir}/two/b`, 'two')
  return dir
}

test('several lowers and no upper: a read-only merge', () => {
  const dir = tree()
  expect(sh(dir, 'ovl mount -t overlay overlay -o lowerdir=one:two merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toEqual(['a', 'b'])
  expect(sh(dir, 'touch merged/c').stderr).toContain('Read-only file system')
  expect(sh(dir, 'ovl list').stdout).toMatch(/place-\S+\/merged +2 +- +ro /)
  const remounted = sh(dir, 'ovl remount --json merged -o rw')
  expect([remounted.code, envelope(remounted).error?.code]).toEqual([32, 'read-only-overlay'])
  expect(sh(dir, 'ovl umount merged').code).toBe(0)
})

test('one lower and no upper is refused', async () => {
  const dir = tree()
  const ran = sh(dir, 'ovl mount -t overlay overlay -o lowerdir=one merged')
  expect([ran.code, named(ran)], ran.stderr).toEqual([32, ['single-lower-without-upper']])
  expect(ran.stderr).toContain('mount --bind')
  const refused = await mount(overlay().lower(`${dir}/one`).at(`${dir}/merged`)).catch((error: unknown) => error)
  expect(isOvlError(refused) && refused.code).toBe('single-lower-without-upper')
})

test('work on another file system is refused; a lower there is not', () => {
  const dir = tree()
  sh(dir, 'mount -t tmpfs tmpfs elsewhere; mkdir elsewhere/work elsewhere/three; echo three > elsewhere/three/c')
  const ran = sh(dir, 'ovl mount -t overlay overlay -o lowerdir=one,upperdir=upper,workdir=elsewhere/work merged')
  expect([ran.code, named(ran)[0]], ran.stderr).toEqual([32, 'work-other-filesystem'])
  expect(ran.stderr).toMatch(/\$ ovl mount -l one -u upper \S*merged\n/)

  // The fix that it names, with a lower elsewhere.
  expect(sh(dir, 'ovl mount -l elsewhere/three -l one -u upper merged')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(`${dir}/merged`)).toEqual(['a', 'c'])
  expect(sh(dir, 'ovl umount merged; umount elsewhere').code).toBe(0)
})

test('layers can be edited behind the mount, and inspect says so', async () => {
  const dir = tree()
  await using _mounted = await mount(overlay().lower(`${dir}/one`, `${dir}/two`).upper(`${dir}/upper`).work(`${dir}/work`).at(`${dir}/merged`))
  writeFileSync(`${dir}/one/a`, 'edited below')
  writeFileSync(`${dir}/upper/new`, 'put in beside')
  expect([readFileSync(`${dir}/merged/a`, 'utf8'), readFileSync(`${dir}/merged/new`, 'utf8')]).toEqual(['edited below', 'put in beside'])
  const { findings } = await inspect(`${dir}/merged`)
  expect(findings.find(({ code }) => code === 'lower-modified')?.title).toBe('upper and 2 lower layers can be edited behind the mount')
  expect(sh(dir, 'ovl inspect merged').stdout).toContain('note[lower-modified]')
})
