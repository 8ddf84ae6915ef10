/** One real attempt to mount, and what the kernel answered, as the facts of a trial. */

import { errnoName } from '../../../src/errors/errno.ts'
import { isOvlError } from '../../../src/errors/ovl-error.ts'
import type { TrialFact } from '../../../src/diagnose/facts.ts'
import { ffi } from '../../../src/host/ffi.ts'
import { markKernelLog } from '../../../src/host/kmsg.ts'
import { cString } from '../../../src/host/syscalls/check.ts'
import { fsOpen, fsSetString, readContextLog } from '../../../src/host/syscalls/mount-api.ts'
import { unmount } from '../../../src/host/syscalls/mount-legacy.ts'
import { mountOverlay } from '../../../src/host/ways.ts'
import { paramsOf } from '../../../src/overlay/params.ts'
import type { OverlaySpec } from '../../../src/overlay/spec.ts'

/** The ways into the kernel that a row is tried on. */
export const WAYS = {
  fd: { ways: ['fsconfig'], forms: ['fd'] },
  'lowerdir+': { ways: ['fsconfig'], forms: ['lowerdir+'] },
  mount2: { ways: ['mount2'], forms: ['absolute'] },
  mount8: { ways: ['mount8'] },
} as const
export type Way = keyof typeof WAYS

/** How an attempt ended: `errno` of the failure, or mounted at the target until `unmount`. */
export interface Tried {
  readonly trial: TrialFact
  readonly failed: boolean
}

/** Mounts by one way; `data` in place of the spec’s options is given to mount(2) as it stands, `lowerdir` to fsconfig. */
export async function tryMount(spec: OverlaySpec, way: Way, raw: { readonly data?: string; readonly lowerdir?: string } = {}): Promise<Tried> {
  const target = spec.target as string
  using log = markKernelLog()
  const trial = (rest: Partial<TrialFact>, context: readonly string[] = []): TrialFact => ({ step: 'mount-overlay', context, kernel: log.lines(), ...rest })
  if (raw.data !== undefined) {
    const result = ffi().mount(cString('overlay'), cString(target), cString('overlay'), 0, cString(raw.data))
    return result < 0 ? { failed: true, trial: trial({ syscall: 'mount', errno: errnoName(-result) }) } : { failed: false, trial: trial({}) }
  }
  if (raw.lowerdir !== undefined) return setLowerdir(raw.lowerdir, trial)
  try {
    const { ways, ...rest } = WAYS[way]
    await mountOverlay({ do: 'mount-overlay', target, source: spec.source, params: paramsOf(spec), flags: spec.flags, ways, ...rest }, () => undefined)
    return { failed: false, trial: trial({}) }
  } catch (error) {
    if (!isOvlError(error) || error.findings.length > 0) throw error
    const { syscall, errno, kernel } = error.details
    return { failed: true, trial: trial({ ...(syscall === undefined ? {} : { syscall }), ...(errno === undefined ? {} : { errno }) }, kernel) }
  }
}

function setLowerdir(value: string, trial: (rest: Partial<TrialFact>, context?: readonly string[]) => TrialFact): Tried {
  using context = fsOpen('overlay')
  try {
    fsSetString(context, 'lowerdir', value)
  } catch (error) {
    if (!isOvlError(error)) throw error
    const words = readContextLog(context).map(({ text }) => text)
    return { failed: true, trial: trial({ syscall: error.details.syscall ?? '', errno: error.errno ?? '' }, words) }
  }
  throw new Error('the kernel took it')
}

/** Takes everything down that `tryMount` put up at the target. */
export function takeDown({ target }: OverlaySpec): void {
  try {
    unmount(target as string, { lazy: true })
  } catch {
    // It was not mounted.
  }
}
