/** Dotted names of casper's layers: `a.b.c.squashfs` lies on `a.b.squashfs`, that on `a.squashfs`. */

import { extensionOf } from './medium.ts'

/** The name without its extension. */
export function stemOf(name: string): string {
  const extension = extensionOf(name)
  return extension === '' ? name : name.slice(0, -extension.length - 1)
}

/** Of the name of a file; longer ones are on no medium. */
const LONGEST_NAME = 255

/** `a.b.c.squashfs` → the names it needs, itself first, the base last. */
export function chainOf(name: string): readonly string[] {
  if (name.length > LONGEST_NAME) return [name]
  const extension = name.slice(stemOf(name).length)
  const parts = stemOf(name).split('.')
  return parts.map((_, at) => `${parts.slice(0, parts.length - at).join('.')}${extension}`)
}

/** True when the names are one whole chain of at least two. */
export function isChain(names: readonly string[]): boolean {
  return names.length > 1 && topOf(names) !== undefined
}

/** The name whose chain is exactly these names. */
export function topOf(names: readonly string[]): string | undefined {
  return names.find((name) => {
    const chain = chainOf(name)
    return chain.length === names.length && chain.every((needed) => names.includes(needed))
  })
}

/** A language, by the last part: `de`, `zh_TW`, `no-languages`. */
export function isLanguage(name: string): boolean {
  return /\.(?:[a-z]{2}(?:[_-][A-Za-z]{2,4})?|no-languages)$/.test(stemOf(name))
}

/** What a layer is for, by its name among those of the stack. */
export function roleOf(name: string, names: readonly string[]): 'base' | 'layer' | 'language' | 'live' {
  if (isLanguage(name)) return 'language'
  if (stemOf(name).endsWith('.live')) return 'live'
  const carries = names.some((other) => other !== name && chainOf(other).includes(name))
  return chainOf(name).length === 1 && (carries || name === names.at(-1)) ? 'base' : 'layer'
}
