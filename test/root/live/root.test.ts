/** `ovl root`: a writable view of the running system that leaves the system as it is. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { enter, inspect, mount, mountRoot, overlay, planOfRoot, toShell, unmountLive } from '../../../src/index.ts'
import { ovl } from '../../support/command.ts'
import { expectNothingLeft } from '../bad-input/remains.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const fresh = (): string => mkdtempSync(`${ground}/root-`)

test('what is changed in it stays in it, and goes with it', async () => {
  const target = `${fresh()}/view`
  const at = await mountRoot(target, { mkdir: true, size: '32m' })
  const name = `ovl-root-${process.pid}`
  writeFileSync(`${target}/etc/${name}`, 'there')
  expect(existsSync(`/etc/${name}`)).toBe(false)
  expect(readFileSync(`${target}/etc/passwd`, 'utf8')).toBe(readFileSync('/etc/passwd', 'utf8'))
  expect(await enter(target, ['test', '-e', `/etc/${name}`])).toMatchObject({ status: 0 })
  await at.unmount()
  expect(existsSync(target)).toBe(false)
  await expectNothingLeft(ground)
})

test('live umount takes it down too, and no other overlay', async () => {
  const target = `${fresh()}/view`
  await mountRoot(target, { mkdir: true })
  expect((await unmountLive(target)).unmounted[0]).toBe(target)
  await using other = await mount(overlay().lower('/usr', '/etc').mkdir().at(target))
  await expect(unmountLive(other.target)).rejects.toMatchObject({ code: 'not-mounted' })
})

test('over / itself it is refused, and says what could be meant', async () => {
  for (const target of ['/', '//.', '/usr/..']) await expect(mountRoot(target)).rejects.toMatchObject({ code: 'usage', details: { hint: expect.stringContaining('--boot') as unknown } })
  await expect(planOfRoot('/')).rejects.toMatchObject({ code: 'usage' })
})

test('the lower is / alone: private, read-only, and the mounts below it are told', async () => {
  const target = `${fresh()}/view`
  await using at = await mountRoot(target, { mkdir: true })
  const [lower] = at.lower
  const line = execFileSync('findmnt', ['-no', 'VFS-OPTIONS,PROPAGATION', lower as string], { encoding: 'utf8' }).trim().split(/\s+/)
  expect(line[0]?.split(',')).toContain('ro')
  expect(line[1]).toBe('private')
  // The ground is a mount of its own.
  expect(at.submounts).toContain(ground)
  expect(at.submounts.some((path) => path.startsWith('/proc') || path.startsWith('/run'))).toBe(false)
  const note = at.warnings.find(({ code }) => code === 'submounts-hidden')
  expect(note?.severity).toBe('note')
  expect(existsSync(`${target}${ground}/anything`)).toBe(false)
  expect((await inspect(target)).layers.map(({ role }) => role)).toEqual(expect.arrayContaining(['lower', 'upper']))
})

test('changes kept in a directory outlive it', async () => {
  const dir = fresh()
  const target = `${dir}/view`
  const first = await mountRoot(target, { mkdir: true, upper: `${dir}/kept` })
  writeFileSync(`${target}/etc/kept`, 'yes')
  expect(first.warnings.map(({ code }) => code)).not.toContain('upper-inside-lower')
  await first.unmount()
  await using _again = await mountRoot(target, { mkdir: true, upper: `${dir}/kept` })
  expect(readFileSync(`${target}/etc/kept`, 'utf8')).toBe('yes')
})

test('an upper on the file system of / is told: it is inside of what it changes', async () => {
  const upper = mkdtempSync('/var/tmp/ovl-root-')
  try {
    await using at = await mountRoot(`${fresh()}/view`, { mkdir: true, upper })
    expect(at.warnings.map(({ code }) => code)).toContain('upper-inside-lower')
  } finally {
    rmSync(upper, { recursive: true })
    rmSync(`${upper}.work`, { recursive: true, force: true })
  }
})

test('the plan as shell commands does the same', async () => {
  const target = `${fresh()}/view`
  mkdirSync(target)
  const shell = toShell(await planOfRoot(target, { size: '16m' }))
  execFileSync('unshare', ['-m', '--propagation', 'private', 'sh', '-ec', `${shell.join('\n')}\ntest -e "$1/etc/passwd"\ntouch "$1/etc/by-hand"\ntest ! -e /etc/by-hand`, 'sh', target])
  for (const line of shell.filter((line) => line.startsWith('mkdir')).reverse()) execFileSync('sh', ['-c', `rmdir ${line.slice(line.indexOf(' ', line.indexOf('-m') + 3))} 2>/dev/null || true`])
})

test('a mount point that is not there is told before anything is tried, with the word that makes it', async () => {
  await expect(planOfRoot(`${ground}/none`)).rejects.toMatchObject({ code: 'target-missing', findings: [{ fix: [{ text: expect.stringContaining('--mkdir') as unknown }] }] })
})

test('words that exclude each other', () => {
  expect(ovl(['root', '--tmpfs', '-u', `${ground}/u`, `${ground}/x`]).code).toBe(1)
  expect(ovl(['root', '--size', '1m', '-u', `${ground}/u`, `${ground}/x`])).toMatchObject({ code: 1, stderr: expect.stringContaining('--size is the size of a tmpfs') })
})
