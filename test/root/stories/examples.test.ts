/** Every script in examples/, run as it stands: as root, and the demo as an ordinary user too. Nothing stays behind. */

import { chmodSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../../support/command.ts'
import type { Ran } from '../../support/command.ts'
import { AS_NOBODY, makeNobody } from '../../support/nobody.ts'
import { makeShell } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const { place, path, sh } = makeShell(ground)

/** Temporary files go to a place of this test's own, which must be empty in the end; `before` runs in the shell first. */
function run(words: readonly string[], before = ''): Ran & { readonly left: string[] } {
  const tmp = place()
  chmodSync(tmp, 0o1777)
  const ran = sh(tmp, `${before}exec "$@" 2>&1`, words, { TMPDIR: tmp, PATH: path, COLUMNS: '80' })
  return { ...ran, left: [...readdirSync(tmp), ...mountsBelow(tmp)] }
}

const mountsBelow = (dir: string): string[] => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter((line) => line.includes(` ${dir}`))

/** What each shows, when it works. */
const SCRIPTS: Readonly<Record<string, readonly RegExp[]>> = {
  '01-two-directories.sh': [/error\[path-not-expanded\]: lower '~\/lower'/, /\nc-+ .* 0, 0 .*upper\/in_both/, /No such device or address/],
  '02-many-lowers.sh': [/error\[option-syntax\]: 'lowerdir:/, /\n26\n/, /\ndir1\n/, /merged +25 /],
  '03-who-wins.sh': [/\na:from A\nb:from C\nc:from A\nd:from B\ne:from C\n/, /lower 1 .*\/A /],
  '04-read-only.sh': [/error\[single-lower-without-upper\]/, /Read-only file system/, /error\[work-other-filesystem\]/, /\nbehind its back\n/, /note\[lower-modified\]/],
  '10-fstab-line.sh': [/\n\+overlay .*this\\134,\\040that,upperdir=.*requires-mounts-for=.*disk1,x-systemd.*disk2,nofail 0 0\n/, /\n# ovl: .*its own line says nofail\n/, /0 parse errors, 0 errors|Success/, /\nfile\n/, /error\[way-cannot-say\]: .*back\\slash/, /line 4 removed/],
  '10-fstab-lint.sh': [/fstab:5: error\[lowerdir-required\][\s\S]*fstab:5: error\[way-cannot-say\][\s\S]*answer: 32/, /fstab:4: error\[unescaped-comma\]/, /fstab:4: error\[work-other-filesystem\]/, /\noverlay .*this\\134,that:.*workdir=\/disk2\/changes\.work,.*disk1,.*disk2,nofail 0 0\n/, /1 overlay line: nothing is wrong/, /error\[upper-missing\]/],
  '10-systemd-unit.sh': [/\nRequiresMountsFor=".*\/a b"\n/, /\nOptions=lowerdir=.*\/50%%\n/, /my\\x2dapp-merged\.automount': added/, /cannot say a tmpfs/],
  '05-page-size-limit.sh': [/shortened +names relative to/, /by mount2 \(relative\)/, /error\[options-too-long\]/, /Read-only file system/],
  '07-live-cd.sh': [/error\[work-missing\]/, /\nminimal\.standard\.live\.squashfs .*\nminimal\.standard\.squashfs .*\nminimal\.squashfs /, /root: casper of 3 layers from .*lost on umount/, /\nAsia\/Shanghai\n/, /\n\.\/etc\/timezone\n/],
  '07-live-cd-pack.sh': [/The same by hand\n[^]*mksquashfs [^]*xorriso /, /new\.iso: a medium of .*; topmost first: minimal\.standard\.live\.changes\.squashfs, minimal\.standard\.live\.squashfs/, /whole\.iso: a medium of .*; topmost first: minimal\.squashfs\n/, /backup\.tar\.zst: an archive/, /\nLANG=zh_CN\.UTF-8\n/],
  '08-running-root.sh': [/error\[usage\]: mount of the directory '\/' needs --bind/, /error\[work-other-filesystem\]/, /merged +1 .*rw +ovl\n/, /\ntried\n/, /rw\/upper\/etc\/passwd\n/, /unmounted .*merged\nunmounted .*rw\nunmounted .*lower-0\n/],
  '09-no-space.sh': [/error\[lower-missing\]/, /error\[work-other-filesystem\]/, /warning\[no-space\]: .* is 87 % full/, /No space left on device/, /\nchanges\/rw\/more\n/],
  '10-helper.sh': [/\nhello from the image\nhello from over\n/, /already mounted/, /Read-only file system/, /- \$mounts \|\| :\n0\n/, /error\[lower-missing\]: lower '.*\/bas\.squashfs' does not exist/],
}

describe('the scripts', () => {
  test.each(Object.entries(SCRIPTS))('%s', (name, shows) => {
    const { code, stdout, left } = run(['sh', `${ROOT}examples/${name}`])
    expect(code, stdout).toBe(0)
    for (const pattern of shows) expect(stdout).toMatch(pattern)
    expect(stdout).not.toMatch(/This is a bug in ovl|not found/)
    expect(left).toEqual([])
  })

  test('06-container-store.sh without a store says how to make one', () => {
    const { code, stdout, left } = run(['sh', `${ROOT}examples/06-container-store.sh`])
    expect([code, left]).toEqual([1, []])
    expect(stdout).toMatch(/usage: 06-container-store\.sh DIRECTORY[\s\S]*buildah/)
    expect(run(['sh', `${ROOT}examples/06-container-store.sh`, ground])).toMatchObject({ code: 1, stdout: expect.stringContaining('no container') as unknown })
  })

  test('library.mjs', () => {
    const { code, stdout, left } = run([process.execPath, `${ROOT}examples/library.mjs`])
    expect(code, stdout).toBe(0)
    for (const words of ['mounted by ', 'base still has: hello from base', 'lower: over on ', "path-not-expanded (ENOENT): lower '~/base'", 'interrupted: ', 'plan: mount the overlay', 'options: lowerdir=over:base,upperdir=upper']) expect(stdout).toContain(words)
    expect(left).toEqual([])
  })

  test('all are run here, each begins by saying what was wanted, and README has a line on each', () => {
    const names = readdirSync(`${ROOT}examples`).filter((name) => name !== 'README.md').toSorted()
    expect(names).toEqual([...Object.keys(SCRIPTS), '06-container-store.sh', 'demo.mjs', 'library.mjs'].toSorted())
    const readme = readFileSync(`${ROOT}examples/README.md`, 'utf8')
    for (const name of names) expect(readme).toContain(name)
    for (const name of names.filter((one) => one.endsWith('.sh'))) expect(readFileSync(`${ROOT}examples/${name}`, 'utf8')).toMatch(/^#!\/bin\/sh\n# [A-Z]/)
  })
})

const DEMO = [process.execPath, `${ROOT}examples/demo.mjs`]
const nobody = makeNobody(ground)

const asNobody = (words: readonly string[]): string[] => [...AS_NOBODY, ...words.map((word) => word.replace(ROOT, `${nobody.checkout}/`))]

// The kernel log is one for the machine: what it says of another test's mount may be taken for ours, as likely.
describe('the demo', () => {
  function expectDemo({ code, stdout, left }: ReturnType<typeof run>): void {
    expect(code, stdout).toBe(0)
    for (const pattern of [
      /\$ ovl mount -l over -l base -u upper.* merged\n/, /\nc:over\n/, /\nc-+ .* 0, 0 .* b\n/, /\n\/\S*merged +2 .*rw/, /┌ upper .*\n(.*\n)*. *├ lower 1 .*\n *└ lower 2/,
      /error\[path-not-expanded\]: lower '~\/base'/, /60 lower layers, .*; by \S+ \(\S+\)/, /unmounted \S+\/scratch\n/, /\$ ovl list\nTARGET .*MAKER\n(?:\/.*\n)*$/,
    ]) expect(stdout).toMatch(pattern)
    expect(stdout).not.toMatch(/This is a bug|warning\[/)
    // Its last list is of what others have mounted here.
    expect(stdout.slice(stdout.lastIndexOf('$ ovl list\n'))).not.toContain('ovl-demo-')
    // Every command stands before what it says, and fits a terminal; of what ovl says only single lines are longer.
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.startsWith('$ ')).length).toBeGreaterThan(15)
    expect(lines.filter((line) => /^[$#=] /.test(line) && line.length > 80)).toEqual([])
    expect(left).toEqual([])
  }

  test('as root', { retry: 3 }, () => {
    expectDemo(run(DEMO))
  })

  test('as an ordinary user', { retry: 3 }, () => {
    expectDemo(run(asNobody(DEMO)))
  })

  test('where user namespaces are forbidden it says so, and what allows them', () => {
    const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all -- "$@"'
    const { code, stdout, left } = run(asNobody(['unshare', '--user', '--map-user=1000', '--keep-caps', 'sh', '-c', forbid, 'sh', ...DEMO]))
    expect([code, left], stdout).toEqual([1, []])
    expect(stdout).toMatch(/needs a user namespace[\s\S]*user\.max_user_namespaces is 0[\s\S]*sudo sysctl user\.max_user_namespaces=\d+/)
  })

  test('where root may not mount it says so', () => {
    const { code, stdout, left } = run(['setpriv', '--bounding-set=-sys_admin', '--', ...DEMO])
    expect([code, left], stdout).toEqual([1, []])
    expect(stdout).toContain('--cap-add SYS_ADMIN')
  })
})
