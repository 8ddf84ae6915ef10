/**
 * What an ordinary user meets, where root can arrange what such a user cannot: layers that belong to others, and a
 * /dev/fuse that all may open. The rest is in test/rootless.
 */

import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { envelope, runChild } from '../../support/command.ts'
import { makeNobody } from '../../support/nobody.ts'
import { named } from '../../support/shell.ts'
import { hasTool, makeGround } from '../host/ground.ts'

const ground = makeGround()
const { sh } = makeNobody(ground)

const NOBODY = 65534

/** Layers of that user, with a state directory, on a file system of root's. */
function place(): { dir: string; env: { XDG_RUNTIME_DIR: string } } {
  const dir = mkdtempSync(`${ground}/place-`)
  for (const name of ['lower', 'lower2', 'upper', 'work', 'merged', 'run']) mkdirSync(`${dir}/${name}`)
  writeFileSync(`${dir}/lower/file`, 'from lower\n')
  for (const path of [dir, ...readdirSync(dir).map((name) => `${dir}/${name}`), `${dir}/lower/file`]) chownSync(path, NOBODY, NOBODY)
  return { dir, env: { XDG_RUNTIME_DIR: `${dir}/run` } }
}

describe('without a namespace', () => {
  test.each([
    ['-l lower -u upper merged'],
    ['-l lower -l lower2 merged'],
    ['-l lower --tmpfs merged'],
    ['-l lower -u other --mkdir elsewhere/merged'],
    ['--via mount2 -l lower -u upper merged'],
    ['--via mount8 -l lower -u upper merged'],
  ])('ovl mount %s is not permitted, and unshare is the way', (words) => {
    const { dir, env } = place()
    const ran = sh(dir, `ovl mount ${words}`, { env })
    expect([ran.code, named(ran)], ran.stderr).toEqual([1, ['not-permitted']])
    expect(ran.stderr).toMatch(/\$ sudo ovl mount -l lower/)
    expect(ran.stderr).toContain('$ unshare --user --map-root-user --mount')
    // Nothing is left of the attempt.
    expect(readdirSync(dir)).toEqual(['lower', 'lower2', 'merged', 'run', 'upper', 'work'])
    expect(readdirSync(`${dir}/run`).flatMap((name) => readdirSync(`${dir}/run/${name}`))).toEqual([])
  })

})

test.each([['without a namespace', false], ['in one, where it is locked', true]])('what root has mounted can be seen, and not taken down, %s', (_, inside) => {
  const { dir, env } = place()
  expect(runChild('mount', ['-t', 'overlay', 'overlay', '-o', 'lowerdir=lower:lower2', 'merged'], { cwd: dir }).code).toBe(0)
  expect(sh(dir, 'ovl list', { inside, env }).stdout).toContain(`${dir}/merged`)
  const ran = sh(dir, 'ovl umount --json merged', { inside, env })
  expect([ran.code, envelope(ran).error?.code], ran.stdout).toEqual([1, 'not-permitted'])
  expect(runChild('umount', [`${dir}/merged`]).code).toBe(0)
})

describe('in a user namespace, among directories of others', () => {
  test('a work directory of somebody else: mounted, but read-only, and that is said', () => {
    const { dir, env } = place()
    chownSync(`${dir}/work`, 0, 0)
    const ran = sh(dir, 'ovl mount -l lower -u upper -w work -o userxattr merged; touch merged/new; ovl umount merged', { inside: true, env })
    expect(named(ran), ran.stderr).toEqual(expect.arrayContaining(['work-dir-unusable', 'mounted-read-only']))
    expect(ran.stderr).toMatch(/touch: .*Read-only file system/)
    expect(ran.code).toBe(0)
    const strict = sh(dir, 'ovl mount --strict -l lower -u upper -w work -o userxattr merged; echo $?; ls merged', { inside: true, env })
    expect(strict.stdout, strict.stderr).toBe('32\n')
  })

  test('an upper of somebody else that all may write to: mounted, and used', () => {
    const { dir, env } = place()
    chownSync(`${dir}/upper`, 0, 0)
    chmodSync(`${dir}/upper`, 0o777)
    const ran = sh(dir, 'ovl mount -l lower -u upper -w work -o userxattr merged && echo new > merged/new && ls merged; ovl umount merged', { inside: true, env })
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, 'file\nnew\n'])
  })

  test('a lower that may not be reached: the component at fault is named', () => {
    const { dir, env } = place()
    mkdirSync(`${dir}/closed/lower`, { recursive: true })
    chmodSync(`${dir}/closed`, 0o700)
    const ran = sh(dir, 'ovl mount -l closed/lower -l lower merged', { inside: true, env })
    expect([ran.code, named(ran)[0]], ran.stderr).toEqual([32, 'path-unreadable'])
    expect(ran.stderr).toContain(`no search permission on '${dir}/closed'`)
  })
})

describe('by fuse-overlayfs', () => {
  const missing = !hasTool('fuse-overlayfs') || !hasTool('fusermount3')

  // The node of this system may be root's alone; another one, open to all, does the same.
  beforeAll(() => {
    expect(runChild('sh', ['-c', 'mknod "$1" c 10 229 && chmod 666 "$1" && mount --bind "$1" /dev/fuse', 'sh', `${ground}/fuse`]).code).toBe(0)
  })

  const SCRIPT = `ovl mount --json --via fuse -l lower -u upper -w work merged
    cat merged/file; rm merged/file; echo new > merged/new; ls merged
    ovl list --json; ovl umount --json merged; ls merged; ls upper`

  test.skipIf(missing).each([['in a user namespace', true], ['without one, by its setuid helper', false]])('%s', (_, inside) => {
    const { dir, env } = place()
    const ran = sh(dir, SCRIPT, { inside, env })
    const [mounted = '', content, name, listed = '', unmounted = '', ...upper] = ran.stdout.trimEnd().split('\n')
    expect([content, name], ran.stdout + ran.stderr).toEqual(['from lower', 'new'])
    expect(JSON.parse(mounted)).toMatchObject({ ok: true, warnings: [], data: { via: 'fuse', lower: [`${dir}/lower`], upper: `${dir}/upper` } })
    expect(JSON.parse(listed)).toMatchObject({ data: expect.arrayContaining([expect.objectContaining({ target: `${dir}/merged`, type: 'fuse.fuse-overlayfs', lower: [`${dir}/lower`], upper: `${dir}/upper` })]) as unknown })
    expect(JSON.parse(unmounted)).toMatchObject({ ok: true, data: [{ unmounted: [`${dir}/merged`] }] })
    expect(upper).toContain('new')
    expect(daemonsOf(dir)).toEqual([])
  })
})

/** Running fuse-overlayfs daemons that were told of a directory. One that ended has no command line any more. */
function daemonsOf(dir: string): string[] {
  return runChild('sh', ['-c', 'grep -laz "$1" /proc/[0-9]*/cmdline 2>/dev/null | while read file; do tr "\\0" " " < "$file"; echo; done', 'sh', dir]).stdout.split('\n').filter((line) => line.startsWith('fuse-overlayfs '))
}
