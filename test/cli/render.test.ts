/** Errors, plans and inspections as people see them, at 80 columns. */

import { describe, expect, it } from 'vitest'
import { finding } from '../../src/errors/make-finding.ts'
import { OvlError } from '../../src/errors/ovl-error.ts'
import { renderError } from '../../src/cli/output/human/error.ts'
import { renderInspection } from '../../src/cli/output/human/inspect.ts'
import { renderPlan } from '../../src/cli/output/human/plan.ts'
import { cells } from '../../src/cli/output/width.ts'
import type { Inspection, LayerView } from '../../src/mounts/inspection.ts'
import { view } from '../support/view.ts'

const MISSING = finding('lower-missing', {
  title: "the lower layer '/a\n' does not exist", explanation: 'The kernel opens each lower directory while mounting, and this one does not exist: it says “no such file”.',
  evidence: [{ fact: "stat('/a\n'): ENOENT", source: 'stat' }], fix: [{ text: 'Make it.', command: "mkdir -p -- $'/a\\n'" }], confidence: 'likely',
})

describe('an error', () => {
  it('says what the kernel said, then what is behind it', () => {
    const error = new OvlError('lower-missing', MISSING.title, { syscall: 'fsconfig(CMD_CREATE)', errno: 'ENOENT', kernel: ['overlay: failed to resolve'], undo: ['umount /x: EBUSY'], findings: [MISSING] })
    expect(renderError(error, 'ovl mount', view())).toBe(String.raw`ovl mount: fsconfig(CMD_CREATE) failed: no such file or directory (ENOENT)
  kernel: overlay: failed to resolve
  could not be undone: umount /x: EBUSY

error[lower-missing]: the lower layer '/a\n' does not exist (likely)
  The kernel opens each lower directory while mounting, and this one does not
  exist: it says “no such file”.
  stat        stat('/a\n'): ENOENT
  fix         Make it.
              $ mkdir -p -- $'/a\n'
  read        https://docs.kernel.org/filesystems/overlayfs.html#upper-and-lower
`)
  })

  it('is ASCII where the locale is', () => {
    expect(renderError(new OvlError('lower-missing', MISSING.title, { findings: [MISSING] }), 'ovl mount', view({ unicode: false }))).toMatch(/^[\n -~]*$/)
  })

  it('of no known cause is one line, with its hint', () => {
    expect(renderError(new OvlError('usage', 'TARGET is missing', { hint: 'see ovl mount --help' }), 'ovl mount', view())).toBe('ovl mount: TARGET is missing\n  see ovl mount --help\n')
  })

  it('does not say the errno twice', () => {
    expect(renderError(new OvlError('unknown', "cannot open '/x': permission denied (openat: EACCES)", { syscall: 'openat', errno: 'EACCES' }), 'ovl', view()).match(/EACCES/g)).toHaveLength(1)
  })

  it('that nobody foresaw is called a bug, with the place where -v is given', () => {
    expect(renderError(new TypeError('x is no function'), 'ovl mount', view())).toBe('ovl mount: x is no function\n  This is a bug in ovl. With -v it says where.\n')
    expect(renderError(new TypeError('x'), 'ovl mount', view({ verbose: true }))).toContain('render.test.ts')
    expect(renderError(new OvlError('internal', 'no overlay in the plan'), 'ovl mount', view())).toBe('ovl mount: no overlay in the plan\n  This is a bug in ovl. With -v it says where.\n')
  })

  it('wraps at the width of a narrow terminal', () => {
    const lines = renderError(new OvlError('lower-missing', MISSING.title, { findings: [MISSING] }), 'ovl', view({ columns: 50 })).split('\n').slice(1)
    expect(lines.filter((line) => cells(line) > 50 && !line.includes('https:'))).toEqual([])
  })
})

it('shows a plan as steps and as commands', () => {
  expect(renderPlan(["make the directory '/a\nb'", 'mount it'], ["mkdir $'/a\\nb'"], view())).toBe(String.raw`Would do

  1  make the directory '/a\nb'
  2  mount it

The same by hand

  mkdir $'/a\nb'
`)
  expect(renderPlan([], [], view())).toBe('Nothing is to be done.\n')
})

const LAYER: Omit<LayerView, 'role' | 'index' | 'path'> = { exists: true, mountsBelow: [], mount: { id: 1, target: '/', fsType: 'ext4', source: '/dev/sda', device: '8:1', readOnly: false } }
const INSPECTION: Inspection = {
  id: 40, parentId: 30, target: '/merged', source: 'overlay', type: 'overlay', device: '0:50', lower: ['/over', '/a b'], data: ['/blobs'], upper: '/changes', work: '/changes.work',
  options: { metacopy: 'on', redirect_dir: 'on' }, flags: ['rw', 'relatime'], readOnly: false, propagation: ['shared:5'], maker: { name: 'live-system', id: 'casper' },
  layers: [
    { ...LAYER, role: 'lower', index: 0, path: '/over', exists: false },
    { ...LAYER, role: 'lower', index: 1, path: '/a b', identity: { images: ['alpine:3.20'], store: 'docker', layer: 'abcdef0123456789' }, mountsBelow: ['/a b/sub'] },
    { ...LAYER, role: 'data', index: 0, path: '/blobs', mount: { id: 2, target: '/var', fsType: 'xfs', source: '/dev/sdb', device: '8:2', readOnly: true } },
    { ...LAYER, role: 'upper', index: 0, path: '/changes' },
    { ...LAYER, role: 'work', index: 0, path: '/changes.work' },
  ],
  room: { bytes: { free: 2n ** 30n, total: 2n ** 32n }, inodes: { free: 10n, total: 100n } },
  inForce: [{ name: 'metacopy', value: 'on', origin: 'mount' }, { name: 'redirect_dir', value: 'on', origin: 'implied' }, { name: 'index', value: 'off', origin: 'module' }, { name: 'userxattr', value: false, origin: 'kernel' }],
  hides: [], findings: [],
}

describe('an inspection', () => {
  it('is a picture of the stack, and what is in force', () => {
    expect(renderInspection(INSPECTION, view())).toBe(`/merged: writable overlay of 4 layers, made by live-system (casper)

Topmost first: each layer covers the ones below it.

  ┌ upper    /changes  ext4 on /
  │          work /changes.work
  │          1.0 GiB of 4.0 GiB free, 10 of 100 inodes
  ├ lower 1  /over     ext4 on /
  │          is missing
  ├ lower 2  '/a b'    ext4 on /
  │          alpine:3.20, docker abcdef012345
  │          not seen through the overlay: what is mounted at '/a b/sub'
  └ data 1   /blobs    xfs on /var, ro

  asked for   metacopy=on
  implied     redirect_dir=on
  by module   index=off
  built in    no userxattr
  flags       rw, relatime
  mount       id 40, device 0:50, source overlay, shared:5

Nothing wrong was found.
`)
  })

  it('is ASCII where the locale is, and stays within the terminal', () => {
    const long = { ...INSPECTION, layers: INSPECTION.layers.map((layer) => ({ ...layer, path: `/very/long${'/directory'.repeat(20)}` })) }
    const lines = renderInspection(long, view({ unicode: false })).split('\n')
    expect(lines.join('')).toMatch(/^[ -~]*$/)
    expect(lines.filter((line) => /^ {2}[+|]/.test(line) && !line.includes('work /') && line.length > 80)).toEqual([])
  })

  it('puts findings at the end', () => {
    expect(renderInspection({ ...INSPECTION, findings: [MISSING] }, view())).toMatch(/\n\nerror\[lower-missing\]: .*\n(.*\n)+ {2}read .*\n$/)
  })
})

it('is told whose failure it is, also where the kernel gave no errno', () => {
  const text = renderError(new OvlError('lower-missing', MISSING.title, { kernel: ['mount: wrong fs type'], findings: [MISSING] }), 'ovl mount', view())
  expect(text).toMatch(/^ovl mount: .*\n {2}kernel: mount: wrong fs type\n/)
})
