import fc from 'fast-check'
import { testStacks } from './property.ts'
import { DIRECT } from './ways.ts'

const layers = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 20, max: 60 }) }, { weight: 1, arbitrary: fc.integer({ min: 300, max: 497 }) })

testStacks('stacks of 20 to 500 layers', { count: 70, layers, ways: DIRECT.filter(({ form }) => form !== 'lowerdir') })
