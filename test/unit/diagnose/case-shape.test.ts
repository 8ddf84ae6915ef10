/** Facts files that others made or broke: what is accepted is judged without a trace, and what is not is named by its place. */

import { assert, integer, property } from 'fast-check'
import { expect, test } from 'vitest'
import type { Case } from '../../../src/diagnose/case.ts'
import { judgeCase } from '../../../src/diagnose/case.ts'
import { faultOfCase } from '../../../src/diagnose/case-shape.ts'
import { redactCase } from '../../../src/diagnose/redact.ts'
import { finding } from '../../../src/errors/make-finding.ts'
import { directory, facts, known, overlay, paths, refused } from './make-facts.ts'

/** A case with something in every field that there is. */
const FULL: Case = {
  version: 1,
  facts: {
    ...facts({
      spec: { options: { metacopy: 'on', volatile: true }, flags: ['ro'], propagation: 'private', unknown: [{ key: 'a', value: 'b' }], label: 'c', userspace: ['x-a'], tmpfs: { size: '1m' }, lower: [{ path: '/l1', idmap: 'b:0:1:2', bind: true }] },
      paths: paths(refused('lower', '/l2', 'ENOENT', { index: 1, culprit: '/l2', via: { link: '/a', to: '/b' } }), directory('upper', '/u', { imageState: known({ clean: false, fact: 'x' }), mountFlags: known(['nodev']), ancestry: ['1:2'], mountsBelow: known(['/u/m']), culpritFsType: known('nfs') })),
      joined: [{ path: '/a:b', parts: ['/a', 'b'], separator: ':' }], work: known({ work: 'directory', index: 'file', incompat: ['volatile'], indexJunk: ['#1'] }), overlays: known([overlay()]),
      holders: known([{ mountId: 1, target: '/m', role: 'upper', path: '/u', device: '1', inode: '2', place: known({ superblock: '8:1', path: '/u' }), elsewhere: { namespace: '1', pid: 2, program: 'a' } }]),
      trial: { errno: 'EINVAL', syscall: 'fsconfig', form: 'fd', context: ["overlay: failed to resolve '/l2': -2"], kernel: known(["overlayfs: failed to resolve '/l2': -2"]) },
      upperProbe: known({ dType: 'works', trustedXattr: 'works', userXattr: 'EOPNOTSUPP', tmpfile: 'works', renameWhiteout: 'works' }),
    }),
  },
  faults: [finding('option-unknown', { title: 'a', fix: [{ text: 'b', command: 'c' }], evidence: [{ fact: 'd', source: 'stat' }] })],
  trial: { tried: ['a'], leftOut: ['b'], refused: { code: 'no-space', message: 'c', findings: [finding('no-space', { title: 'd' })] }, work: { path: '/w', errno: 'EACCES' }, inUserNamespace: true },
}
const BASES: readonly Case[] = [FULL, { ...FULL, facts: { ...FULL.facts, mounted: known(overlay()) } }, (({ trial: _, ...rest }) => ({ ...rest, facts: facts() }))(FULL)]

const judge = (value: Case): void => {
  judgeCase(value)
  judgeCase(redactCase(value))
}

test('what ovl writes is accepted', () => {
  for (const base of BASES) {
    expect(faultOfCase(JSON.parse(JSON.stringify(base)))).toBeUndefined()
    judge(base)
  }
})

const WRONG: readonly unknown[] = [null, [], {}, 0, -1, 1e300, 'x', '', true, false, [null], [[]], { known: true }, { known: false }, '9'.repeat(30), ['x'], { length: 5 }]

/** Every place in a value that something can be put at. */
function places(value: unknown, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))]
}

function put(base: unknown, at: readonly (string | number)[], value: unknown): unknown {
  const [key, ...rest] = at
  if (key === undefined) return value
  const copy = (Array.isArray(base) ? [...(base as unknown[])] : { ...(base as object) }) as Record<string | number, unknown>
  if (value === undefined && rest.length === 0) delete copy[key]
  else copy[key] = put(copy[key], rest, value)
  return copy
}

test('whatever is put in whichever place, it is refused by its place, or judged', () => {
  assert(property(integer({ min: 0, max: BASES.length - 1 }), integer({ min: 0 }), integer({ min: 0 }), integer({ min: 0 }), integer({ min: -1, max: WRONG.length - 1 }), integer({ min: -1, max: WRONG.length - 1 }), (which, first, second, both, a, b) => {
    const base = BASES[which] as Case
    const all = places(base)
    const one = put(base, all[first % all.length] as readonly string[], a < 0 ? undefined : WRONG[a])
    const others = places(one)
    const value = both % 2 === 0 ? one : put(one, others[second % others.length] as readonly string[], b < 0 ? undefined : WRONG[b])
    const fault = value === undefined ? 'it is no JSON' : faultOfCase(value)
    if (fault === undefined) judge(value as Case)
    else expect(fault).toMatch(/^(?:'[^']+' |it is no )/)
  }), { numRuns: 2000 })
})

test('the place is said', () => {
  expect(faultOfCase(null)).toBe('it is no object')
  expect(faultOfCase(put(FULL, ['facts', 'paths', 1, 'role'], 'x'))).toBe(`'facts.paths[1].role' is not "lower" or "data" or "upper" or "work" or "target"`)
  expect(faultOfCase(put(FULL, ['facts', 'system', 'mountMax'], 5))).toBe("'facts.system.mountMax' is not an object")
  expect(faultOfCase(put(FULL, ['facts', 'spec', 'options', 'frob'], 'x'))).toBe("'facts.spec.options.frob' is not known")
  expect(faultOfCase(put(FULL, ['facts', 'work', 'value'], undefined))).toBe("'facts.work.value' is not an object")
})
