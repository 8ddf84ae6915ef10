/** Any names, printed as the kernel prints them, are read back: the printer here is fs/overlayfs/params.c and seq_file.c in a few lines. */

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeOverlay } from '../../../src/mounts/decode.ts'
import { parseMountinfo } from '../../../src/mounts/mountinfo.ts'
import { encodeName } from '../../../src/names/bytes.ts'
import { hostileName } from '../../support/names.ts'

/** seq_escape(): these bytes as octal, all others as they are. */
function octal(name: string): Buffer {
  return Buffer.concat([...encodeName(name)].map((byte) => (', \t\n\\'.includes(String.fromCharCode(byte)) ? Buffer.from(`\\${byte.toString(8).padStart(3, '0')}`) : Buffer.of(byte))))
}

const escape = (name: string, letters: string): string => [...name].map((letter) => (letter === '\\' || letters.includes(letter) ? `\\${letter}` : letter)).join('')

interface Stack {
  readonly target: string
  readonly lower: readonly string[]
  readonly data: readonly string[]
  readonly upper: string
  readonly work: string
}

/** What the user says for each layer on each way into the kernel; the table shows it again as it was said. */
const WAYS: Readonly<Record<string, (stack: Stack) => [string, string][]>> = {
  'mount(2), lowerdir': ({ lower, data, upper, work }) => [
    ['lowerdir', [lower.map((name) => escape(name, ':,')).join(':'), ...data.map((name) => escape(name, ':,'))].join('::')],
    ['upperdir', escape(upper, ',')], ['workdir', escape(work, ',')],
  ],
  'fsconfig, lowerdir': ({ lower, data, upper, work }) => [
    ['lowerdir', [lower.map((name) => escape(name, ':')).join(':'), ...data.map((name) => escape(name, ':'))].join('::')],
    ['upperdir', escape(upper, '')], ['workdir', escape(work, '')],
  ],
  'fsconfig, lowerdir+ as strings': ({ lower, data, upper, work }) => [...plus(lower, data), ['upperdir', escape(upper, '')], ['workdir', escape(work, '')]],
  'fsconfig, by descriptor': ({ lower, data, upper, work }) => [...plus(lower, data), ['upperdir', upper], ['workdir', work]],
}

const plus = (lower: readonly string[], data: readonly string[]): [string, string][] => [...lower.map((name): [string, string] => ['lowerdir+', name]), ...data.map((name): [string, string] => ['datadir+', name])]

function print(stack: Stack, said: readonly [string, string][]): Buffer {
  const options = said.map(([key, value]) => Buffer.concat([Buffer.from(`,${key}=`), octal(value)]))
  return Buffer.concat([Buffer.from('60 30 0:50 / '), octal(stack.target), Buffer.from(' rw,relatime shared:3 - overlay '), octal(stack.target), Buffer.from(' rw'), ...options, Buffer.from(',uuid=on\n')])
}

/** Directories of their own, so that no name is by chance another one's other reading. */
const stacks: fc.Arbitrary<Stack> = fc.record({
  target: hostileName(), lower: fc.array(hostileName(), { minLength: 1, maxLength: 8 }), data: fc.array(hostileName(), { maxLength: 3 }), upper: hostileName(), work: hostileName(),
}).map(({ target, lower, data, upper, work }) => ({
  target: `/t/${target}`, lower: lower.map((name, i) => `/l${i}/${name}`), data: data.map((name, i) => `/d${i}/${name}`), upper: `/u/${upper}`, work: `/w/${work}`,
}))

test.each(Object.entries(WAYS))('%s', (_, say) => {
  fc.assert(
    fc.property(stacks, (stack) => {
      const { mounts, unreadable } = parseMountinfo(print(stack, say(stack)))
      expect(unreadable).toEqual([])
      const there = new Set([...stack.lower, ...stack.data, stack.upper, stack.work])
      const overlay = decodeOverlay(mounts[0] as never, { exists: (path) => there.has(path) })
      expect(overlay).toMatchObject({ ...stack, source: stack.target, options: { uuid: 'on' } })
      expect(overlay.unresolved).toBeUndefined()
      expect(overlay.deleted).toBeUndefined()
    }),
    { numRuns: 400 },
  )
})

test('a name of 255 bytes, each of them escaped', () => {
  const name = `/${'\\'.repeat(255)}`
  const stack: Stack = { target: name, lower: [name, `${name}2`], data: [], upper: `${name}u`, work: `${name}w` }
  for (const say of Object.values(WAYS)) {
    const overlay = decodeOverlay(parseMountinfo(print(stack, say(stack))).mounts[0] as never, { exists: (path) => [name, `${name}2`, `${name}u`, `${name}w`].includes(path) })
    expect(overlay).toMatchObject(stack)
  }
})

/** Known for its device, and contradicted by every line: it only sends the line the careful way. */
const STRANGER = { version: 1, state: 'mounted', pid: 1, mountNamespace: '', bootId: '', target: '', directory: '', parts: [], madeDirs: [], device: '0:3', layers: { lower: [], data: [], upper: '/none' } } as const

test('the quick way and the careful way tell the same', () => {
  const path = fc.array(fc.constantFrom('a', 'b.c', '..d', '.', '..', '', 'proc', 'dev', 'fd', '7', 'e f', ':', 'diff', 'l'), { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
  const lines = fc.record({
    access: fc.constantFrom('rw', 'ro', 'rw,sync'),
    lower: fc.array(path, { minLength: 1, maxLength: 4 }).map((paths) => `,lowerdir=${paths.join(':')}`),
    upper: fc.option(fc.tuple(path, path).map(([upper, work]) => `,upperdir=${upper},workdir=${work}`), { nil: '' }),
    rest: fc.constantFrom('', ',uuid=on', ',index=off,fsync=volatile', ',volatile,userxattr', ',lowerdir+=/x', ',,'),
  }).map(({ access, lower, upper, rest }) => `1 2 0:3 / /t rw - overlay x ${`${access}${lower}${upper}${rest}`.replaceAll(' ', '\\040')}`)
  fc.assert(fc.property(lines, (line) => {
    const mount = parseMountinfo(line).mounts[0] as never
    expect(decodeOverlay(mount)).toEqual(decodeOverlay(mount, { receipts: [STRANGER] }))
  }), { numRuns: 3000 })
})

test('no length of a line is too long for it', () => {
  const lowers = Array.from({ length: 500 }, (_, i) => `/${'x'.repeat(240)}/${i}`).join(':')
  for (const end of ['', ',uuid=on', ',upperdir=/u\\134,workdir=/w', ',upperdir=/u,workdir=', ':', ':/x/']) {
    const mount = parseMountinfo(`1 2 0:3 / /t rw - overlay x ro,lowerdir=${lowers}${end}`).mounts[0] as never
    expect(decodeOverlay(mount).lower.length).toBeGreaterThanOrEqual(500)
  }
})

test('no line, however broken, is thrown at', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    for (const mount of parseMountinfo(bytes).mounts) decodeOverlay(mount)
  }))
  fc.assert(fc.property(fc.array(fc.constantFrom('lowerdir', 'lowerdir+', 'upperdir', 'workdir', '=', ',', ':', '\\', '\\134', '\\072', '/', 'a', '.', '"', 'context="', '(deleted)', '\\040')), (words) => {
    const mount = parseMountinfo(`1 2 0:3 / /t rw - overlay x rw,${words.join('')}`).mounts[0]
    expect(mount).toBeDefined()
    expect(decodeOverlay(mount as never).target).toBe('/t')
  }), { numRuns: 2000 })
})
