/** What lies in a work directory: the leavings of earlier mounts that decide whether it can be used again. */

import type { FileKind, Known, WorkFact } from '../../diagnose/facts.ts'
import { lstatName } from '../files.ts'
import { lookDirectory, look } from './look.ts'

/** Looks into `<work>/work` and `<work>/index`; both have mode 000 or 0, so this needs root, or their owner with CAP_DAC_READ_SEARCH. */
export function collectWork(work: string): Known<WorkFact> {
  return look(() => {
    const inner = kindOf(`${work}/work`)
    const index = kindOf(`${work}/index`)
    return {
      ...(inner === undefined ? {} : { work: inner }),
      ...(index === undefined ? {} : { index }),
      incompat: inner === 'directory' ? entries(`${work}/work/incompat`) : [],
      indexJunk: index === 'directory' ? entries(`${work}/index`).filter((name) => !INDEX_ENTRY.test(name)) : [],
    }
  })
}

/** The hexadecimal file handle of an origin; `#1a` is a file in the making. */
const INDEX_ENTRY = /^(?:[0-9a-f]+|#[0-9a-f]+)$/

function kindOf(path: string): FileKind | undefined {
  const found = lstatName(path)
  if (found === 'ENOENT' || found === 'ENOTDIR') return undefined
  if (typeof found === 'string') throw new Error(`'${path}': ${found}`)
  return found.kind
}

function entries(path: string): readonly string[] {
  const found = lookDirectory(path)
  if (found.known) return found.value
  if (kindOf(path) === undefined) return []
  throw new Error(found.why)
}
