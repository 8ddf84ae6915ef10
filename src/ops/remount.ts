/** `ovl remount`: changes what can change on a live overlay, and says what cannot. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { execute } from '../host/execute.ts'
import { readMountAt } from '../host/mount-table.ts'
import { realName } from '../host/files.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { quoteShell } from '../names/shell.ts'
import { parseFlagChanges, parseMountOptions } from '../overlay/mount-options.ts'
import { encodeMountData } from '../overlay/encode.ts'
import { paramsOf } from '../overlay/params.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import { refuseFaults } from '../overlay/fault.ts'
import type { Plan } from '../plan/step.ts'

export interface Remounted {
  readonly target: string
  /** The flags that were set, and with a leading `-` those that were cleared. */
  readonly changed: readonly string[]
  /** The superblock is read-only now. */
  readonly readOnly: boolean
}

/**
 * Changes mount flags (`ro`, `rw`, `nosuid`, `noatime` …) of the overlay at `target`.
 * @param options the words after `-o`
 * @throws OvlError `remount-change-ignored` for overlay's own options, which only a new mount can change; nothing is changed then
 */
export async function remount(target: string, options: string): Promise<Remounted> {
  const { plan, path } = planFor(target, options)
  try {
    await execute(plan)
  } catch (error) {
    throw isOvlError(error) ? explained(error, path) : error
  }
  const [step] = plan.steps
  const changed = step?.do === 'remount' ? [...step.set, ...step.clear.map((flag) => `-${flag}`)] : []
  return { target: path, changed, readOnly: overlayAt(path).readOnly }
}

/** The plan that {@link remount} would execute. */
export function planOfRemount(target: string, options: string): Plan {
  return planFor(target, options).plan
}

function planFor(target: string, options: string): { plan: Plan; path: string } {
  const said = parseMountOptions(options.split(',').filter((word) => word !== 'remount').join(','))
  refuseFaults(said.faults)
  const path = realTarget(target)
  const mount = overlayAt(path)
  const ignored = ignoredChanges(said, mount)
  if (ignored.length > 0) throw cannotChange(path, ignored, mount)
  const { set, clear } = parseFlagChanges(options)
  if (set.length + clear.length === 0) throw new OvlError('usage', 'nothing to change: no mount flag was said', { hint: 'Say one, as in -o ro.' })
  return { path, plan: { steps: [{ do: 'remount', target: path, set, clear }] } }
}

/** A path that leads nowhere has nothing mounted on it. */
function realTarget(target: string): string {
  if (target === '') throw new OvlError('usage', 'no target: which mount shall be changed?')
  try {
    return realName(target)
  } catch (error) {
    throw isOvlError(error) && error.code !== 'usage' ? notMounted(target) : error
  }
}

function notMounted(path: string): OvlError {
  const title = `no overlay is mounted at '${path}'`
  return new OvlError('not-mounted', title, { findings: [finding('not-mounted', { title, fix: [{ text: 'See what is mounted.', command: 'ovl list' }] })] })
}

function overlayAt(path: string): OverlayMount {
  const mount = readMountAt(path)?.overlay
  if (mount !== undefined) return mount
  throw notMounted(path)
}

/** What was said of layers and options, and differs from what is in force. */
function ignoredChanges(said: ReturnType<typeof parseMountOptions>, mount: OverlayMount): string[] {
  const differs = (word: string, asked: string | undefined, now: string | undefined): string[] => (asked === undefined || asked === now ? [] : [word])
  return [
    ...(said.lower === undefined ? [] : differs('lowerdir', said.lower.join('\0'), mount.lower.join('\0'))),
    ...differs('upperdir', said.upper, mount.upper),
    ...differs('workdir', said.work, mount.work),
    ...Object.entries(said.options).filter(([name, value]) => mount.options[name] !== value).map(([name, value]) => (value === true ? name : `${name}=${value}`)),
    ...said.unknown.map(({ key }) => key),
  ]
}

function cannotChange(path: string, ignored: readonly string[], mount: OverlayMount): OvlError {
  const title = `${ignored.join(', ')} cannot change on the live overlay at '${path}'`
  const layers = { lower: mount.lower.map((layer) => ({ path: layer })), data: mount.data.map((layer) => ({ path: layer })), ...(mount.upper === undefined ? {} : { upper: mount.upper }), ...(mount.work === undefined ? {} : { work: mount.work }) }
  const words = encodeMountData(paramsOf({ ...EMPTY_SPEC, ...layers }))
  const asked = ignored.filter((word) => !/^(lowerdir|upperdir|workdir)$/.test(word))
  const command = `ovl umount ${quoteShell(path)} && ovl mount -t overlay ${quoteShell(mount.source)} ${quoteShell(path)} -o ${quoteShell([words, ...asked].join(','))}`
  return new OvlError('remount-change-ignored', title, { findings: [finding('remount-change-ignored', { title, severity: 'error', evidence: [{ fact: `in force: ${words}`, source: 'mountinfo' }], fix: [{ text: 'Take it down and mount it anew.', command }] })] })
}

function explained(error: OvlError, path: string): OvlError {
  if (error.errno !== 'EROFS') return error.with({ findings: [finding(error.code, { title: error.message })] })
  const mount = overlayAt(path)
  const code = mount.upper === undefined ? 'read-only-overlay' : 'mounted-read-only'
  const title = mount.upper === undefined ? `'${path}' has no upper: it cannot become writable` : `the kernel made '${path}' read-only when it was mounted, and keeps it so`
  return error.with({ code, message: title, findings: [finding(code, { title, severity: 'error', evidence: [{ fact: 'EROFS from the kernel', source: 'fs-context' }] })] })
}

