import fc from 'fast-check'
import { isUtf8Name } from '../../../src/names/bytes.ts'
import { hostileName } from '../../support/names.ts'
import { testStacks } from './property.ts'
import { MOUNT8 } from './ways.ts'

const layers = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 8 }) }, { weight: 1, arbitrary: fc.integer({ min: 20, max: 60 }) })
// Of names quite at random nearly every stack has one that mount(8) cannot be told.
const tellable = hostileName().filter((name) => isUtf8Name(name) && !/"|,(,|=|$)/.test(name))
const names = fc.oneof({ weight: 99, arbitrary: tellable }, { weight: 1, arbitrary: hostileName() })

testStacks('stacks that mount(8) mounts', { count: 190, layers, names, ways: MOUNT8 })
