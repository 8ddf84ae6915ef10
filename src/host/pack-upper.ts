/** What of an upper directory means something only together with the layers it was written over. */

import { OvlError } from '../errors/ovl-error.ts'
import { lstatName, readDirectory } from './files.ts'
import { listXattr } from './syscalls/xattr.ts'

export interface UpperMarks {
  /** Files whose content is in a layer below. */
  readonly metacopy: readonly string[]
  /** Directories that were renamed, and say from where. */
  readonly redirect: readonly string[]
}

const MOST = 5

/** The first few paths of each kind, relative to the upper. */
export async function readUpperMarks(upper: string, signal: AbortSignal | undefined): Promise<UpperMarks> {
  const marks = { metacopy: [] as string[], redirect: [] as string[] }
  const open = ['']
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    await new Promise(setImmediate)
    if (signal?.aborted === true) throw new OvlError('interrupted', `reading '${upper}' was interrupted`, { cause: signal.reason })
    for (const name of readDirectory(`${upper}${next}`)) {
      const path = `${next}/${name}`
      const found = lstatName(`${upper}${path}`)
      if (typeof found === 'string' || (found.kind !== 'directory' && found.kind !== 'file')) continue
      const attributes = listXattr(`${upper}${path}`)
      for (const mark of ['metacopy', 'redirect'] as const) if (attributes.includes(`trusted.overlay.${mark}`) && marks[mark].length < MOST) marks[mark].push(path)
      if (found.kind === 'directory') open.push(path)
    }
  }
  return marks
}
