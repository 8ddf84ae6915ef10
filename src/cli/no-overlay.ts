/** Pasted mounts that were never going to be overlays, and what was meant. */

import { quoteShell } from '../names/shell.ts'
import { fault } from '../overlay/fault.ts'
import type { Finding } from '../errors/finding.ts'
import type { MountWords } from '../overlay/words.ts'
import type { Diagnosis } from '../ops/diagnose.ts'

/** What is to be said of them, or undefined for words that mean an overlay. */
export function noOverlay(words: MountWords): Diagnosis | undefined {
  const { type, options, lower, upper, positionals: [source, target] } = words
  const isOverlay = lower.length > 0 || upper !== undefined || words.tmpfs || /overlay/.test(type ?? '') || options.some((text) => /(?:lower|upper|work)dir/.test(text))
  if (isOverlay || source === undefined || target === undefined) return undefined
  const found = type !== undefined || says(options, 'loop') ? anotherType(words, source, target) : bindInstead(words, source, target)
  return found === undefined ? undefined : { unseen: [], findings: [found] }
}

const says = (options: readonly string[], word: string): boolean => options.join(',').split(',').includes(word)

/** `mount -o ro / /mnt/base` mounts a device of that name; a directory takes --bind. */
function bindInstead({ options }: MountWords, source: string, target: string): Finding | undefined {
  if (!source.startsWith('/') || source.startsWith('/dev/')) return undefined
  const [from, to] = [quoteShell(source), quoteShell(target)]
  const readOnly = says(options, 'ro')
  return fault('usage', `mount of the directory '${source}' needs --bind: without it mount(8) looks for a device`, [{
    text: readOnly ? 'Bind it, then make the bind read-only: one call does not do both.' : 'Bind it.', command: `mount --bind ${from} ${to}${readOnly ? ` && mount -o remount,bind,ro ${to}` : ''}`,
  }])
}

/** A tmpfs, an image: mount(8) does that, and ovl does it on the way where it is a layer. */
function anotherType({ type, options }: MountWords, source: string, target: string): Finding {
  const image = says(options, 'loop')
  const what = image ? `attaches the image '${source}'` : `mounts a ${type ?? 'file system'}`
  return fault('usage', `this ${what} at '${target}', and no overlay: ovl has nothing to say of it`, image ? [{
    text: 'Nothing has to be attached before: ovl takes an image for a layer, and keeps changes on a tmpfs.', command: `ovl mount -l ${quoteShell(source)} --tmpfs --mkdir ${quoteShell(target)}`,
  }] : [{ text: 'Diagnose the overlay that is mounted of it.' }], 'note')
}
