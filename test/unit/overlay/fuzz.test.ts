/** Malformed option strings: 100,000 of them, none crashes the parser, and what it accepts reads back as itself. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeMountData } from '../../../src/overlay/encode.ts'
import { parseMountOptions } from '../../../src/overlay/mount-options.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import { validate } from '../../../src/overlay/validate.ts'

const PIECES = ['lowerdir', 'lowerdir+', 'datadir+', 'upperdir', 'workdir', '=', ',', ':', '::', '\\', '"', ' ', '/a', '/b c', 'ro', 'rw', 'index', 'on', 'off', 'metacopy', 'volatile', 'context', 'x-a', '\0', '\n', '~', '$X', 'remount', '+', 'lower', '\udcff', '\ud83d']
const text = fc.oneof({ weight: 9, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((parts) => parts.join('')) }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) })

test('100,000 malformed strings', () => {
  fc.assert(fc.property(text, (options) => {
    const read = parseMountOptions(options)
    const spec = { ...EMPTY_SPEC, ...read, lower: (read.lower ?? []).map((path) => ({ path })), data: (read.data ?? []).map((path) => ({ path })) }
    const faults = [...read.faults, ...validate(spec)].filter(({ severity }) => severity === 'error')
    if (faults.length > 0) return
    const { lower, data, upper, work, label, options: said, unknown } = parseMountOptions(encodeMountData(paramsOf(spec)))
    expect({ lower, data, upper, work, label, said, unknown }).toEqual({ lower: read.lower, data: read.data, upper: read.upper, work: read.work, label: read.label, said: read.options, unknown: read.unknown })
  }), { numRuns: 100_000 })
})
