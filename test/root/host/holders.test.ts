import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { collectHolders } from '../../../src/host/holders.ts'
import type { Holder, Holders } from '../../../src/host/holders.ts'
import { attachLoop } from '../../../src/host/loop.ts'
import { mountLegacy, unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { bundle, hasTool, makeGround } from './ground.ts'

const ground = makeGround()
const at = `${ground}/m`
const children: ChildProcess[] = []

for (const name of ['l', 'u', 'w', 'm']) mkdirSync(`${ground}/${name}`)
mkdirSync(`${ground}/l/dir`)
writeFileSync(`${ground}/l/file`, Buffer.alloc(8192, 1))
beforeEach(() => mountLegacy('o', at, 'overlay', 0, `lowerdir=${ground}/l,upperdir=${ground}/u,workdir=${ground}/w`))
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  unmount(at)
})

/** A child that says a line when it stands where it should, and waits. */
async function start(command: string, args: readonly string[], cwd: string = '/'): Promise<number> {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child.pid as number
}

const found = (): Holder[] => collectHolders(at).holders.filter(({ pid }) => pid !== process.pid)

test('nobody', () => {
  expect(found()).toEqual([])
  expect(collectHolders(`${ground}/l`)).toEqual({ holders: [], hidden: 0 })
})

test('a working directory, though it is gone by now', async () => {
  const pid = await start('sh', ['-c', 'mkdir gone; cd gone; rmdir ../gone; echo; read _'], `${at}/dir`)
  expect(found()).toEqual([{ what: 'cwd', pid, command: 'sh', path: `${at}/dir/gone (deleted)` }])
})

test('open files: a lower one, a new one, a directory, seen by a link to the mount too', async () => {
  const pid = await start('sh', ['-c', 'exec 3<file 4>new 5<dir; cd /; echo; read _'], at)
  const paths = [`${at}/file`, `${at}/new`, `${at}/dir`]
  expect(found()).toEqual(paths.map((path) => ({ what: 'open file', pid, command: 'sh', path })))
  symlinkSync(at, `${ground}/link`)
  expect(collectHolders(`${ground}/link`).holders).toHaveLength(3)
})

test('a program that runs from it', async () => {
  copyFileSync('/bin/cat', `${at}/cat`)
  chmodSync(`${at}/cat`, 0o755)
  const child = spawn(`${at}/cat`, { stdio: ['pipe', 'pipe', 'ignore'] })
  children.push(child)
  child.stdin?.write('x')
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  expect(found()).toEqual([{ what: 'program', pid: child.pid, command: 'cat', path: `${at}/cat` }])
})

test('a mapping, when the file itself is closed', { skip: !hasTool('python3') }, async () => {
  const script = 'import mmap,os,sys; fd=os.open(sys.argv[1],os.O_RDONLY); m=mmap.mmap(fd,4096,prot=mmap.PROT_READ); os.close(fd); print(m[0],flush=True); sys.stdin.readline()'
  // mmap() keeps a descriptor of its own, so it is closed as well.
  const pid = await start('python3', ['-c', script.replace('print(', 'os.closerange(3,64); print('), `${at}/file`])
  expect(found()).toEqual([{ what: 'mapping', pid, command: expect.any(String) as string, path: `${at}/file` }])
})

test('a root directory', { skip: !hasTool('python3') }, async () => {
  const pid = await start('python3', ['-c', 'import os,sys; os.chroot(sys.argv[1]); os.chdir("/dir"); print(flush=True); sys.stdin.readline()', at])
  expect(found().map(({ what, path }) => [what, path])).toEqual([['cwd', `${at}/dir`], ['root', at]])
  expect(found()[0]?.pid).toBe(pid)
})

test('mounts on it, a loop device and swap on its files', async () => {
  mountLegacy('t', `${at}/dir`, 'tmpfs', 0, '')
  writeFileSync(`${at}/image`, Buffer.alloc(4096))
  const { fd, device } = attachLoop(`${at}/image`)
  try {
    expect(found()).toEqual([{ what: 'mount below', path: `${at}/dir` }, { what: 'loop device', command: device, path: `${at}/image` }])
  } finally {
    fd.close()
    unmount(`${at}/dir`)
  }
  for (let left = 1000; left > 0 && found().length > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(found()).toEqual([])
})

test('a namesake elsewhere is none: the same tree by a bind mount, the covered mount below', async () => {
  mkdirSync(`${ground}/bind`, { recursive: true })
  execFileSync('mount', ['--bind', at, `${ground}/bind`])
  const pid = await start('sh', ['-c', 'echo; read _'], `${ground}/bind`)
  try {
    expect(found()).toEqual([])
    expect(collectHolders(`${ground}/bind`).holders.map((one) => one.pid)).toContain(pid)
  } finally {
    children.splice(0).forEach((child) => child.kill('SIGKILL'))
    execFileSync('umount', ['--lazy', `${ground}/bind`])
  }
})

test('another mount namespace that has a copy, and who stands in that', async () => {
  const pid = await start('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', `cd ${at}/dir; echo; read _`])
  expect(found()).toEqual([{ what: 'mount namespace', pid, command: 'sh', path: at }, { what: 'cwd', pid, command: 'sh', path: `${at}/dir` }])
})

test('processes of others are counted when they may not be looked into', () => {
  const script = bundle(ground, 'holders', `
    import { collectHolders } from 'src/host/holders.ts'
    console.log(JSON.stringify(collectHolders('/proc')))
  `)
  chmodSync(ground, 0o755)
  execFileSync('ln', ['-sfn', new URL('../../../node_modules', import.meta.url).pathname, `${ground}/node_modules`])
  const { hidden } = JSON.parse(execFileSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, script], { encoding: 'utf8' })) as Holders
  expect(hidden).toBeGreaterThan(0)
})
