/** `ovl live enter`: what the command finds, what it gives back, and that nothing of it stays, whichever way it ends. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { enter, mount, overlay } from '../../../src/index.ts'
import { findVisitors } from '../../../src/host/pack-tree.ts'
import { BIN, envelope, ovl } from '../../support/command.ts'
import { hasTool, makeGround } from '../host/ground.ts'
import { inside, smallSystem } from './small-system.ts'

const ground = makeGround()
const skip = !hasTool('busybox')

const system = (arrange?: (tree: string) => void): ReturnType<typeof smallSystem> => smallSystem(ground, arrange)

const mountsOf = (target: string): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(` ${target.replaceAll(' ', String.raw`\040`)}`))

test('it finds what a system expects, and none of it stays', { skip }, async () => {
  await using at = await system()
  const before = mountsOf(at.target)
  const { code, stdout, stderr } = inside(at.target, 'ls /proc/1 >/dev/null && ls /sys/kernel >/dev/null && ls /dev/null && ls -A /run && cat /etc/resolv.conf && touch /etc/made && exit 7')
  expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
  expect(stdout).toBe(`/dev/null\nlock\novl\n${existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : ''}`)
  expect(mountsOf(at.target)).toEqual(before)
  expect(existsSync(`${at.target}/etc/made`)).toBe(true)
  for (const name of ['etc/resolv.conf', 'usr/sbin/policy-rc.d', 'run/lock']) expect(existsSync(`${at.target}/${name}`), name).toBe(false)
})

test('what the symlinks of persistence.conf lead to is there in the fresh /run', { skip }, async () => {
  await using at = await system()
  const place = `${at.target}/run/live/persistence/disk`
  mkdirSync(place, { recursive: true })
  symlinkSync('../run/live/persistence/disk/kept', `${at.target}/etc/kept`)
  execFileSync('mount', ['-t', 'tmpfs', 'disk', place])
  try {
    writeFileSync(`${place}/kept`, 'kept\n')
    const before = mountsOf(at.target)
    expect(inside(at.target, 'cat /etc/kept; echo more >> /etc/kept; ls /run').stdout).toBe('kept\nlive\nlock\novl\n')
    expect([readFileSync(`${place}/kept`, 'utf8'), mountsOf(at.target)]).toEqual(['kept\nmore\n', before])
  } finally {
    execFileSync('umount', [place])
  }
})

test('no service is started: the policy says so, and /sys cannot be written', { skip }, async () => {
  await using at = await system()
  expect(inside(at.target, '/usr/sbin/policy-rc.d ssh start; echo $?').stdout).toBe('101\n')
  expect(inside(at.target, 'echo 1 2>/dev/null > /sys/kernel/profiling && echo written || echo refused').stdout).toBe('refused\n')
})

test('a policy and a resolv.conf of the tree’s own are covered, and come back', { skip }, async () => {
  await using at = await system((tree) => {
    writeFileSync(`${tree}/etc/resolv.conf`, 'nameserver 192.0.2.1\n')
    writeFileSync(`${tree}/usr/sbin/policy-rc.d`, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  })
  expect(inside(at.target, '/usr/sbin/policy-rc.d; echo $?').stdout).toBe('101\n')
  expect(readFileSync(`${at.target}/etc/resolv.conf`, 'utf8')).toBe('nameserver 192.0.2.1\n')
  expect(readFileSync(`${at.target}/usr/sbin/policy-rc.d`, 'utf8')).toBe('#!/bin/sh\nexit 0\n')
})

test('the link of systemd-resolved is followed into the fresh /run, and stays a link', { skip: skip || !existsSync('/etc/resolv.conf') }, async () => {
  await using at = await system((tree) => symlinkSync('../run/systemd/resolve/stub-resolv.conf', `${tree}/etc/resolv.conf`))
  expect(inside(at.target, 'cat /etc/resolv.conf').stdout).toBe(readFileSync('/etc/resolv.conf', 'utf8'))
  expect(lstatSync(`${at.target}/etc/resolv.conf`).isSymbolicLink()).toBe(true)
})

test('links of the tree that lead out of it are not followed', { skip }, async () => {
  const victim = mkdtempSync(`${ground}/victim-`)
  await using at = await system((tree) => {
    symlinkSync(`${victim}/resolv.conf`, `${tree}/etc/resolv.conf`)
    symlinkSync(victim, `${tree}/usr/local`)
  })
  expect(inside(at.target, 'exit 0').code).toBe(0)
  expect(existsSync(`${victim}/resolv.conf`)).toBe(false)
  expect(readlinkSync(`${at.target}/etc/resolv.conf`)).toBe(`${victim}/resolv.conf`)
})

test.each([['/bin/sh -c "exit 0"', ['/bin/sh', '-c', 'exit 0'], 0], ['a signal', ['/bin/sh', '-c', 'kill -9 $$'], 137], ['no such program', ['/bin/nope'], 127], ['no program', ['/etc'], 126]])('the status of %s', { skip }, async (_name, command, status) => {
  await using at = await system()
  expect(ovl(['live', 'enter', at.target, '--', ...command]).code).toBe(status)
})

test('with --json the command’s words go to stderr, and the status into the envelope', { skip }, async () => {
  await using at = await system()
  const ran = ovl(['live', 'enter', '--json', at.target, '--', '/bin/sh', '-c', 'echo words; exit 3'])
  expect(ran.stderr).toBe('words\n')
  expect(envelope(ran)).toMatchObject({ kind: 'live', ok: true, data: { target: at.target, status: 3 } })
  expect(ran.code).toBe(3)
})

test('a process that stays behind ends with it', { skip }, async () => {
  const at = await system()
  expect(inside(at.target, 'sleep 1000 & echo started').stdout).toBe('started\n')
  // Nothing holds the tree: it can be unmounted at once.
  await at.unmount()
  expect(mountsOf(at.target)).toEqual([])
})

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s ends all of it', { skip }, async (signal) => {
  const at = await system()
  const child = spawn(process.execPath, [BIN, 'live', 'enter', at.target, '--', '/bin/sh', '-c', 'echo ready; sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  const namespaces = namespacesFor(at.target)
  const inner = processesIn(namespaces)
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  if (signal !== 'SIGKILL') expect(code).toBe(8)
  expect(inner.length).toBeGreaterThan(2)
  // The last of them may take a moment to go.
  for (let tries = 0; tries < 1000 && processesIn(namespaces).length > 0; tries++) await sleep(20)
  expect(processesIn(namespaces)).toEqual([])
  await at.unmount()
  expect(mountsOf(at.target)).toEqual([])
})

const processes = (): string[] => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))

/** Undefined when it has ended. */
function look<T>(ask: () => T): T | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}

const namespaceOf = (pid: string): string | undefined => look(() => readlinkSync(`/proc/${pid}/ns/mnt`))

/** The mount namespaces of its own that a tree is entered in. */
function namespacesFor(target: string): ReadonlySet<string | undefined> {
  const found = new Set(processes().filter((pid) => look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.includes(`host-enter-child\0{"root":"${target}"`)).map(namespaceOf))
  for (const not of [undefined, namespaceOf('self')]) found.delete(not)
  return found
}

const processesIn = (namespaces: ReadonlySet<string | undefined>): string[] => processes().filter((pid) => namespaces.has(namespaceOf(pid)))

test('SIGINT is the command’s own matter', { skip }, async () => {
  await using at = await system()
  const child = spawn(process.execPath, [BIN, 'live', 'enter', at.target, '--', '/bin/sh', '-c', 'echo ready; read line; echo "still $line"; exit 5'], { stdio: ['pipe', 'pipe', 'ignore'] })
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  child.kill('SIGINT')
  child.stdin.end('here\n')
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  expect(said.toString()).toBe('still here\n')
  expect(await once(child, 'exit')).toEqual([5, null])
})

test('where nothing is mounted, or no shell is', { skip }, async () => {
  await expect(enter(ground, [])).rejects.toMatchObject({ code: 'not-mounted' })
  await expect(enter(`${ground}/nowhere`, [])).rejects.toMatchObject({ code: 'not-mounted' })
  const dir = mkdtempSync(`${ground}/bare-`)
  for (const name of ['l1', 'l2', 'm']) mkdirSync(`${dir}/${name}`)
  await using bare = await mount(overlay().lower(`${dir}/l1`, `${dir}/l2`).at(`${dir}/m`))
  await expect(enter(bare.target, [])).rejects.toMatchObject({ code: 'target-not-directory' })
})

test('a read-only tree can be entered, too', { skip }, async () => {
  const { tree, unmount } = await system()
  await unmount()
  const dir = mkdtempSync(`${ground}/ro-`)
  mkdirSync(`${dir}/empty`)
  await using at = await mount(overlay().lower(tree, `${dir}/empty`).at(`${dir}/m`).mkdir())
  expect(inside(at.target, 'exit 4')).toEqual({ code: 4, stdout: '', stderr: '' })
})

test('two can be in it at the same time, each with processes of its own', { skip }, async () => {
  await using at = await system()
  const child = spawn(process.execPath, [BIN, 'live', 'enter', at.target, '--', '/bin/sh', '-c', 'echo ready; read line; exit 4'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(inside(at.target, 'ps -o args | grep -c "[r]eady"').stdout).toBe('0\n')
  // ovl live pack asks this before it packs a tree.
  expect(findVisitors(at.target).length).toBeGreaterThan(0)
  child.stdin.end('end\n')
  expect(await once(child, 'exit')).toEqual([4, null])
  expect(findVisitors(at.target)).toEqual([])
})

test('--env gives a variable, with a value or the one it has here', { skip }, async () => {
  await using at = await system()
  const { stdout } = inside(at.target, 'env', ['--env', 'HERE', '--env=SAID=a b=c', '--env', 'NOT_HERE', '--env', 'PATH=/bin'], { env: { HERE: 'marked', LEFT_OUT: 'marked' } })
  expect(stdout.split('\n').filter((line) => /^(?:HERE|SAID|NOT_HERE|LEFT_OUT|PATH|HOME|USER|SHELL)=/.test(line)).sort()).toEqual(['HERE=marked', 'HOME=/root', 'PATH=/bin', 'SAID=a b=c', 'SHELL=/bin/sh', 'USER=root'])
  expect(inside(at.target, 'true', ['--env', '=x'])).toMatchObject({ code: 1, stderr: expect.stringContaining("--env wants NAME or NAME=VALUE, and got '=x'") })
})

test('no process of this system shows the value of --env in its arguments', { skip }, async () => {
  await using at = await system()
  const child = spawn(process.execPath, [BIN, 'live', 'enter', at.target, '--env', 'TOKEN', '--', '/bin/sh', '-c', 'echo "$TOKEN"; read line'], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TOKEN: 'marked-secret' } })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  expect(said.toString()).toBe('marked-secret\n')
  expect(processes().filter((pid) => look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.includes('marked-secret'))).toEqual([])
  child.stdin.end('end\n')
  await once(child, 'exit')
})

test('--share-host gives the devices, the environment and all rights of this system', { skip }, async () => {
  await using at = await system()
  const script = 'echo "$MARKED"; ls -d /dev/loop-control; mount -t tmpfs x /root && echo mounted; grep CapBnd /proc/self/status'
  const { stdout } = inside(at.target, script, ['--share-host'], { env: { MARKED: 'of the host' } })
  const all = readFileSync('/proc/self/status', 'utf8').split('\n').find((line) => line.startsWith('CapBnd'))
  expect(stdout).toBe(`of the host\n${existsSync('/dev/loop-control') ? '/dev/loop-control\n' : ''}mounted\n${all}\n`)
  expect(ovl(['live', 'enter', '--share-host', at.target, '--', '/bin/nope']).code).toBe(127)
  expect(mountsOf(at.target).length).toBe(1)
})

test('a long environment is passed on with --share-host, and the program is found on the PATH of the tree', { skip }, async () => {
  await using at = await system()
  const ran = ovl(['live', 'enter', '--share-host', at.target, '--', 'env'], { env: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`LONG${at}`, 'x'.repeat(10_000)])) })
  expect(ran.stdout.length).toBeGreaterThan(200_000)
  expect(ovl(['live', 'enter', at.target, '--', 'id']).stdout).toContain('uid=0')
})

test('without direct system calls nothing is entered, and the reason is said', { skip }, async () => {
  await using at = await system()
  const ran = inside(at.target, 'echo in', [], { env: { OVL_NO_FFI: '1' } })
  expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('a tree can be entered safely by direct system calls only') })
})
