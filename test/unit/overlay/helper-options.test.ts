/** The options of a mount.ovl line: what is written is read again, for any name, and needs no quote of anybody. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeName } from '../../../src/names/bytes.ts'
import { encodeHelperOptions, readHelperWords } from '../../../src/overlay/helper-options.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { readWords, specFromWords } from '../../../src/overlay/words.ts'
import { runs } from '../../support/seed.ts'

const read = (options: string): OverlaySpec => specFromWords(readHelperWords('overlay', '/m', [options]).words)
const written = (spec: OverlaySpec): string => {
  const encoded = encodeHelperOptions(spec)
  if (!encoded.ok) throw new Error(encoded.why.title)
  return encoded.value
}

test('as people write it', () => {
  expect(read('rw,lower=/a,lower=/b.squashfs,upper=/u,nofail,x-systemd.after=a.service')).toEqual({
    ...EMPTY_SPEC, target: '/m', lower: [{ path: '/a' }, { path: '/b.squashfs' }], upper: '/u', work: '/u.work', workDerived: true, userspace: ['nofail', 'x-systemd.after=a.service'],
  })
  expect(read('lower=/a,tmpfs,size=10%,mkdir,nosuid,metacopy=on')).toMatchObject({ tmpfs: { size: '10%' }, mkdir: true, flags: ['nosuid'], options: { metacopy: 'on' } })
  expect(read('lowerdir=/a:/b,upperdir=/u,workdir=/w')).toMatchObject({ lower: [{ path: '/a' }, { path: '/b' }], upper: '/u', work: '/w' })
})

describe('a value', () => {
  test.each([
    ['/a%2Cb', '/a,b'], ['/a\\,b', '/a,b'], ['/a\\:b', '/a:b'], ['/a:b', '/a:b'], ['/100%', '/100%'], ['/a%zz', '/a%zz'], ['/a%00', '/a%00'],
    ['/a%5C%2C', '/a\\,'], ['/a%255C', '/a%5C'], ['/donn\u00e9es', '/donn\u00e9es'], ['/%ff', '/\udcff'],
  ])('%s is %j', (text, path) => {
    expect(read(`lower=${text},upper=/u`).lower).toEqual([{ path }])
  })

  test('of any bytes comes back, and holds nothing that libmount or systemd would take for theirs', () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => `/${decodeName(bytes.map((byte) => (byte === 0 ? 0x2c : byte)))}`)
    fc.assert(fc.property(fc.array(name, { minLength: 2, maxLength: 4 }), name, name, (lower, upper, label) => {
      const spec: OverlaySpec = { ...EMPTY_SPEC, target: '/m', lower: lower.map((path) => ({ path })), upper, work: '/w', workDerived: false, label, flags: ['nosuid'], options: { index: 'on', userxattr: true }, userspace: ['nofail'] }
      const text = written(spec)
      expect(text).not.toMatch(/[\0- "#$'\\\x7f-\x9f\ud800-\udfff]|%(?![0-9A-F]{2})/u)
      expect(readHelperWords('overlay', '/m', [text]).words).toMatchObject({ lower, upper, label })
      expect(written(readWords(readHelperWords('overlay', '/m', [text]).words).spec)).toBe(text)
    }), runs(300))
  })
})

test('what mount(8) has resolved is not applied again', () => {
  expect(read('rw,nosuid,lower=/a,lower=/b,user').flags).toEqual(['nosuid'])
})

test.each([['lower', 'needs a value'], ['tmpfs=1', 'takes no value'], ['upper=/a,upper=/b', 'twice']])('%s is a fault', (text, why) => {
  expect(readHelperWords('overlay', '/m', [text]).faults[0]?.title).toContain(why)
})

test('remount is another operation', () => {
  expect(readHelperWords('overlay', '/m', ['ro,remount,lower=/a']).remount).toBe('ro')
})
