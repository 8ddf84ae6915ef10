/** Units against the programs of systemd: names as systemd-escape makes them, texts that systemd-analyze has no word against. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatHelperLine } from '../../../src/fstab/helper-line.ts'
import { formatUnit } from '../../../src/fstab/unit.ts'
import { unitName } from '../../../src/fstab/unit-name.ts'
import { isUtf8Name } from '../../../src/names/bytes.ts'
import { overlay } from '../../../src/overlay/builder.ts'
import { hasTool } from '../../root/host/ground.ts'
import { hostileName } from '../../support/names.ts'
import { seed } from '../../support/seed.ts'

test.skipIf(!hasTool('systemd-escape'))('1,000 names as systemd-escape --path makes them', () => {
  const name = fc.oneof(fc.constantFrom('a', '.a', '.', 'a-b', 'ä', '@', '_:', ' '), hostileName())
  // Node hands over UTF-8 only.
  const paths = fc.sample(fc.array(name.filter((part) => isUtf8Name(part) && part !== '..'), { maxLength: 3 }).map((parts) => `/${parts.join('/')}`), { numRuns: 1000, seed })
  for (let at = 0; at < paths.length; at += 100) {
    const some = paths.slice(at, at + 100)
    const { stdout, stderr } = spawnSync('systemd-escape', ['--path', '--suffix=mount', ...some], { encoding: 'utf8' })
    expect(stdout.trim().split(' '), stderr).toEqual(some.map((path) => unitName(path, 'mount')))
  }
})

test('a name that is no UTF-8', () => expect(unitName('/a/\udcff', 'automount')).toBe('a-\\xff.automount'))

test('text, with every character that means something there', () => {
  const { files, start } = formatUnit(overlay().lower('/a b', '/c%h$$d', '/d\\e,f').upper('/data/u').work('/data/w').at('/srv/m%n').spec, { mounts: [{ target: '/data', layer: '/data/u', optional: 'its disk is removable' }] }, { automount: true })
  expect(start).toBe('srv-m\\x25n.automount')
  expect(files.map(({ text }) => text).join('\n')).toBe(String.raw`[Unit]
Description=Overlay on /srv/m%%n
Documentation=man:ovl(1) https://docs.kernel.org/filesystems/overlayfs.html
RequiresMountsFor="/a b"
RequiresMountsFor=/c%%h$$d
RequiresMountsFor="/d\\e,f"
RequiresMountsFor=/data/u

[Mount]
What=overlay
Where=/srv/m%%n
Type=overlay
Options=lowerdir=/a b:/c%%h$$$$d:/d\\\\e\,f,upperdir=/data/u,workdir=/data/w,nofail

[Unit]
Description=Overlay on /srv/m%%n
Documentation=man:ovl(1)

[Automount]
Where=/srv/m%%n

[Install]
WantedBy=local-fs.target
`)
})

test.skipIf(!hasTool('systemd-analyze'))('systemd-analyze verify says nothing', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ovl-unit-'))
  try {
    const specs = [overlay().lower('/', '/etc').at('/mnt/a-b c').spec, overlay().lower('/etc', '/usr,x', '/v:w\\y').upper('/tmp/u').work('/tmp/w').flags('nodev').at('/mnt/%').spec]
    const helped = overlay().lower('/a b,c', '/\udcff/d', '/e\\\n', ...Array.from({ length: 200 }, (_, at) => `/layers/with-names-of-some-length-${at}`)).tmpfs().mkdir().at('/mnt/helped').spec
    const units = [...specs.flatMap((spec) => formatUnit(spec, {}, { automount: true, nofail: true }).files), ...formatUnit(helped, {}, { helper: true }).files]
    for (const { name, text } of units) writeFileSync(join(directory, name), text)
    // The page of ovl is there only where ovl is installed.
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units.map(({ name }) => join(directory, name))], { encoding: 'utf8' })
    expect(stderr.split('\n').filter((line) => units.some(({ name }) => line.includes(name)))).toEqual([])
    expect(status).toBe(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('for the helper: the options are those of its fstab line, and every name can be said', () => {
  fc.assert(fc.property(fc.array(hostileName(), { minLength: 1, maxLength: 5 }), (names) => {
    const said = overlay().lower(...names.map((name) => `/${name}`)).tmpfs('1m').mkdir().at('/m').spec
    const [unit] = formatUnit(said, {}, { helper: true }).files
    const text = unit?.text ?? ''
    expect(isUtf8Name(text)).toBe(true)
    expect(text.split('\n').filter((line) => !/^(\[\w+\]|\w+=.+|)$/.test(line))).toEqual([])
    expect(/^Options=(.*)$/m.exec(text)?.[1]?.replaceAll('%%', '%')).toBe(formatHelperLine(said).line.split(' ')[3])
    expect(text).toContain('\nType=ovl\n')
  }), { numRuns: 300, seed })
})

test('for the helper: what it waits for is named as far as a unit can', () => {
  const [unit] = formatUnit(overlay().lower('/disk/a\udcff/b', '/plain').upper('/\n').at('/m').spec, {}, { helper: true }).files
  expect(unit?.text.match(/^RequiresMountsFor=.*$/gm)).toEqual(['RequiresMountsFor=/disk', 'RequiresMountsFor=/plain'])
})

test.each([
  ['the root', overlay().lower('/a', '/c').at('/'), "over '/'"],
  ['options longer than a word of a command', overlay().lower(...Array.from({ length: 500 }, (_, at) => `/${'x'.repeat(255)}${at}`)), '131071'],
  ['a mount point that ends in a blank', overlay().lower('/a', '/c').at('/m '), 'loses a blank at its end'],
])('for the helper: %s is refused', (_, said, why) => {
  expect(() => formatUnit({ target: '/m', ...said.spec }, {}, { helper: true })).toThrow(why)
})

test.each([
  ['a line break', overlay().lower('/a\nb', '/c'), 'cannot hold a line break'],
  ['bytes that are no UTF-8', overlay().lower('/a\udcff', '/c'), 'holds UTF-8 only'],
  ['a mount point that ends in a blank', overlay().lower('/a', '/c').at('/m '), 'loses a blank at its end'],
  ['a backslash before a separator, which mount(8) since 2.39 takes for an escape', overlay().lower('/a', '/c').upper('/u\\').work('/w'), 'since 2.39'],
  ['a mount point that systemd would write otherwise', overlay().lower('/a', '/c').at('/m$$'), 'is one $ to it'],
  ['a variable', overlay().lower('/a', '/c').at('/m${x}'), 'variable of its environment'],
  ['a name too long for a file', overlay().lower('/a', '/c').at(`/${'-'.repeat(100)}`), 'characters'],
])('%s is refused', (_, said, why) => {
  expect(() => formatUnit({ target: '/m', ...said.spec })).toThrow(why)
})
