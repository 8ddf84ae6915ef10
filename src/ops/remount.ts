/** `ovl remount`: changes what can change on a live overlay, and says what cannot. */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Fix } from '../errors/finding.ts'
import { execute } from '../host/execute.ts'
import { readMountAt } from '../host/mount-table.ts'
import { realName } from '../host/files.ts'
import { findOwner } from '../host/owner.ts'
import { readReceiptsAt } from '../host/receipts.ts'
import { specOfMount } from '../fstab/from-mount.ts'
import { optionsInForce } from '../mounts/in-force.ts'
import { receiptOfMount } from '../mounts/receipt.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { fixByOwner } from '../mounts/owner.ts'
import { quoteShell } from '../names/shell.ts'
import { OPTION_TABLE } from '../overlay/options.ts'
import { formatMountCommand } from '../overlay/command.ts'
import { parseFlagChanges, parseMountOptions } from '../overlay/mount-options.ts'
import type { MountOptions } from '../overlay/mount-options.ts'
import { encodeMountData } from '../overlay/encode.ts'
import { paramsOf } from '../overlay/params.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
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
    throw isOvlError(error) ? explained(error, path, options) : error
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
  if (typeof options !== 'string') throw new OvlError('usage', 'nothing to change: no options were said', { hint: 'Say them as one text, as in ro,noatime.' })
  const said = parseMountOptions(options.split(',').filter((word) => word !== 'remount').join(','))
  refuseFaults(said.faults)
  const path = realTarget(target)
  const mount = overlayAt(path)
  const ignored = ignoredChanges(said, mount)
  const { set, clear } = parseFlagChanges(options)
  if (ignored.length > 0) throw cannotChange(path, ignored, mount, said, { set, clear })
  if (set.length + clear.length === 0) throw new OvlError('usage', 'nothing to change: no mount flag was said', { hint: 'Say one, as in -o ro.' })
  return { path, plan: { steps: [{ do: 'remount', target: path, set, clear }] } }
}

type FlagChanges = ReturnType<typeof parseFlagChanges>

/** A path that leads nowhere has nothing mounted on it. */
function realTarget(target: string): string {
  if (typeof target !== 'string' || target === '') throw new OvlError('usage', 'no target: which mount shall be changed?')
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
function ignoredChanges(said: MountOptions, mount: OverlayMount): string[] {
  const differs = (word: string, asked: string | undefined, now: string | undefined): string[] => (asked === undefined || asked === now ? [] : [word])
  return [
    ...(said.lower === undefined ? [] : differs('lowerdir', [said.lower.join('\0'), ...(said.data ?? [])].join('\0\0'), [mount.lower.join('\0'), ...mount.data].join('\0\0'))),
    ...differs('upperdir', said.upper, mount.upper),
    ...differs('workdir', said.work, mount.work),
    ...Object.entries(said.options).filter(([name, value]) => mount.options[name] !== value).map(([name, value]) => (value === true ? name : `${name}=${value}`)),
    ...said.unknown.map(({ key }) => key),
  ]
}

/** With the command that would do it: what is in force and what receipts remember, changed by what was said. */
function cannotChange(path: string, ignored: readonly string[], mount: OverlayMount, said: MountOptions, flags: FlagChanges): OvlError {
  const title = `${ignored.join(', ')} cannot change on the live overlay at '${path}'`
  const fix = anew(path, mount, said, flags)
  const ignoring = finding('remount-change-ignored', { title, severity: 'error', evidence: [{ fact: `in force: ${inForce(mount)}`, source: 'mountinfo' }], fix })
  return new OvlError('remount-change-ignored', title, { findings: fixByOwner([ignoring], receiptOfMount(mount, readReceiptsAt(path)) === undefined ? findOwner(mount) : undefined) })
}

function inForce({ lower, data, upper, work, options }: OverlayMount): string {
  const layers = { lower: lower.map((layer) => ({ path: layer })), data: data.map((layer) => ({ path: layer })), ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }) }
  return [encodeMountData(paramsOf({ ...EMPTY_SPEC, ...layers })), ...Object.entries(options).map(([key, value]) => (value === true ? key : `${key}=${value}`))].join(',')
}

/** Without what the kernel adds by itself: said aloud, it may conflict. */
function askedFor(mount: OverlayMount): OverlayMount['options'] {
  const asked = new Set(optionsInForce(mount, OPTION_TABLE, {}).filter(({ origin }) => origin === 'mount').map(({ name }) => name))
  return Object.fromEntries(Object.entries(mount.options).filter(([name]) => asked.has(name)))
}

function anew(path: string, mount: OverlayMount, said: MountOptions, { set, clear }: FlagChanges): Fix[] {
  let now: OverlaySpec
  try {
    now = specOfMount({ ...mount, options: askedFor(mount) }, receiptOfMount(mount, readReceiptsAt(path)))
  } catch (error) {
    if (!isOvlError(error)) throw error
    return [{ text: `Take it down and mount it anew, with all of its layers: ${error.message}.`, command: `ovl umount ${quoteShell(path)}` }]
  }
  const layers = (paths: readonly string[]): { path: string }[] => paths.map((layer) => ({ path: layer }))
  const asked: OverlaySpec = {
    ...now, flags: [...now.flags.filter((flag) => !clear.includes(flag) && !set.includes(flag)), ...set],
    options: { ...now.options, ...said.options }, unknown: [...now.unknown.filter(({ key }) => !said.unknown.some((word) => word.key === key)), ...said.unknown],
    ...(said.lower === undefined ? {} : { lower: layers(said.lower), data: layers(said.data ?? []) }),
    ...(said.upper === undefined ? {} : { upper: said.upper }), ...(said.work === undefined ? {} : { work: said.work }),
  }
  const lost = now.tmpfs === undefined ? '' : ' What was changed is on a tmpfs of its own, and lost with it.'
  return [{ text: `Take it down and mount it anew.${lost}`, command: `ovl umount ${quoteShell(path)} && ${formatMountCommand(asked) ?? ''}` }]
}

function explained(error: OvlError, path: string, options: string): OvlError {
  if (error.code === 'ffi-unavailable') return error.with({ findings: [finding(error.code, { title: error.message, fix: [{ text: 'mount(8) does the same.', command: `mount -o ${quoteShell(`remount,${options}`)} ${quoteShell(path)}` }] })] })
  if (error.errno !== 'EROFS') return error.with({ findings: [finding(error.code, { title: error.message })] })
  const mount = overlayAt(path)
  const code = mount.upper === undefined ? 'read-only-overlay' : 'mounted-read-only'
  const title = mount.upper === undefined ? `'${path}' has no upper: it cannot become writable` : `the kernel made '${path}' read-only when it was mounted, and keeps it so`
  return error.with({ code, message: title, findings: [finding(code, { title, severity: 'error', evidence: [{ fact: 'EROFS from the kernel', source: 'fs-context' }] })] })
}

