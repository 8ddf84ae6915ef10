import { describe, expect, test } from 'vitest'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import { overlay } from '../../../src/overlay/builder.ts'
import type { OverlayBuilder } from '../../../src/overlay/builder.ts'
import { describePlan, toShell } from '../../../src/plan/describe.ts'
import { planMount } from '../../../src/plan/plan-mount.ts'
import type { MountFacts } from '../../../src/plan/plan-mount.ts'
import { planUnmount } from '../../../src/plan/plan-unmount.ts'
import type { Receipt } from '../../../src/plan/step.ts'
import { VIA_WORDS, parseVia } from '../../../src/plan/via.ts'

const HOME = { stateDirectory: '/run/ovl', id: 'x1', pid: 7, mountNamespace: '4', bootId: 'b' }
const FACTS: MountFacts = { cwd: '/home/me', images: new Map(), missing: new Set(), pageSize: 4096 }
const plan = (said: OverlayBuilder, facts: Partial<MountFacts> = {}) => planMount({ spec: { ...said.spec, target: said.spec.target ?? '/m' }, ways: ['auto'], remember: false }, { ...FACTS, ...facts })

describe('a plan is data', () => {
  test('of a plain mount it is one step, with absolute paths', () => {
    const { steps } = plan(overlay().lower('a', './b//c').upper('/u').work('/w').at('m'))
    expect(steps).toMatchObject([{ do: 'mount-overlay', target: '/home/me/m', params: [{ path: '/home/me/a' }, { path: '/home/me/b/c' }, { path: '/u' }, { path: '/w' }] }])
  })

  test('parts come after the receipt, the overlay last', () => {
    const { steps } = plan(overlay().lower('/i.squashfs', { path: '/l', idmap: 'b:0:1:1' }).tmpfs('1m').at('/m'), { images: new Map([['/i.squashfs', 'squashfs']]), home: HOME })
    expect(steps.map((step) => step.do)).toEqual(['make-dir', 'write-receipt', 'make-dir', 'make-dir', 'attach-image', 'make-dir', 'clone-idmapped', 'make-dir', 'mount-tmpfs', 'make-dir', 'make-dir', 'mount-overlay'])
    expect(steps.at(-1)).toMatchObject({ params: [{ path: '/run/ovl/x1/lower-0' }, { path: '/run/ovl/x1/lower-1-mapped' }, { path: '/run/ovl/x1/rw/upper' }, { path: '/run/ovl/x1/rw/work' }], receipt: '/run/ovl/x1.json' })
  })

  test('only what is missing is made, and only where it was asked for', () => {
    const missing = new Set(['/t', '/t/m', '/u', '/u.work'])
    expect(plan(overlay().lower('/l').upper('/u').at('/t/m'), { missing }).steps.map((step) => (step.do === 'make-dir' ? step.path : step.do))).toEqual(['/u.work', 'mount-overlay'])
    expect(plan(overlay().lower('/l').upper('/u').mkdir().at('/t/m'), { missing, home: HOME }).steps.flatMap((step) => (step.do === 'make-dir' ? [step.path] : []))).toEqual(['/run/ovl', '/t', '/t/m', '/u', '/u.work'])
  })

  test('reads as sentences and as shell', () => {
    const said = plan(overlay().lower("/it's", '/b').tmpfs().at('/m'), { home: HOME })
    expect(describePlan(said).at(-1)).toBe("mount the overlay of 4 directories at '/m' (auto)")
    expect(toShell(said)).toEqual([
      'mkdir -p -m 700 /run/ovl',
      'mkdir -p -m 700 /run/ovl/x1',
      'mkdir -p -m 755 /run/ovl/x1/rw',
      'mount -t tmpfs -o mode=755 tmpfs /run/ovl/x1/rw',
      'mkdir -p -m 755 /run/ovl/x1/rw/upper',
      'mkdir -p -m 755 /run/ovl/x1/rw/work',
      String.raw`mount -t overlay overlay /m -o 'lowerdir=/it'\''s:/b,upperdir=/run/ovl/x1/rw/upper,workdir=/run/ovl/x1/rw/work'`,
    ])
  })
})

describe('taking down', () => {
  const receipt: Receipt = {
    version: 1, state: 'mounted', ...HOME, target: '/t/m', directory: '/run/ovl/x1', madeDirs: ['/t', '/t/m'], layers: { lower: [], data: [] },
    parts: [{ at: '/run/ovl/x1/lower-0', what: 'image', source: '/i' }, { at: '/run/ovl/x1/rw', what: 'tmpfs', source: 'tmpfs' }],
  }
  const steps = (mountedParts: string[], target?: string) => planUnmount({ ...(target === undefined ? {} : { target }), below: target === undefined ? [] : ['/t/m/a/b', '/t/m/a'], lazy: false, receipt, mountedParts: new Set(mountedParts) }).steps.map((step) => ('path' in step ? `${step.do} ${step.path}` : step.do))

  test('is deepest first, parts after the overlay, the receipt last', () => {
    expect(steps(['/run/ovl/x1/lower-0', '/run/ovl/x1/rw'], '/t/m')).toEqual([
      'unmount /t/m/a/b', 'unmount /t/m/a', 'unmount /t/m', 'unmount /run/ovl/x1/rw', 'unmount /run/ovl/x1/lower-0',
      'remove-dir /run/ovl/x1/rw', 'remove-dir /run/ovl/x1/lower-0', 'remove-dir /run/ovl/x1', 'remove-dir /t/m', 'remove-dir /t', 'remove-receipt /run/ovl/x1.json',
    ])
  })

  test('of remains unmounts only what is still there', () => {
    expect(steps(['/run/ovl/x1/rw'])[0]).toBe('unmount /run/ovl/x1/rw')
  })
})

describe('--via', () => {
  test.each([['auto', { via: 'auto' }], ['mount2:relative', { via: 'mount2', forms: ['relative'] }], ['fsconfig:lowerdir+', { via: 'fsconfig', forms: ['lowerdir+'] }]])('%s', (text, via) => expect(parseVia(text)).toEqual(via))
  test.each(['', 'fsopen', 'mount2:', 'mount2:fd', 'auto:fd'])('%j is refused', (text) => {
    try {
      parseVia(text)
      expect.unreachable()
    } catch (error) {
      expect(isOvlError(error) && error.code).toBe('usage')
    }
  })
  test('knows all words', () => expect(VIA_WORDS).toEqual(['auto', 'fsconfig', 'fsconfig:fd', 'fsconfig:lowerdir+', 'fsconfig:lowerdir', 'mount2', 'mount2:absolute', 'mount2:relative', 'mount2:proc-fd', 'mount8', 'fuse']))
})
