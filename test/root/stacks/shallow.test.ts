import fc from 'fast-check'
import { testStacks } from './property.ts'
import { DIRECT } from './ways.ts'

testStacks('stacks of 1 to 8 layers', { count: 700, layers: fc.integer({ min: 1, max: 8 }), ways: DIRECT })
