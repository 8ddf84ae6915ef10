import { describe, expect, test } from 'vitest'
import { overlay } from '../../../src/overlay/builder.ts'
import type { OverlayBuilder } from '../../../src/overlay/builder.ts'
import { encodeFsconfigAppend, encodeFsconfigFd, encodeFsconfigLowerdir, encodeFuse, encodeMount8, encodeMountData } from '../../../src/overlay/encode.ts'
import { fitMountData } from '../../../src/overlay/limits.ts'
import { paramsOf } from '../../../src/overlay/params.ts'

const params = (said: OverlayBuilder) => paramsOf(said.spec)
const hostile = params(overlay().lower('/a:b', '/c,d').data('/e\\f').upper('/u:,\\').work('/w').metacopy().volatile())

describe('each way has its own escapes', () => {
  test('mount(2)', () => expect(encodeMountData(hostile)).toBe(String.raw`lowerdir=/a\:b:/c\,d::/e\\f,upperdir=/u:\,\\,workdir=/w,metacopy=on,volatile`))
  test('fsconfig, one string', () => expect(encodeFsconfigLowerdir(hostile)).toMatchObject({ value: [{ key: 'lowerdir', value: String.raw`/a\:b:/c,d::/e\\f` }, { key: 'upperdir', value: String.raw`/u:,\\` }, { key: 'workdir' }, { set: 'string', key: 'metacopy', value: 'on' }, { set: 'flag', key: 'volatile' }] }))
  test('fsconfig, a string a layer', () => expect(encodeFsconfigAppend(hostile)).toMatchObject({ value: [{ key: 'lowerdir+', value: '/a:b' }, { value: '/c,d' }, { key: 'datadir+', value: '/e\\f' }, { key: 'upperdir', value: String.raw`/u:,\\` }, { key: 'workdir', value: '/w' }, {}, {}] }))
  test('fsconfig, descriptors', () => expect(encodeFsconfigFd(hostile)).toMatchObject({ value: [{ set: 'fd', key: 'lowerdir+', path: '/a:b' }, {}, { set: 'fd', key: 'datadir+' }, { set: 'fd', key: 'upperdir', path: '/u:,\\' }, {}, {}, {}] }))
  test('a label is quoted in text and bare in fsconfig', () => {
    const labelled = params(overlay().lower('/a', '/b').label('u:r:t:s0:c1,c2'))
    expect(encodeMountData(labelled)).toBe('lowerdir=/a:/b,context="u:r:t:s0:c1,c2"')
    expect(encodeFsconfigFd(labelled)).toMatchObject({ value: [{}, {}, { key: 'context', value: 'u:r:t:s0:c1,c2' }] })
  })

  test.each([
    ['a double quote', encodeMount8(params(overlay().lower('/a"', '/b')), []), 'way-cannot-say'],
    ['no UTF-8', encodeMount8(params(overlay().lower(Buffer.from([0x2f, 0xff]), '/b')), []), 'way-cannot-say'],
    ['a colon for fuse-overlayfs', encodeFuse(params(overlay().lower('/a:', '/b')), []), 'way-cannot-say'],
    ['data-only layers for fuse-overlayfs', encodeFuse(params(overlay().lower('/a').data('/b')), []), 'way-cannot-say'],
    ['256 bytes for fsconfig', encodeFsconfigAppend(params(overlay().lower('/'.padEnd(256, 'x'), '/b'))), 'value-too-long'],
    ['256 bytes in all', encodeFsconfigLowerdir(params(overlay().lower('/'.padEnd(150, 'x'), '/'.padEnd(150, 'y')))), 'value-too-long'],
  ])('%s is refused', (_, encoded, code) => expect(encoded).toMatchObject({ ok: false, why: { code } }))

  test('255 bytes are fine', () => expect(encodeFsconfigAppend(params(overlay().lower('/'.padEnd(255, 'x'), '/b'))).ok).toBe(true))
})

/** The compaction cases of containerd, with what a correct tool does; a small page forces the shortening. */
describe('names relative to the common directory', () => {
  const fit = (said: OverlayBuilder, limit: number) => fitMountData(params(said), limit + 1, ['absolute', 'relative'])

  test.each<[string, OverlayBuilder, string, string]>([
    ['containerd’s own case', overlay().lower('/snapshots/1/fs', '/snapshots/10/fs'), '/snapshots', 'lowerdir=1/fs:10/fs'],
    ['three', overlay().lower('/snapshots/1/fs', '/snapshots/10/fs', '/snapshots/2/fs'), '/snapshots', 'lowerdir=1/fs:10/fs:2/fs'],
    ['a double slash', overlay().lower('/s//1', '/s//2'), '/s', 'lowerdir=1:2'],
    ['an escaped common directory', overlay().lower('/s,d/1/fs', '/s,d/2/fs'), '/s,d', 'lowerdir=1/fs:2/fs'],
    ['escaped names below it', overlay().lower('/s/a,1/fs', '/s/a,2/fs'), '/s', String.raw`lowerdir=a\,1/fs:a\,2/fs`],
    ['an escaped colon', overlay().lower('/s/1:x/fs', '/s/2/fs'), '/s', String.raw`lowerdir=1\:x/fs:2/fs`],
    ['a data layer', overlay().lower('/s/1/fs').data('/s/2/fs').upper('/u').work('/w'), '/s', 'lowerdir=1/fs::2/fs,upperdir=/u,workdir=/w'],
    ['upper elsewhere', overlay().lower('/s/1/fs', '/s/2/fs').upper('/u').work('/w').index(false), '/s', 'lowerdir=1/fs:2/fs,upperdir=/u,workdir=/w,index=off'],
    ['upper beside', overlay().lower('/s/1/fs', '/s/2/fs').upper('/s/3/fs').work('/s/3/work'), '/s', 'lowerdir=1/fs:2/fs,upperdir=3/fs,workdir=3/work'],
    ['ids that share a digit', overlay().lower('/s/snapshots/73/fs', '/s/snapshots/79/fs'), '/s/snapshots', 'lowerdir=73/fs:79/fs'],
  ])('%s', (_, said, cwd, data) => {
    const fitted = fit(said, data.length)
    expect(fitted).toMatchObject({ ok: true, value: { form: 'relative', cwd, data } })
    expect(fit(said, data.length - 1)).toMatchObject({ ok: false, why: { code: 'options-too-long' } })
  })

  test('nothing in common, nothing to shorten', () => {
    expect(fit(overlay().lower('/snapshots/1/fs', '/other_snapshots/1/fs'), 30)).toMatchObject({ ok: false })
    expect(fit(overlay().lower('/snapshots/1/fs', '/other_snapshots/1/fs'), 200)).toMatchObject({ ok: true, value: { form: 'absolute' } })
  })
})

describe('the limit of one page', () => {
  const stack = (length: number) => overlay().lower('/a', '/'.padEnd(length - 'lowerdir=/a:'.length, 'x'))

  test('4095 bytes fit, 4096 do not', () => {
    expect(fitMountData(params(stack(4095)), 4096, ['absolute'])).toMatchObject({ ok: true, value: { bytes: { used: 4095, limit: 4095 } } })
    expect(fitMountData(params(stack(4096)), 4096, ['absolute'])).toMatchObject({ ok: false, why: { code: 'options-too-long' } })
  })

  test('escapes and label count', () => {
    expect(fitMountData(params(stack(4095).label('t')), 4096, ['absolute'])).toMatchObject({ ok: false })
    expect(fitMountData(params(overlay().lower('/a', `/${','.repeat(2045)}`)), 4096, ['absolute'])).toMatchObject({ ok: false })
  })

  test('bytes count, not characters', () => {
    expect(fitMountData(params(overlay().lower('/a', `/${'語'.repeat(1400)}`)), 4096, ['absolute'])).toMatchObject({ ok: false })
  })

  test('the refusal says what took the room', () => {
    const said = overlay().lower(...Array.from({ length: 128 }, (_, at) => `/one/${at}/${'x'.repeat(60)}`)).upper('/u').work('/w').label('some_label_t')
    const fitted = fitMountData(params(said), 4096, ['absolute', 'relative'])
    expect(fitted.ok ? '' : fitted.why.title).toMatch(/absolute 8\d{3}, relative 8\d{3} bytes, the limit is 4095 \(128 lower layers \d+ bytes, upper and work \d+, label \d+\)/)
  })

  test('500 descriptors fit', () => {
    const said = overlay().lower(...Array.from({ length: 500 }, (_, at) => `/${at}/${'x'.repeat(200)}`))
    expect(fitMountData(params(said), 4096)).toMatchObject({ ok: true, value: { form: 'proc-fd' } })
  })
})
