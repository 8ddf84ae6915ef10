/** The mount that a message speaks of, as a spec, so that its facts can be gathered. Only from options that nobody shortened. */

import type { OverlaySpec } from '../../overlay/spec.ts'
import { readWords } from '../../overlay/words.ts'
import type { Reading } from './read.ts'

/** The spec, or undefined when the text names no options, or not all of them. */
export function specOf({ options, target }: Reading): OverlaySpec | undefined {
  const whole = options.filter(({ cut, lower }) => !cut && lower.length > 0).at(-1)
  if (whole === undefined) return undefined
  // In a command the quotes were the shell's.
  const text = whole.pairs.map(({ key, value }) => (value === undefined ? key : `${key}=${whole.home === 'command' ? value.replace(/["']/g, '') : value}`)).join(',')
  return readWords({ lower: [], data: [], tmpfs: false, options: [text], readOnly: false, mkdir: false, positionals: target === undefined ? [] : [target], typed: {} }).spec
}
