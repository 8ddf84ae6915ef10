/** Lines: which words are added and why, and what is refused. Whether they are read as meant is proven in test/root/fstab. */

import { describe, expect, test } from 'vitest'
import { OvlError } from '../../../src/errors/ovl-error.ts'
import { formatLine } from '../../../src/fstab/line.ts'
import { specOfMount } from '../../../src/fstab/from-mount.ts'
import { mountsToWaitFor } from '../../../src/fstab/words.ts'
import type { LayerMount } from '../../../src/fstab/words.ts'
import { decodeOverlays } from '../../../src/mounts/decode.ts'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import { overlay } from '../../../src/overlay/builder.ts'

const two = overlay().lower('/a', '/b').at('/m')
const addedBy = (mounts: readonly LayerMount[], userspace: readonly string[] = []): string[] => formatLine({ ...two.spec, userspace }, { mounts }).reasons.map(({ option }) => option)

describe('the line', () => {
  test('bare', () => expect(formatLine(two.spec)).toEqual({ line: 'overlay /m overlay lowerdir=/a:/b 0 0', comment: '# overlay of read-only layers', reasons: [], findings: [] }))
  test('escapes', () => expect(formatLine(overlay().lower('/a b', '/c,d', '/e:f\t').at('/m n').spec).line).toBe(String.raw`overlay /m\040n overlay lowerdir=/a\040b:/c\134,d:/e\134:f\011,defaults 0 0`))
  test('options, flags and words of the user in their place', () => {
    const spec = overlay().lower('/a').upper('/u').work('/w').metacopy().flags('nodev').at('/m').spec
    expect(formatLine({ ...spec, userspace: ['x-foo=1'] }).line).toBe('overlay /m overlay lowerdir=/a,upperdir=/u,workdir=/w,metacopy=on,nodev,x-foo=1 0 0')
  })
  test('many layers one by one, which fits 255 bytes each', () => {
    const { line, findings } = formatLine(overlay().lower(...Array.from({ length: 30 }, (_, at) => `/srv/layers/${at}`), '/c:d').at('/m').spec)
    expect(line).toMatch(/^overlay \/m overlay lowerdir\+=\/srv\/layers\/0,lowerdir\+=.*,lowerdir\+=\/c:d 0 0$/)
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([['value-too-long', 'note']])
  })
  test('relative paths', () => expect(formatLine(overlay().lower('a', '../b').at('m').spec, { cwd: '/x/y' }).line).toBe('overlay /x/y/m overlay lowerdir=/x/y/a:/x/y/../b 0 0'))
})

describe('words that make boot wait', () => {
  const disk: LayerMount = { target: '/data', layer: '/data/up' }
  test('the mounts of the layers', () => expect(addedBy([disk])).toEqual(['x-systemd.requires-mounts-for=/data']))
  test('one word for mounts below each other, none for what is always there', () => {
    expect(mountsToWaitFor([{ target: '/a', layer: '/a/b/x' }, { target: '/a/b', layer: '/a/b/x' }, { target: '/run/user/0', layer: '/run/user/0/x' }, { target: '/a/b', layer: '/a/b/y' }]).map(({ target }) => target)).toEqual(['/a/b'])
  })
  test('a mount point with a blank is waited for by its unit', () => expect(formatLine(two.spec, { mounts: [{ target: '/my disk', layer: '/my disk/up' }] }).line).toContain(String.raw`,x-systemd.requires=my\134x20disk.mount 0 0`))
  test('what may be absent, and what comes over the network', () => {
    expect(addedBy([{ ...disk, optional: 'its disk is removable' }])).toContain('nofail')
    expect(addedBy([{ ...disk, network: true }])).toContain('_netdev')
  })
  test('nothing twice', () => expect(addedBy([{ ...disk, optional: 'x', network: true }], ['nofail', '_netdev', 'x-systemd.requires-mounts-for=/data'])).toEqual([]))
  test('asked for', () => expect(formatLine(two.spec, {}, { automount: true, nofail: true }).reasons.map(({ option }) => option)).toEqual(['nofail', 'noauto', 'x-systemd.automount']))
  test('below /usr', () => expect(formatLine({ ...two.spec, target: '/usr/local' }).line).toContain('x-initrd.mount'))
  test('the comment tells it in short', () => expect(formatLine(two.spec, { mounts: [{ ...disk, optional: 'its disk is removable' }] }).comment).toBe("# overlay of read-only layers; waits for /data; nofail: '/data' may be absent: its disk is removable"))
})

describe('refused, each with who cannot read it and a way out', () => {
  const rows: readonly (readonly [name: string, said: Parameters<typeof formatLine>[0], why: string])[] = [
    ['a backslash', overlay().lower('/a\\b', '/c').spec, "cannot carry the lower '/a\\b': systemd reads '/ab'"],
    ['a line break', overlay().lower('/a\nb', '/c').spec, 'cannot hold a line break'],
    ['a carriage return', overlay().lower('/a\rb', '/c').spec, 'cannot hold a line break'],
    ['bytes that are no UTF-8', overlay().lower('/a\udcffb', '/c').spec, 'UTF-8 only'],
    ['an open quote', overlay().lower('/a"b', '/c').spec, 'takes a double quote for its own'],
    ['a word of mount(8) between commas', overlay().lower('/a,ro', '/c').upper('/u').work('/w,ro').spec, 'up to 2.38'],
    ['two dollars', overlay().lower('/a$$b', '/c').spec, "systemd reads '/a$b'"],
    ['a variable', overlay().lower('/a${b}', '/c').spec, 'variable of its environment'],
    ['a long upper', overlay().lower('/a').upper(`/${'u'.repeat(255)}`).work('/w').spec, 'can hand over 255'],
    ['a long line', overlay().lower(...Array.from({ length: 200 }, (_, at) => `/srv/layers/number/${at}`)).spec, 'the first 4095 bytes of a line'],
    ['a target that ends in a blank', { ...two.spec, target: '/m ' }, 'loses a blank'],
    ['a source that is a disk', { ...two.spec, source: 'LABEL=x' }, 'waits for it'],
    ['a source that is an option', { ...two.spec, source: '-x' }, 'for an option'],
    ['a comment', { ...two.spec, source: '#x' }, 'is a comment'],
    ['the root', { ...two.spec, target: '/' }, "over '/'"],
    ['a tmpfs', overlay().lower('/a').tmpfs().spec, 'a tmpfs for the upper layer'],
    ['an id mapping', overlay().lower({ path: '/a', idmap: 'x' }, '/b').spec, 'an id mapping'],
  ]
  test.each(rows)('%s', (_, said, why) => {
    try {
      formatLine({ target: '/m', ...said })
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof OvlError)) throw error
      expect([error.code, error.message]).toEqual(['way-cannot-say', expect.stringContaining(why)])
      expect(error.details.hint).toMatch(/Rename|shorter|--helper|root --boot/)
    }
  })
  test('an image', () => expect(() => formatLine(two.spec, { images: ['/b'] })).toThrow("the image '/b'"))
  test('no target', () => expect(() => formatLine(overlay().lower('/a', '/b').spec)).toThrow('no target'))
})

test('a live mount comes back as it was said', () => {
  const line = String.raw`30 1 0:40 / /m rw,nosuid,relatime - overlay overlay rw,lowerdir=/a\134:b:/c,upperdir=/u,workdir=/w,metacopy=on`
  const [mount] = decodeOverlays(parseMountinfo(line).mounts)
  expect(formatLine(specOfMount(mount as NonNullable<typeof mount>)).line).toBe(String.raw`overlay /m overlay lowerdir=/a\134:b:/c,upperdir=/u,workdir=/w,metacopy=on,nosuid 0 0`)
})
