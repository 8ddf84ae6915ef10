/** A case without names is judged as the case with them. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeCase } from '../../../src/diagnose/case.ts'
import type { Case } from '../../../src/diagnose/case.ts'
import { redactCase } from '../../../src/diagnose/redact.ts'
import { finding } from '../../../src/errors/make-finding.ts'
import { nameBytes } from '../../../src/names/bytes.ts'
import { hostileName } from '../../support/names.ts'
import { directory, facts, known, overlay, paths, refused } from './make-facts.ts'

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
    expect((b?.path ?? '').replace(/[\p{L}\p{M}\p{N}_.\-+@%\udc80-\udcff]+/gu, '')).toBe(inner.replace(/[\p{L}\p{M}\p{N}_.\-+@%\udc80-\udcff]+/gu, ''))
  }))
})

test('what every system has is kept', () => {
  const { facts: { paths: [only], system } } = redactCase(caseOf({ paths: [directory('upper', '/var/lib/docker/overlay2/abcdef/diff')] }))
  expect(only?.path).toMatch(/^\/var\/lib\/docker\/overlay2\/n\w{5}\/diff$/)
  expect(system.kernelRelease).toBe('6.18.44')
})

describe('nothing that was said by a user comes out', () => {
  /** Every string of a case, and what it becomes: the same with a mark in it. */
  const mark = (value: unknown, at = { count: 0 }): unknown => {
    if (typeof value === 'string') return `${value}${value.startsWith('/') ? '/' : ' '}sEcReT${at.count++}q`
    if (Array.isArray(value)) return value.map((item) => mark(item, at))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, mark(field, at)]))
  }

  /** Every property that a case can have, filled. */
  const full: Case = {
    ...caseOf({
      spec: {
        source: 'disk', lower: [{ path: '/a', idmap: 'b:0:1:2' }], data: [{ path: 'd' }], label: 'system_u:object_r:x', tmpfs: { size: '64m' }, options: { index: 'on', redirect_dir: 'off' },
        unknown: [{ key: 'password', value: 'hunter' }, { key: 'bare' }], userspace: ['x-mine=1', 'comment=hello'],
      },
      paths: [directory('lower', '/a', { errno: 'ENOENT', culprit: '/a', via: { link: '/l', to: '../b' }, culpritFsType: known('fuse.mine'), imageState: known({ clean: false, fact: 'the journal of disk' }), mountFlags: known(['noexec']), mountsBelow: known(['/a/b']), fsType: known('fuse.other'), ancestry: ['1:2'] })],
      joined: [{ path: '/a:b', parts: ['/a', 'b'], separator: ':' }],
      work: known({ work: 'directory', incompat: ['volatile'], indexJunk: ['junk'] }),
      overlays: known([overlay({ source: 'x', maker: { name: 'docker', id: 'abcdef' }, options: { index: 'on' }, propagation: ['shared:1'], deleted: ['/l1'], namespace: { inode: '4026531840', pid: 1 } })]),
      holders: known([{ mountId: 1, target: '/m', role: 'upper', path: '/u', device: '1', inode: '2', place: known({ superblock: '8:1', path: '/u' }), elsewhere: { namespace: '4026531840', pid: 3, program: 'postgres' } }]),
      trial: { syscall: 'mount', errno: 'EINVAL', context: ['overlay: Unknown parameter hidden'], kernel: known(['usb 1-1: Product: Stick of somebody', "overlayfs: failed to resolve '/home/me': -2"]) },
      system: { kernelRelease: '6.18.44-company', securityModules: known(['yama']), userNamespaceLimits: known({ 'user.max_user_namespaces': '15000' }), moduleParameters: known({ index: 'N' }), mountMax: { known: false, why: 'host laptop said no' }, kernelConfig: known({ CONFIG_OVERLAY_FS: 'y' }) },
      upperProbe: known({ dType: 'works', trustedXattr: 'works', userXattr: 'works', tmpfile: 'works', renameWhiteout: 'EPERM' }),
      mounted: known(overlay({ maker: { name: 'containerd', id: 'web' } })),
    }, [finding('usage', { title: "'thing' is wrong", evidence: [{ fact: 'HOME=/home/me TOKEN=xyz', source: 'message' }], fix: [{ text: 'Do this to it.', command: "rm -- 'my file' other" }] })]),
    trial: {
      tried: ["mounting at '/home/me/my diary' in a private mount namespace: refused"], leftOut: ['the upper of host alpha was not tried'], inUserNamespace: true, work: { path: '/w', errno: 'EIO' },
      refused: { code: 'usage', message: 'no such thing as fred', hint: 'Ask fred.', findings: [] },
    },
  }

  test('marks in every string', () => {
    const marked = mark(full)
    expect(JSON.stringify(marked).match(/sEcReT/g)?.length).toBeGreaterThan(100)
    expect(JSON.stringify(redactCase(marked as Case))).not.toContain('sEcReT')
  })

  test('marks in place of every string', () => {
    const replaced = JSON.parse(JSON.stringify(full), (key, value: unknown) => (typeof value === 'string' && key !== 'code' ? (value.startsWith('/') ? '/sEcReT1q/sEcReT2q' : 'sEcReT3q') : value)) as Case
    expect(JSON.stringify(redactCase(replaced))).not.toContain('sEcReT')
  })

  test('names of properties that no case has', () => {
    const more = { ...full, sEcReT1q: 1, facts: { ...full.facts, sEcReT2q: 'x', mounted: known(overlay({ options: { sEcReT3q: 'on', path: 'off' } })), system: { ...full.facts.system, moduleParameters: known({ sEcReT4q: 'Y' }) } } } as Case
    expect(JSON.stringify(redactCase(more))).not.toContain('sEcReT')
  })

  test('what was seen to come out', () => {
    const out = JSON.stringify(redactCase(full))
    for (const word of ['password', 'hunter', 'diary', 'fred', 'postgres', 'abcdef', 'laptop', 'company', 'Stick', 'TOKEN', 'xyz', 'alpha', 'mine', 'hello', 'object_r', 'hidden']) expect(out, word).not.toMatch(new RegExp(`\\b${word}\\b`))
  })

  test('and what is known stays', () => {
    const { facts: { system, trial, spec, upperProbe }, trial: attempt } = redactCase(full)
    expect([system.kernelRelease.slice(0, 8), trial?.syscall, trial?.errno, spec?.options, upperProbe]).toEqual(['6.18.44-', 'mount', 'EINVAL', { index: 'on', redirect_dir: 'off' }, full.facts.upperProbe])
    expect(attempt?.tried[0]).toMatch(/^mounting at '\/home\/n\w+\/n\w+ n\w+' in a private mount namespace: refused$/)
  })
})

test('is judged as it was, whatever the names are', () => {
  const name = fc.oneof(hostileName(), fc.constantFrom('failed', 'upper', 'index=on', 'not', '12', 'n1', "it's", 'a b', 'e\u0301', '~x', '$HOME', '~-..a-', '~a.b', '~a+b', '~a@b/c', '~é', '%HOME%', '%HOME', '%a%', '$a.b', '`x`', '{a,b}', '$(a b)', '"a"'))
  const failing = fc.constantFrom('ENOENT', 'EACCES', 'ELOOP', 'ENOTDIR')
  fc.assert(fc.property(fc.array(name, { minLength: 4, maxLength: 4 }), failing, fc.constantFrom('ENOENT', 'EINVAL', 'EBUSY', 'EPERM'), ([a = '', b = '', c = '', option = ''], errno, answer) => {
    // Options are cut at these.
    const d = option.replaceAll(/[=,]/g, '-')
    const judged = caseOf({
      spec: { lower: [{ path: `/${a}` }, { path: `/${a}/${b}` }], upper: c, unknown: [{ key: d }], source: d },
      paths: paths(refused('lower', `/${a}`, errno, { culprit: `/${a}` }), directory('lower', `/${a}/${b}`, { index: 1 }), refused('upper', c, 'ENOENT', { absolute: `/here/${c}` })),
      trial: { syscall: 'mount', errno: answer, kernel: known([`overlayfs: failed to resolve '/${a}': -2`, `overlayfs: unrecognized mount option "${d}" or missing value`]) },
    })
    expect(codes(redactCase(judged))).toEqual(codes(judged))
  }), { numRuns: 300 })
})
