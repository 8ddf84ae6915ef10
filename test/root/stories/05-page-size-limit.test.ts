/** Story 5: options longer than a page, as Docker's driver meets them; and the bind mount that stays writable. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mountLegacy, unmount as unmountPath } from '../../../src/host/syscalls/mount-legacy.ts'
import { encode, isOvlError, list, mount, overlay, planOfMount, toShell } from '../../../src/index.ts'
import { envelope } from '../../support/command.ts'
import { makeShell, named } from '../../support/shell.ts'
import { makeGround } from '../host/ground.ts'

const ground = makeGround()
const { place, sh } = makeShell(ground)

/** Sixty layers in a driver's home: too long for a page by their full paths, not by those relative to the home. */
function driver(): { dir: string; home: string; lowers: string[] } {
  const dir = place()
  const home = `${dir}/var/lib/a-container-runtime/with-a-home/of-some-length/overlay2`
  const lowers = Array.from({ length: 60 }, (_, at) => `${home}/l/${String(at).padStart(26, 'A')}`)
  for (const [at, lower] of lowers.entries()) {
    mkdirSync(lower, { recursive: true })
    writeFileSync(`${lower}/in_all`, String(at))
  }
  for (const name of ['id/diff', 'id/work', 'id/merged']) mkdirSync(`${home}/${name}`, { recursive: true })
  return { dir, home, lowers }
}

const MOUNT = `$(printf ' -l %s' "$@") -u id/diff -w id/work id/merged`

test('the string passes a page, and mount(8) says that a device is missing', () => {
  const { home, lowers } = driver()
  const { stderr, code } = sh(home, `mount -t overlay overlay -o "lowerdir=$(echo "$@" | tr ' ' :),upperdir=id/diff,workdir=id/work" id/merged`, lowers, { LC_ALL: 'C', LIBMOUNT_FORCE_MOUNT2: 'always' })
  expect(code).toBe(32)
  expect(stderr).toMatch(/special device overlay does not exist|No such file or directory/)
})

test('by mount(2), with names relative to the home as the driver does it', async () => {
  const { home, lowers } = driver()
  const described = envelope(sh(home, `ovl options --json --for mount2 ${MOUNT}`, lowers)).data as { form: string; cwd: string; bytes: { used: number; limit: number }; shortened: { before: number; after: number } }
  expect(described).toMatchObject({ form: 'relative', cwd: home, bytes: { limit: 4095 } })
  expect(described.shortened.before).toBeGreaterThan(4095)
  expect(described.shortened.after).toBe(described.bytes.used)
  expect(described.bytes.used).toBeLessThan(2100)

  const answer = envelope(sh(home, `ovl mount --json --via mount2 ${MOUNT}`, lowers))
  expect(answer).toMatchObject({ ok: true, data: { via: 'mount2', form: 'relative', lower: lowers } })
  const line = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').find((text) => text.includes(` ${home}/id/merged `))
  expect(line).toContain('lowerdir=l/')
  expect(readFileSync(`${home}/id/merged/in_all`, 'utf8')).toBe('0')
  writeFileSync(`${home}/id/merged/in_all`, 'mine')
  expect(readFileSync(`${home}/id/diff/in_all`, 'utf8')).toBe('mine')

  // The mount table has but relative names; true paths are told all the same.
  const listed = (await list()).find(({ target }) => target === `${home}/id/merged`)
  expect([listed?.lower, listed?.upper]).toEqual([lowers, `${home}/id/diff`])
  expect(sh(home, 'ovl umount id/merged')).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('by the best way of this kernel, in which length does not count', () => {
  const { home, lowers } = driver()
  const answer = envelope(sh(home, `ovl mount --json ${MOUNT}`, lowers)).data as { bytes: { used: number }; lower: string[] }
  expect(answer.lower).toEqual(lowers)
  expect(answer.bytes.used).toBeGreaterThan(4095)
  expect(readFileSync(`${home}/id/merged/in_all`, 'utf8')).toBe('0')
  expect(sh(home, 'ovl umount id/merged').code).toBe(0)
})

test('the label counts: what fits in no form is refused, with the lengths', () => {
  const { home, lowers } = driver()
  const label = 'x'.repeat(4000)
  const short = encode(overlay().lower(...lowers).upper(`${home}/id/diff`).work(`${home}/id/work`), { for: 'mount2' })
  const labelled = encode(overlay().lower(...lowers).upper(`${home}/id/diff`).work(`${home}/id/work`).label('system_u:object_r:container_file_t:s0:c1,c2'), { for: 'mount2' })
  expect(labelled.bytes.used - short.bytes.used).toBe(',context="system_u:object_r:container_file_t:s0:c1,c2"'.length)

  const ran = sh(home, `ovl mount --via mount2 --label ${label} ${MOUNT}`, lowers)
  expect([ran.code, named(ran)[0]], ran.stderr).toEqual([32, 'options-too-long'])
  expect(ran.stderr).toMatch(/relative \d+, .*proc-fd \d+ bytes, the limit is 4095 .*label 4010/)
  const refused = ((): unknown => {
    try {
      return encode(overlay().lower(...lowers).label(label), { for: 'mount2' })
    } catch (error) {
      return error
    }
  })()
  expect(isOvlError(refused) && refused.code).toBe('options-too-long')
})

const MS_RDONLY = 1
const MS_BIND = 4096

test('a bind asked to be read-only in one mount(2) stays writable', () => {
  const dir = place()
  for (const name of ['from', 'at']) mkdirSync(`${dir}/${name}`)
  mountLegacy(`${dir}/from`, `${dir}/at`, 'none', MS_BIND | MS_RDONLY, '')
  writeFileSync(`${dir}/at/file`, 'written')
  expect(readFileSync(`${dir}/from/file`, 'utf8')).toBe('written')
  unmountPath(`${dir}/at`)
})

test('what ovl attaches read-only is read-only', async () => {
  const dir = place()
  for (const name of ['one', 'two', 'merged']) mkdirSync(`${dir}/${name}`)
  const said = overlay().lower({ path: `${dir}/one`, idmap: 'b:0:100000:65536' }, `${dir}/two`).at(`${dir}/merged`)
  // The one part of ovl's that is a bind: in words, too, it is remounted.
  expect(toShell(await planOfMount(said)).find((line) => line.includes('X-mount.idmap'))).toMatch(/^mount --bind -o ro,/)
  const mounted = await mount(said)
  const [part] = mounted.parts
  expect(part?.what).toBe('idmap')
  expect(() => writeFileSync(`${part?.at}/file`, '')).toThrow(/EROFS/)
  await mounted.unmount()
})

test.each(['fsconfig', 'mount2', 'mount8'] as const)('an overlay with an upper, asked to be read-only by %s', async (via) => {
  const dir = place()
  for (const name of ['lower', 'upper', 'merged']) mkdirSync(`${dir}/${name}`)
  const mounted = await mount(overlay().lower(`${dir}/lower`).upper(`${dir}/upper`).flags('ro').at(`${dir}/merged`), { via })
  expect(() => writeFileSync(`${dir}/merged/file`, '')).toThrow(/EROFS/)
  await mounted.unmount()
})
