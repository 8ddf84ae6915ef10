/** Random stacks of hostile names on disk, and what a mount made of one really shows. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { encodeName } from '../../../src/names/bytes.ts'
import { EMPTY_SPEC } from '../../../src/overlay/spec.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'
import { hostileName } from '../../support/names.ts'

/** Names that a person might give, and the ones that only a fuzzer would. */
const name = (): fc.Arbitrary<string> => fc.oneof(
  { weight: 3, arbitrary: fc.array(fc.constantFrom('a', 'b', ' ', ',', ':', '#', '%', '$', 'ä', "'", '=', '-', '%h', ',ro', '\t'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')) },
  { weight: 2, arbitrary: hostileName() },
).filter((text) => text !== '.' && text !== '..')

export interface Stack {
  readonly lower: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly target: string
}

export const stacks = (): fc.Arbitrary<Stack> => fc.record({ lower: fc.array(name(), { minLength: 2, maxLength: 4 }), writable: fc.boolean(), upper: name(), work: name(), target: fc.oneof({ weight: 3, arbitrary: fc.constant('m') }, { weight: 1, arbitrary: name() }) })
  .map(({ lower, writable, upper, work, target }) => ({ lower, target, ...(writable ? { upper, work } : {}) }))

const bytes = (path: string): Buffer => encodeName(path)

/** Makes the directories of stack number `at` below `ground`, each marked, and says them. */
export function build({ lower, upper, work, target }: Stack, ground: string, at: number): OverlaySpec & { readonly target: string } {
  const home = `${ground}/t${at}x`
  const make = (path: string): string => (mkdirSync(bytes(path), { recursive: true }), path)
  const layers = [...(upper === undefined ? [] : [make(`${home}/u/u/${upper}`)]), ...lower.map((layer, index) => make(`${home}/${index}/${layer}`))]
  // `r-j` is in layers j and below: the one that is seen is j's.
  layers.forEach((layer, index) => {
    for (let j = 0; j <= index; j++) writeFileSync(bytes(`${layer}/r-${j}`), `${at}.${index}`)
  })
  const [first] = layers
  return {
    ...EMPTY_SPEC, target: make(`${home}/${target}`), lower: layers.slice(upper === undefined ? 0 : 1).map((path) => ({ path })),
    ...(upper === undefined || first === undefined ? {} : { upper: first, work: make(`${home}/u/w/${work ?? ''}`) }),
  }
}

/** Whether what is mounted at the target has exactly these layers in this order, and this work directory. */
export function isAsSaid({ lower, upper, work, target }: OverlaySpec, at: number): boolean {
  const count = lower.length + (upper === undefined ? 0 : 1)
  for (let j = 0; j < count; j++) {
    const file = bytes(`${target ?? ''}/r-${j}`)
    if (!existsSync(file) || readFileSync(file, 'utf8') !== `${at}.${j}`) return false
  }
  if (existsSync(bytes(`${target ?? ''}/r-${count}`))) return false
  return work === undefined || existsSync(bytes(`${work}/work`))
}
