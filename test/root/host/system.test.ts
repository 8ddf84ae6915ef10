import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bootId, capSysAdmin, inUserNamespace, kernelRelease, makeStateDirectory, mountNamespaceId, pageSize, rawArguments, stateDirectory } from '../../../src/host/system.ts'
import { bundle, makeGround } from './ground.ts'

const ground = makeGround()
const sh = (script: string, ...words: string[]): string => execFileSync('sh', ['-ec', script, 'sh', ...words], { encoding: 'utf8' }).trim()

test('what other programs say of this system', () => {
  expect(kernelRelease()).toBe(sh('uname -r'))
  expect(String(pageSize())).toBe(sh('getconf PAGESIZE'))
  expect(mountNamespaceId()).toBe(String(statSync('/proc/self/ns/mnt', { bigint: true }).ino))
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/)
  expect(inUserNamespace()).toEqual({ known: true, value: false })
  expect(capSysAdmin()).toEqual({ known: true, value: true })
  expect(rawArguments()).toEqual(process.argv.slice(2))
})

test('arguments keep their bytes', () => {
  const script = bundle(ground, 'args', `
    import { rawArguments } from 'src/host/system.ts'
    console.log(JSON.stringify(rawArguments()))
  `)
  const run = (words: string): unknown => JSON.parse(sh(`"$1" "$2" ${words}`, process.execPath, script))
  expect(run(`"$(printf 'a\\377b')" '' plain "$(printf '\\342\\202')" ''`)).toEqual(['a\udcffb', '', 'plain', '\udce2\udc82', ''])
  expect(run(`plain 'ä語'`)).toEqual(['plain', 'ä語'])
  expect(run(`"$(printf '\\357\\277\\275')"`)).toEqual(['\ufffd'])
  expect(run('')).toEqual([])
})

const WHERE = `
  import { capSysAdmin, inUserNamespace, makeStateDirectory, stateDirectory } from 'src/host/system.ts'
  const where = (() => { try { return [stateDirectory(), makeStateDirectory()] } catch (error) { return [error.code, error.message] } })()
  console.log(JSON.stringify([where, inUserNamespace(), capSysAdmin()]))
`

test('root keeps state under /run', () => {
  expect(stateDirectory()).toBe('/run/ovl')
  execFileSync('mount', ['-t', 'tmpfs', 'run', '/run'])
  try {
    expect(makeStateDirectory()).toBe('/run/ovl')
    expect(statSync('/run/ovl').mode & 0o777).toBe(0o700)
    expect(makeStateDirectory()).toBe('/run/ovl')
    execFileSync('chmod', ['777', '/run/ovl'])
    expect(() => stateDirectory()).toThrow('only this user can write')
  } finally {
    execFileSync('umount', ['/run'])
  }
})

test('others under XDG_RUNTIME_DIR, else under /tmp, and never where somebody else could have been', () => {
  execFileSync('chmod', ['755', ground])
  const script = bundle(ground, 'where', WHERE)
  // The ground lies under /tmp, which is covered here.
  const run = (before: string, xdg: string, unshare: string = ''): [[string, string], { value: boolean }, { value: boolean }] =>
    JSON.parse(execFileSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', `
      mount -t tmpfs m /mnt; mkdir /mnt/g; mount --bind "$3" /mnt/g; mount -t tmpfs t /tmp; chmod 1777 /tmp; ${before}
      export XDG_RUNTIME_DIR=${xdg}; exec setpriv --reuid 65534 --regid 65534 --clear-groups ${unshare} "$1" /mnt/g/where.mjs
    `, 'sh', process.execPath, script, ground], { encoding: 'utf8' })) as never
  mkdirSync(`${ground}/xdg`)
  execFileSync('chown', ['65534', `${ground}/xdg`])
  expect(run(':', '/mnt/g/xdg')).toEqual([['/mnt/g/xdg/ovl', '/mnt/g/xdg/ovl'], { known: true, value: false }, { known: true, value: false }])
  expect(run(':', '')[0]).toEqual(['/tmp/ovl-65534', '/tmp/ovl-65534'])
  expect(run(':', '/no/such')[0]).toEqual(['/tmp/ovl-65534', '/tmp/ovl-65534'])
  expect(run('mkdir -m 777 /tmp/ovl-65534', '')[0][0]).toBe('not-permitted')
  expect(run('ln -s /etc /tmp/ovl-65534', '')[0][0]).toBe('not-permitted')
  expect(run('mkdir -m 777 /tmp/ovl-65534; chown 65534 /tmp/ovl-65534', '')[0][0]).toBe('not-permitted')
  expect(run(':', '/mnt/g/xdg', 'unshare --user --map-root-user --mount')).toEqual([['/mnt/g/xdg/ovl', '/mnt/g/xdg/ovl'], { known: true, value: true }, { known: true, value: true }])
})
