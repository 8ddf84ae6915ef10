/** What `ovl mount -v` says: one line on how it was done. */

import type { MountResult } from '../../../ops/mount.ts'
import { showName } from '../escape.ts'
import { countOf } from './words.ts'

/** The ways whose options must fit into one page. */
const BOUND: ReadonlySet<string> = new Set(['mount2', 'mount8'])

export function renderMounted({ target, lower, data, upper, readOnly, via, form, bytes }: Omit<MountResult, 'warnings'>): string {
  const layers = [countOf(lower.length, 'lower layer'), ...(data.length > 0 ? [countOf(data.length, 'data-only layer')] : []), upper === undefined ? 'no upper' : `upper ${showName(upper)}`]
  return `${showName(target)}: ${layers.join(', ')}${readOnly ? ', read-only' : ''}; by ${via} (${form})${BOUND.has(via) ? `, ${bytes.used} of ${bytes.limit} option bytes` : ''}\n`
}
