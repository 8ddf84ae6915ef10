import { describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { overlay } from '../../../src/overlay/builder.ts'
import { parseFlagChanges, parseMountOptions } from '../../../src/overlay/mount-options.ts'
import { readWords, specFromWords } from '../../../src/overlay/words.ts'
import type { MountWords } from '../../../src/overlay/words.ts'

const NO_WORDS: MountWords = { lower: [], data: [], tmpfs: false, options: [], readOnly: false, mkdir: false, positionals: [], typed: {} }
const words = (some: Partial<MountWords>): MountWords => ({ ...NO_WORDS, ...some })
const codes = (some: Partial<MountWords>): string[] => {
  try {
    specFromWords(words(some))
    return []
  } catch (error) {
    if (!isOvlError(error)) throw error
    return error.findings.map(({ code }) => code)
  }
}

describe('the words of mount(8)', () => {
  test('give the same spec as the builder', () => {
    const said = specFromWords(words({ type: 'overlay', positionals: ['overlay', '/m'], options: ['lowerdir=/a\\:x:/b\\,y::/d,upperdir=/u:1,workdir=/w\\\\,metacopy=on,nosuid,ro,x-test=1'] }))
    const built = overlay().lower('/a:x', '/b,y').data('/d').upper('/u:1').work('/w\\').metacopy().flags('ro', 'nosuid').at('/m').spec
    expect({ ...said, workDerived: undefined }).toEqual({ ...built, workDerived: undefined, userspace: ['x-test=1'] })
  })

  test.each([
    ['lowerdir=/a:/b', { lower: ['/a', '/b'] }],
    ['lowerdir=/a\\', { lower: ['/a'] }],
    ['lowerdir+=/a:b,lowerdir+=/c', { lower: ['/a:b', '/c'] }],
    ['lowerdir+=/a\\,b,lowerdir+=/c', { lower: ['/a\\,b', '/c'] }],
    ['lowerdir+=/a,datadir+=/d', { lower: ['/a'], data: ['/d'] }],
    ['upperdir=/u\\,1', { upper: '/u,1' }],
    ['lowerdir="/a"', { lower: ['"/a"'] }],
    ['context="u:r:t:s0:c1,c2",ro', { label: 'u:r:t:s0:c1,c2', flags: ['ro'] }],
    ['noatime,relatime', { flags: ['relatime'] }],
    ['ro,rw', { flags: [] }],
    ['noexec,nosuid,exec', { flags: ['nosuid'] }],
    ['user,exec', { flags: ['nosuid', 'nodev'], userspace: ['user'] }],
    ['X-mount.mkdir=0755', { mkdir: true }],
    ['rslave', { propagation: 'rslave' }],
    [',,ro,', { flags: ['ro'] }],
    ['foo=bar,baz', { unknown: [{ key: 'foo', value: 'bar' }, { key: 'baz' }] }],
  ])('-o %s', (text, expected) => {
    expect(parseMountOptions(text)).toMatchObject({ ...expected, faults: [] })
  })

  test.each([
    ['lowerdir:/a:/b', 'option-syntax'],
    ['lowerdir=/a:', 'option-syntax'],
    ['lowerdir=:/a', 'option-syntax'],
    ['lowerdir=/a:::/b', 'option-syntax'],
    ['lowerdir=/a::/d:/b', 'option-syntax'],
    ['lowerdir=/a,lowerdir=/b', 'option-syntax'],
    ['upperdir=/a,upperdir=/b', 'option-syntax'],
    ['lowerdir', 'option-bad-value'],
    ['upperdir=', 'option-bad-value'],
    ['lowerdir+=', 'option-bad-value'],
    ['=x', 'option-syntax'],
    ['lowerdir=/a,datadir+=/d', 'option-syntax'],
    ['lowerdir=/a, upperdir=/u', 'option-syntax'],
    ['lowerdir=/a:/b, ro', 'option-syntax'],
    ['lowerdir=/a:/b,\tindex=on', 'option-syntax'],
    ['remount,ro', 'usage'],
    ['bind', 'usage'],
  ])('-o %s is %s', (text, code) => {
    expect(parseMountOptions(text).faults.map((finding) => finding.code)).toEqual([code])
  })

  test('what is malformed is understood as it was meant: nothing that follows from it is told beside it', () => {
    for (const options of ['lowerdir=/a, upperdir=/u,workdir=/w', 'lowerdir=/a:,upperdir=/u,workdir=/w', 'lowerdir=/a:::/b', 'lowerdir:/a:/b']) expect(codes({ options: [options], positionals: ['/m'] }), options).toEqual(['option-syntax'])
    // No word that the kernel or ovl knows: for the kernel to say.
    expect(parseMountOptions('lowerdir=/a:/b, x').unknown).toEqual([{ key: ' x' }])
  })

  test('the type was renamed', () => {
    expect(codes({ type: 'overlayfs', positionals: ['/m'], options: ['lowerdir=/a:/b'] })).toEqual(['filesystem-type-renamed'])
    expect(codes({ type: 'ext4', positionals: ['/m'], options: ['lowerdir=/a:/b'] })).toEqual(['usage'])
  })

  test('flags of a remount', () => {
    expect(parseFlagChanges('rw,nosuid,noatime')).toEqual({ set: ['nosuid', 'noatime'], clear: ['ro'] })
    expect(parseFlagChanges('ro,rw')).toEqual({ set: [], clear: ['ro'] })
  })
})

describe('the words of ovl', () => {
  test('work is the sibling of upper', () => {
    expect(readWords(words({ lower: ['/a'], upper: '/u/', positionals: ['/m'] })).spec).toMatchObject({ upper: '/u/', work: '/u.work', workDerived: true })
    expect(readWords(words({ options: ['upperdir=/u'] })).spec.work).toBeUndefined()
  })

  test.each<[Partial<MountWords>, string[]]>([
    [{ positionals: ['/m'] }, ['lowerdir-required']],
    [{ lower: ['/a'], positionals: ['/m'] }, ['single-lower-without-upper']],
    [{ lower: ['/a', '/b'], options: ['upperdir=/u'], positionals: ['/m'] }, ['work-required']],
    [{ lower: ['/a'], options: ['lowerdir=/b'], tmpfs: true, positionals: ['/m'] }, ['usage']],
    [{ lower: ['/a'], work: '/w', tmpfs: true, positionals: ['/m'] }, ['usage', 'usage']],
    [{ lower: ['/a', '/a/'], positionals: ['/m'] }, ['layers-overlap']],
    [{ lower: ['/a'], upper: '/u', work: '/u', positionals: ['/m'] }, ['work-upper-nested']],
    [{ lower: ['/a\0b', '/c'], positionals: ['/m'] }, ['option-bad-value']],
    [{ lower: ['', '/c'], positionals: ['/m'] }, ['option-bad-value']],
    [{ lower: ['/a'], tmpfs: true, size: '1m,mode=0', positionals: ['/m'] }, ['option-bad-value']],
    [{ lower: ['/a', '/b'], typed: { metacopy: 'maybe' }, positionals: ['/m'] }, ['option-bad-value']],
    [{ lower: ['/a'], upper: '/u', options: ['metacopy=on,redirect_dir=off,nfs_export=on'], positionals: ['/m'] }, ['option-conflict', 'option-conflict']],
    [{ lower: Array.from({ length: 501 }, (_, at) => `/l${at}`), positionals: ['/m'] }, ['too-many-layers']],
    [{ lower: ['/a', '/b'], positionals: ['a', 'b', 'c'] }, ['usage']],
    [{ lower: ['/a', '/b'], options: ['userxattr,redirect_dir=on'], positionals: ['/m'] }, ['option-conflict']],
  ])('%j has the faults %j', (some, expected) => expect(codes(some)).toEqual(expected))

  test('all faults at once', () => {
    expect(codes({ size: '1x', upper: '/u', work: '/u', options: ['index=maybe', 'volatile=1'] }).sort()).toEqual(['lowerdir-required', 'option-bad-value', 'option-bad-value', 'usage', 'work-upper-nested'])
  })
})
