/** A case without names is judged as the case with them. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeCase } from '../../../src/diagnose/case.ts'
import type { Case } from '../../../src/diagnose/case.ts'
import { redactCase } from '../../../src/diagnose/redact.ts'
import { nameBytes } from '../../../src/names/bytes.ts'
import { hostileName } from '../../support/names.ts'
import { directory, facts, known, paths, refused } from './make-facts.ts'

const caseOf = (change: Parameters<typeof facts>[0], faults: Case['faults'] = []): Case => ({ version: 1, facts: facts(change), faults })
const codes = (judged: Case): string[] => judgeCase(judged).findings.map(({ code, severity, confidence }) => `${severity} ${code} ${confidence}`)

const CASES: Readonly<Record<string, Case>> = {
  'a missing path': caseOf({ spec: { lower: [{ path: '/home/alice/secret' }] }, paths: paths(refused('lower', '/home/alice/secret', 'ENOENT', { culprit: '/home/alice' })) }),
  'a tilde': caseOf({ spec: { upper: '~alice/u' }, paths: paths(refused('upper', '~alice/u', 'ENOENT', { absolute: '/here/~alice/u', culprit: '/here/~alice' })) }),
  'a colon': caseOf({ spec: { lower: [{ path: '/alice/a' }, { path: 'bob' }] }, paths: paths(refused('lower', '/alice/a', 'ENOENT'), refused('lower', 'bob', 'ENOENT', { index: 1, absolute: '/here/bob' })), joined: [{ path: '/alice/a:bob', parts: ['/alice/a', 'bob'], separator: ':' }] }),
  'a comma': caseOf({ spec: { lower: [{ path: '/alice/a' }], unknown: [{ key: 'bob', value: 'carol' }] }, paths: paths(refused('lower', '/alice/a', 'ENOENT')), joined: [{ path: '/alice/a,bob=carol', parts: ['/alice/a', 'bob=carol'], separator: ',' }] }),
  'one inside another': caseOf({ spec: { lower: [{ path: '/alice' }, { path: '/alice/sub' }] }, paths: paths(directory('lower', '/alice', { place: known({ superblock: '8:1', path: '/alice' }) }), directory('lower', '/alice/sub', { index: 1, ancestry: ['1:5'], place: known({ superblock: '8:1', path: '/alice/sub' }) })) }),
  'the kernel’s words': caseOf({ spec: { lower: [{ path: '/alice' }, { path: '/l2' }] }, paths: paths(refused('lower', '/alice', 'ENOENT')), trial: { syscall: 'mount', errno: 'ENOENT', kernel: known(["overlayfs: failed to resolve '/alice': -2"]) } }),
}

test.each(Object.entries(CASES))('%s', (_, judged) => {
  const redacted = redactCase(judged)
  expect(codes(redacted)).toEqual(codes(judged))
  expect(JSON.stringify(redacted)).not.toMatch(/alice|bob|carol|secret/)
  expect(JSON.stringify(judgeCase(redacted))).not.toMatch(/alice|bob|carol|secret/)
})

test('equal stays equal, inside stays inside, long stays long', () => {
  fc.assert(fc.property(fc.array(hostileName(), { minLength: 2, maxLength: 5 }), (names) => {
    const [first, ...rest] = names as [string, ...string[]]
    const path = `/${first}`
    const inner = `${path}/${rest.join('/')}`
    const { facts: { paths: [a, b, c] } } = redactCase(caseOf({ paths: [directory('lower', path), directory('lower', inner), directory('upper', path)] }))
    expect(a?.path).toBe(c?.path)
    expect(b?.path.startsWith(`${a?.path ?? ''}/`)).toBe(true)
    expect(nameBytes(b?.path ?? '')).toBeGreaterThanOrEqual(nameBytes(inner))
    expect((b?.path ?? '').replace(/[\p{L}\p{N}_.\-+@%\udc80-\udcff]+/gu, '')).toBe(inner.replace(/[\p{L}\p{N}_.\-+@%\udc80-\udcff]+/gu, ''))
  }))
})

test('what every system has is kept', () => {
  const { facts: { paths: [only], system } } = redactCase(caseOf({ paths: [directory('upper', '/var/lib/docker/overlay2/abcdef/diff')] }))
  expect(only?.path).toMatch(/^\/var\/lib\/docker\/overlay2\/n\w{5}\/diff$/)
  expect(system.kernelRelease).toBe('6.18.44')
})
