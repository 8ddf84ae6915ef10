/**
 * The catalogue of findings: for each code how bad it is, why the kernel does so, and where to read
 * on. The rows stand in catalogue/, one file a family; this file only proves that none is missing.
 * What names a path (titles, evidence, fixes) is made where the cause is found, not here.
 */

import type { FindingCode } from './codes.ts'
import type { Severity } from './finding.ts'
import { HOST_ENTRIES } from './catalogue/host.ts'
import { LAYER_ENTRIES } from './catalogue/layers.ts'
import { LIVE_ENTRIES } from './catalogue/live.ts'
import { OPTION_ENTRIES } from './catalogue/options.ts'
import { STATE_ENTRIES } from './catalogue/state.ts'
import { TOOL_ENTRIES } from './catalogue/tool.ts'

export interface CatalogueEntry {
  /** How bad it is unless the finder knows better. */
  readonly severity: Severity
  /** Why the kernel (or ovl) refuses, in two or three sentences a newcomer understands. */
  readonly explanation: string
  /** A page of docs.kernel.org, or a manual page such as `mount(8)`. */
  readonly docs: string
}

/** Every code has a row: a missing one does not compile. */
export const CATALOGUE: Readonly<Record<FindingCode, CatalogueEntry>> = {
  ...LAYER_ENTRIES,
  ...OPTION_ENTRIES,
  ...HOST_ENTRIES,
  ...STATE_ENTRIES,
  ...TOOL_ENTRIES,
  ...LIVE_ENTRIES,
}
