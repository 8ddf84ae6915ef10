/** From error to exit code, as the contract has it. */

import { expect, it } from 'vitest'
import type { FindingCode } from '../../src/errors/codes.ts'
import { OvlError } from '../../src/errors/ovl-error.ts'
import type { Family } from '../../src/cli/define.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'

const CASES: readonly (readonly [code: FindingCode, family: Family, exit: number])[] = [
  ['usage', 'mount', 1], ['not-permitted', 'mount', 1], ['ffi-unavailable', 'mount', 2], ['tool-missing', 'mount', 2], ['internal', 'mount', 4], ['interrupted', 'mount', 8],
  ['lower-missing', 'mount', 32], ['umount-busy', 'mount', 32], ['not-mounted', 'mount', 32], ['unknown', 'mount', 32],
  ['usage', 'look', 1], ['not-mounted', 'look', 1], ['internal', 'look', 4],
  ['usage', 'check', 2], ['not-permitted', 'check', 2],
  ['usage', 'diff', 2], ['not-mounted', 'diff', 2],
  ['usage', 'fsck', 16], ['lower-missing', 'fsck', 8], ['interrupted', 'fsck', 32],
  ['output-failed', 'mount', 2], ['output-failed', 'look', 2], ['output-failed', 'check', 2], ['output-failed', 'run', 125],
  ['usage', 'run', 125], ['internal', 'run', 125],
]

it.each(CASES)('%s of family %s is %d', (code, family, exit) => {
  expect(exitCodeOf(new OvlError(code, 'x'), family)).toBe(exit)
})

it('counts anything else that is thrown as a bug', () => {
  expect(exitCodeOf(new TypeError('x'), 'mount')).toBe(4)
})
