import fc from 'fast-check'
import { testStacks } from './property.ts'
import { BY_CHILD } from './ways.ts'

const layers = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }) }, { weight: 1, arbitrary: fc.integer({ min: 20, max: 60 }) }, { weight: 1, arbitrary: fc.integer({ min: 300, max: 497 }) })

testStacks('stacks that a child mounts', { count: 40, layers, ways: BY_CHILD })
