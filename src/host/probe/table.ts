/** Every probe of `ovl doctor`, in the order of its table. A new one is a row in the file of its group. */

import { DIRECTORY_PROBES } from './directory.ts'
import { IMAGE_PROBES } from './images.ts'
import { LIMIT_PROBES } from './limits.ts'
import { OPTION_PROBES } from './options.ts'
import { OVERLAY_PROBES } from './overlay.ts'
import type { Probe } from './probe.ts'
import { PROGRAM_PROBES } from './programs.ts'
import { ROOTLESS_PROBES } from './rootless.ts'
import { SYSTEM_PROBES } from './system.ts'

export const PROBES: readonly Probe[] = [
  ...OVERLAY_PROBES, ...OPTION_PROBES, ...LIMIT_PROBES, ...ROOTLESS_PROBES, ...DIRECTORY_PROBES, ...IMAGE_PROBES, ...PROGRAM_PROBES, ...SYSTEM_PROBES,
]
