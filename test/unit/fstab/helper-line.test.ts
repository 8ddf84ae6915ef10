/** Lines of type ovl: what stands in them, what boot waits for, and what is refused. */

import { describe, expect, test } from 'vitest'
import { OvlError } from '../../../src/errors/ovl-error.ts'
import { formatHelperLine } from '../../../src/fstab/helper-line.ts'
import { overlay } from '../../../src/overlay/builder.ts'
import type { OverlayBuilder } from '../../../src/overlay/builder.ts'

const line = (said: OverlayBuilder): string => formatHelperLine(said.spec).line

test.each<readonly [OverlayBuilder, string]>([
  [overlay().lower('/a', '/b.squashfs').tmpfs('64m').at('/m'), 'overlay /m ovl lower=/a,lower=/b.squashfs,tmpfs,size=64m 0 0'],
  [overlay().lower('/a').upper('/u').at('/m m').mkdir(), 'overlay /m\\040m ovl lower=/a,upper=/u,mkdir 0 0'],
  [overlay().lower('/a').upper('/u').work('/w').at('/m').flags('nosuid').metacopy(), 'overlay /m ovl lower=/a,upper=/u,work=/w,metacopy=on,nosuid 0 0'],
  [overlay().lower({ path: '/a', idmap: '0:1000:1' }).tmpfs().label('system_u:object_r:x_t:s0:c1,c2').at('/m'), 'overlay /m ovl lower=/a,tmpfs,label=system_u:object_r:x_t:s0:c1%2Cc2,idmap=0:1000:1 0 0'],
  [overlay().lower('/a b,c', '/\udcff').at('/m'), 'overlay /m ovl lower=/a%20b%2Cc,lower=/%FF 0 0'],
])('%#: a line', (said, text) => {
  expect(line(said)).toBe(text)
})

test('boot waits for the mounts of the layers, and relative paths are made absolute', () => {
  const { line, reasons } = formatHelperLine(overlay().lower('a.squashfs').tmpfs().at('m').spec, { cwd: '/data', mounts: [{ target: '/data', layer: '/data/a.squashfs' }] }, { nofail: true })
  expect(line).toBe('overlay /data/m ovl lower=/data/a.squashfs,tmpfs,x-systemd.requires-mounts-for=/data,nofail 0 0')
  expect(reasons).toHaveLength(2)
})

describe('refused', () => {
  test.each<readonly [string, OverlayBuilder, RegExp]>([
    ['a line that systemd would cut', overlay().lower(...Array.from({ length: 100 }, (_, at) => `/layer-with-a-name-of-some-length-${at}`)).at('/m'), /4095 bytes/],
    ['a mount point that no unit can have', overlay().lower('/a', '/b').at('/\udcff'), /systemd/],
    ['mappings of one layer only', overlay().lower({ path: '/a', idmap: '0:1:1' }, '/b').at('/m'), /one id mapping/],
    ['a source that makes it a comment', overlay().lower('/a', '/b').source('#x').at('/m'), /comment/],
  ])('%s', (_, said, why) => {
    expect(() => line(said)).toThrow(OvlError)
    expect(() => line(said)).toThrow(why)
  })
})
