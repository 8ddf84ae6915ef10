/** What `ovl fstab --lint` prints and answers: a line of the file, its findings, the line as it should be. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, expect, test } from 'vitest'
import { envelope, ovl } from '../support/command.ts'

const image = mkdtempSync(`${tmpdir()}/ovl-lint-`)
afterAll(() => rmSync(image, { recursive: true }))
for (const name of ['etc', 'base', 'over', 'merged', 'usr/lib/systemd/systemd']) mkdirSync(`${image}/${name}`, { recursive: true })
const fstab = (...lines: readonly string[]): void => writeFileSync(`${image}/etc/fstab`, `${lines.join('\n')}\n`)
const shown = (text: string): string => text.replaceAll(image, '/image')
const DISK = 'UUID=2222 /data ext4 nofail 0 2'
const WRONG = 'overlay /merged overlayfs lowerdir=/base,upperdir=/data/up,workdir=/data/work 0 0'
const RIGHT = 'overlay /merged overlay lowerdir=/base,upperdir=/data/up,workdir=/data/work,x-systemd.requires-mounts-for=/data,nofail 0 0'

test('a line with faults', () => {
  fstab('# disks', DISK, WRONG)
  const { code, stdout, stderr } = ovl(['fstab', '--lint', '--root', image], { env: { COLUMNS: '80', NO_COLOR: '1' } })
  expect([code, stderr]).toEqual([32, ''])
  expect(shown(stdout)).toBe(`/image/etc/fstab:3: error[filesystem-type-renamed]: the type 'overlayfs' is called 'overlay' since Linux 3.18
  The type was called “overlayfs” in patched kernels before 3.18; since then it
  is “overlay”, and it needs a workdir.
  fix         Write 'overlay' in the third field.
  read        https://docs.kernel.org/filesystems/overlayfs.html

/image/etc/fstab:3: error[lower-not-mounted-yet]: upper '/data/up' lies on '/data' (line 2), and nothing makes this line wait for it
  systemd mounts the lines of fstab side by side. From an overlay line it reads
  only the mount point; that '/data' has to come first must be said.
  message     line 2: UUID=2222 on '/data' (ext4)
  fix         Add x-systemd.requires-mounts-for=/data/up to the options.
  read        systemd.mount(5)

/image/etc/fstab:3: warning[lower-not-mounted-yet]: '/data' may be absent (line 2 says nofail), and this line lacks nofail: boot would stop without it
  upper '/data/up' lies there. A line without nofail is required at boot: when
  it cannot be mounted, systemd ends in the emergency shell.
  message     line 2: ext4, nofail
  fix         Add nofail to the options.
  read        systemd.mount(5)

  as it is
    ${WRONG}
  corrected
    ${RIGHT}

/image/etc/fstab: 1 overlay line: 2 errors, 1 warning
`)
})

test('as data', () => {
  const ran = ovl(['fstab', '--lint', '--root', image, '--json'])
  expect(ran.code).toBe(32)
  const { kind, ok, data } = envelope(ran) as { kind: string; ok: boolean; data: { findings: { fix: { text: string }[] }[] }[] }
  expect([kind, ok, data]).toEqual(['fstab-lint', true, [{ line: 3, text: WRONG, target: '/merged', findings: expect.any(Array) as unknown, corrected: { line: RIGHT } }]])
  expect(data[0]?.findings.map(({ fix }) => fix.at(-1)?.text)).toEqual(Array.from({ length: 3 }, () => `The whole line, corrected: ${RIGHT}`))
})

test('warnings alone are no failure, notes are shown with -v', () => {
  fstab(DISK, 'overlay /merged overlay lowerdir=/base:/over 0 1', 'overlay /usr overlay noauto,lowerdir=/data/a:/over 0 0')
  const { code, stdout } = ovl(['fstab', '--lint', '--root', image])
  expect([code, shown(stdout).split('\n').at(-2)]).toEqual([0, '/image/etc/fstab: 2 overlay lines: 0 errors, 1 warning, 1 note (-v shows them)'])
  expect(ovl(['fstab', '--lint', '--root', image, '-v']).stdout).toContain('fstab:3: note[lower-not-mounted-yet]')
})

test('nothing wrong, and nothing there', () => {
  fstab(DISK, RIGHT)
  expect(shown(ovl(['fstab', '--lint', '--root', image]).stdout)).toBe('/image/etc/fstab: 1 overlay line: nothing is wrong\n')
  fstab(DISK)
  expect(shown(ovl(['fstab', '--lint', '--root', image]).stdout)).toBe('/image/etc/fstab: no overlay lines\n')
  fstab('\u0000\u0001overlay \\777 overlay \\\\,,=,"', 'overlay', 'overlay \\000 overlay lowerdir=\\000 0 0')
  expect(ovl(['fstab', '--lint', '--root', image]).code).toBe(32)
})

test.each([
  [['--lint=/nowhere/fstab'], "there is no '/nowhere/fstab'"], [['--lint', '--root', '/nowhere'], "--root '/nowhere' is no directory"], [['--lint', '/m'], '--lint takes no other words'],
  [['--lint', '--write'], 'not with --write'], [['--lint', '--nofail'], 'not with --nofail'], [['--root', '/', '-l', '/a', '-l', '/b', '/m'], '--root goes with --lint'],
])('%j is refused', (words, why) => expect(ovl(['fstab', ...words])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(why) as unknown }))
