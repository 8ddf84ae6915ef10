/** The rules of `ovl doctor` over made-up probes: which finding, how bad, and whether overlays can be used. */

import { describe, expect, test } from 'vitest'
import { judgeProbes } from '../../../src/diagnose/doctor.ts'
import type { DoctorFacts, ProbeRow } from '../../../src/diagnose/doctor.ts'
import type { PathFact, SystemFact } from '../../../src/diagnose/facts.ts'
import { PROBES } from '../../../src/host/probe/table.ts'
import { renderCheckup } from '../../../src/cli/output/human/doctor.ts'
import { cells } from '../../../src/cli/output/width.ts'
import { view } from '../../support/view.ts'

const is = <T>(value: T) => ({ known: true, value }) as const

const SYSTEM: SystemFact = {
  kernelRelease: '6.18.0', pageSize: 4096, overlayRegistered: is(true), moduleParameters: is({}), inUserNamespace: is(false), capSysAdmin: is(true), mayMount: is(true), uid: 0,
  mountMax: is(100_000), mountCount: is(30), securityModules: is([]), userNamespaceLimits: is({ 'user.max_user_namespaces': '15000' }), modulesInstalled: is(true),
}
const DIRECTORY: PathFact = {
  role: 'upper', index: 0, path: '.', absolute: '/srv/data', kind: 'directory', fsType: is('ext4'), mountPoint: is('/srv'), mountReadOnly: is(false), superReadOnly: is(false),
  free: is({ bytes: '1000000', inodes: '1000', totalInodes: '2000' }), mountsBelow: is([]),
}

interface Change {
  readonly rows?: Readonly<Record<string, Partial<ProbeRow>>>
  readonly system?: Partial<SystemFact>
  readonly directory?: Partial<PathFact>
  readonly namespace?: 'mount' | 'user' | 'none'
  readonly closed?: DoctorFacts['closed']
}

/** A system on which all is well, but for the change. */
function facts({ rows = {}, system = {}, directory = {}, namespace = 'mount', closed = [] }: Change = {}): DoctorFacts {
  return {
    system: { ...SYSTEM, ...system },
    directory: { ...DIRECTORY, ...directory },
    ...(namespace === 'none' ? {} : { namespace }),
    closed,
    rows: PROBES.map(({ id, group, what }) => ({ id, group, what, state: namespace === 'none' && id === 'overlay' ? 'unknown' : 'works', detail: 'fine', evidence: [], ...rows[id] })),
  }
}

const seen = (fact: string) => [{ fact, source: 'kernel-log' }] as const
const REFUSED = { state: 'refused' } as const
const NO_USERNS = [{ namespace: 'user', why: 'unshare failed: Operation not permitted' }] as const
const USER = { uid: 1000, capSysAdmin: is(false), mayMount: is(false) } as const

const CASES: readonly (readonly [what: string, change: Change, codes: readonly string[], usable: string])[] = [
  ['nothing wrong', {}, [], 'yes'],
  ['a user with namespaces', { namespace: 'user', system: USER }, [], 'yes'],
  ['no overlay', { rows: { overlay: { state: 'missing' } } }, ['error module-missing'], 'no'],
  ['modules of another kernel', { rows: { overlay: { state: 'missing' } }, system: { modulesInstalled: is(false) } }, ['error module-missing'], 'no'],
  ['locked out', { namespace: 'none', system: USER, closed: NO_USERNS }, ['error not-permitted'], 'no'],
  ['locked out, and fuse is missing', { namespace: 'none', system: USER, closed: NO_USERNS, rows: { 'fuse-overlayfs': { state: 'missing' } } }, ['error not-permitted', 'note tool-missing'], 'no'],
  ['root with the capability, and a profile that forbids mount(2)', { namespace: 'none', closed: [{ namespace: 'mount', why: 'cannot change root filesystem propagation: Permission denied' }, ...NO_USERNS] }, ['error lsm-denied'], 'no'],
  ['a sysctl', { namespace: 'none', system: { ...USER, userNamespaceLimits: is({ 'kernel.unprivileged_userns_clone': '0' }) }, closed: NO_USERNS }, ['error userns-disabled'], 'no'],
  ['a sysctl that is no matter to root', { system: { userNamespaceLimits: is({ 'kernel.apparmor_restrict_unprivileged_userns': '1' }) } }, ['note userns-disabled'], 'yes'],
  ['no unshare(1)', { namespace: 'none', closed: [{ namespace: 'mount', why: 'unshare is not installed', missing: true }] }, ['warning tool-missing'], 'unknown'],
  ['an old kernel without root', { namespace: 'user', system: USER, rows: { overlay: REFUSED } }, ['error not-permitted'], 'no'],
  ['a security module', { rows: { overlay: REFUSED }, system: { securityModules: is(['selinux']) } }, ['error lsm-denied'], 'no'],
  ['in a user namespace', { namespace: 'user', system: USER, rows: { 'rootless-plain': REFUSED } }, ['note userns-needs-userxattr'], 'yes'],
  ['on an overlay', { directory: { fsType: is('overlay') }, rows: { 'dir-upper': REFUSED } }, ['warning upper-on-overlay'], 'yes'],
  ['on NFS', { directory: { fsType: is('nfs4') }, rows: { 'dir-upper': REFUSED } }, ['warning upper-remote'], 'yes'],
  ['without d_type', { rows: { 'dir-upper': { ...REFUSED, evidence: seen('overlayfs: upper fs needs to support d_type.') } } }, ['warning upper-no-d-type'], 'yes'],
  ['silently read-only', { rows: { 'dir-upper': { ...REFUSED, evidence: seen('overlayfs: failed to create directory w/work (errno: 13); mounting read-only') } } }, ['warning work-dir-unusable'], 'yes'],
  ['read-only', { directory: { superReadOnly: is(true) }, rows: { 'dir-upper': { state: 'unknown' }, 'dir-write': REFUSED } }, ['warning upper-read-only'], 'yes'],
  ['not writable', { rows: { 'dir-upper': { state: 'unknown' }, 'dir-write': { ...REFUSED, evidence: seen('mkdir: EACCES') } } }, ['note path-unreadable'], 'yes'],
  ['no xattrs', { rows: { 'dir-xattr': { state: 'missing' } } }, ['warning upper-no-xattr'], 'yes'],
  ['full, by its own account', { directory: { free: is({ bytes: '0', inodes: '0', totalInodes: '0' }) } }, [], 'yes'],
  ['full', { directory: { free: is({ bytes: '0', inodes: '0', totalInodes: '9' }) }, rows: { 'dir-upper': { ...REFUSED, evidence: seen('ENOSPC') } } }, ['warning no-space', 'warning no-inodes'], 'yes'],
  ['inodes as needed', { directory: { free: is({ bytes: '9', inodes: '0', totalInodes: '0' }) } }, [], 'yes'],
  ['full, and tried', { directory: { free: is({ bytes: '0', inodes: '5', totalInodes: '9' }) }, rows: { 'dir-upper': { ...REFUSED, evidence: seen('ENOSPC') } } }, ['warning no-space'], 'yes'],
  ['neither lower nor upper', { rows: { 'dir-lower': { ...REFUSED, evidence: seen('overlayfs: maximum fs stacking depth exceeded') }, 'dir-upper': { state: 'unknown' } } }, ['error stack-too-deep'], 'no'],
  ['locked mounts', { namespace: 'user', system: USER, directory: { mountsBelow: is(['/srv/data/x']) }, rows: { 'dir-lower': REFUSED, 'dir-upper': { state: 'unknown' } } }, ['error userns-locked-mounts'], 'no'],
  ['no koffi', { rows: { ffi: { state: 'missing' } } }, ['warning ffi-unavailable'], 'yes'],
  ['a mount(8) that calls fsconfig', { rows: { mount: { parts: [{ name: 'version', state: 'works', detail: '2.41' }, { name: 'fsconfig', state: 'works' }] } } }, ['note value-too-long'], 'yes'],
  ['mounts running out', { system: { mountCount: is(95_000) } }, ['warning mount-limit'], 'yes'],
]

describe('findings', () => {
  test.each(CASES)('%s', (_, change, codes, usable) => {
    const checkup = judgeProbes(facts(change))
    expect(checkup.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(codes)
    expect(checkup.usable).toBe(usable)
    for (const { title, fix } of checkup.findings) expect([title, ...fix.map(({ command = '' }) => command)].join('\n')).not.toMatch(/undefined|…/)
  })
})

test('every probe has an id of its own, and options have theirs from the table', () => {
  const ids = PROBES.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toContain('option-fsync')
})

describe('the table', () => {
  test('fits 80 columns, one line a probe', () => {
    const text = renderCheckup(judgeProbes(facts()), view())
    expect(text.split('\n').filter((line) => cells(line) > 80)).toEqual([])
    expect(text.match(/^ {2}✓ /gm)).toHaveLength(PROBES.length)
    expect(text).toMatch(/^Linux 6\.18\.0, root: overlays work here\n\/srv\/data can be a lower and an upper\n/)
    expect(text).toMatch(/\nNothing is in the way\.\n$/)
  })

  test('is ASCII where the locale is, and shows foreign names for what they are', () => {
    const text = renderCheckup(judgeProbes(facts({ directory: { absolute: '/srv/\u001b[31m' } })), view({ unicode: false }))
    expect(text).toMatch(/^[\n -~]*$/)
    expect(text).toContain(String.raw`Directory $'/srv/\x1b[31m'`)
  })

  test('says once what holds for many', () => {
    const rows = Object.fromEntries(PROBES.filter(({ group }) => group === 'options').map(({ id }) => [id, { state: 'unknown', detail: 'not tried' } as const]))
    expect(renderCheckup(judgeProbes(facts({ rows })), view())).toMatch(/^Options\n {2}\? \d+ probes +not tried\n$/m)
  })
})
