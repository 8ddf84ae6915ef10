/** Pasted mounts that were never going to be overlays, and what was meant. */

import { quoteShell } from '../names/shell.ts'
import { fault } from '../overlay/fault.ts'
import type { MountWords } from '../overlay/words.ts'
import type { Diagnosis } from '../ops/diagnose.ts'

/** `mount -o ro / /mnt/base` mounts a device of that name; a directory takes --bind. */
export function bindInstead({ type, options, lower, positionals: [source, target] }: MountWords): Diagnosis | undefined {
  const isOverlay = type !== undefined || lower.length > 0 || options.some((text) => /(?:lower|upper|work)dir/.test(text))
  if (isOverlay || source === undefined || target === undefined || !source.startsWith('/') || source.startsWith('/dev/')) return undefined
  const [from, to] = [quoteShell(source), quoteShell(target)]
  const readOnly = options.join(',').split(',').includes('ro')
  return { unseen: [], findings: [fault('usage', `mount of the directory '${source}' needs --bind: without it mount(8) looks for a device`, [{
    text: readOnly ? 'Bind it, then make the bind read-only: one call does not do both.' : 'Bind it.', command: `mount --bind ${from} ${to}${readOnly ? ` && mount -o remount,bind,ro ${to}` : ''}`,
  }])] }
}
