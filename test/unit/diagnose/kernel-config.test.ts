/** Why there is no overlay, by the kernel’s own configuration; and the older word for an option that a kernel does not know. */

import { expect, test } from 'vitest'
import { judgeFailure } from '../../../src/diagnose/judge.ts'
import { parseKernelConfig } from '../../../src/host/facts/system.ts'
import { CREATE, facts, known } from './make-facts.ts'

test('the configuration, its comments and its gaps', () => {
  expect(parseKernelConfig('CONFIG_OVERLAY_FS=m\n# CONFIG_OVERLAY_FS_INDEX is not set\nCONFIG_OVERLAY_FS_REDIRECT_DIR=y\nCONFIG_EXT4_FS=y\n')).toEqual({ CONFIG_OVERLAY_FS: 'm', CONFIG_OVERLAY_FS_INDEX: 'n', CONFIG_OVERLAY_FS_REDIRECT_DIR: 'y' })
  expect(parseKernelConfig('CONFIG_EXT4_FS=y\n')).toEqual({ CONFIG_OVERLAY_FS: 'n' })
})

test.each([
  ['n', true, /was built without overlay/],
  ['m', true, /module of this kernel .* is not loaded/],
  ['m', false, /no modules for the running kernel/],
])('built %s, modules installed %s', (built, installed, title) => {
  const [first] = judgeFailure(facts({ system: { overlayRegistered: known(false), modulesInstalled: known(installed), kernelConfig: known({ CONFIG_OVERLAY_FS: built }) }, trial: { syscall: 'fsopen', errno: 'ENODEV' } }))
  expect(first).toMatchObject({ code: 'module-missing', confidence: 'certain', title: expect.stringMatching(title) as unknown })
  expect(JSON.stringify(first?.evidence)).toContain('CONFIG_OVERLAY_FS')
})

test.each([
  { context: ["overlay: Unknown parameter 'fsync'"] },
  { syscall: CREATE, errno: 'EINVAL', kernel: known(['overlayfs: unrecognized mount option "fsync=volatile" or missing value']) },
])('fsync=volatile on 6.1 is volatile there: %#', (trial) => {
  const found = judgeFailure(facts({ spec: { options: { fsync: 'volatile' } }, system: { kernelRelease: '6.1.0-42-amd64' }, trial: { syscall: 'fsconfig(SET_STRING)', errno: 'EINVAL', ...trial } }))
  const one = found.find(({ code }) => code === 'option-needs-newer-kernel')
  expect(one?.fix[0]).toMatchObject({ text: expect.stringContaining('Say volatile, which means the same') as unknown, command: expect.stringMatching(/-o volatile /) as unknown })
  expect(one?.fix[0]?.command).not.toContain('fsync')
})
