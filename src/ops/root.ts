/** `ovl root`: the running system’s `/` as the lower layer of an overlay, to try things in and to drop them. */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Finding } from '../errors/finding.ts'
import { realName, statName } from '../host/files.ts'
import { readMountTable } from '../host/mount-table.ts'
import { growTree, submounts } from '../mounts/tree.ts'
import { isWithin } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { EMPTY_SPEC } from '../overlay/spec.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import type { Plan } from '../plan/step.ts'
import { mount, planOfMount } from './mount.ts'
import type { Mounted } from './mount.ts'
import { requireTarget } from './preflight.ts'

export interface RootOptions {
  /** Where changes are kept; best on another file system than `/`, which would show it in itself. Absent: on a fresh tmpfs, gone with the mount. */
  readonly upper?: string
  /** Size of that tmpfs: `512m`, `25%`; default half of the memory. */
  readonly size?: string
  /** Make `target` and `upper`. */
  readonly mkdir?: boolean
  readonly signal?: AbortSignal
}

export interface RootMounted extends Mounted {
  /** What is mounted below `/` and not part of the copy, but for what `enter` gives anew: /proc, /sys, /dev, /run. */
  readonly submounts: readonly string[]
}

/**
 * Mounts a writable view of the running system’s `/` at `target`. The lower is a private, read-only bind mount of `/`
 * alone: nothing done in the view, nor mounted later on the system, crosses over.
 * @throws OvlError as {@link mount}; `usage` for `/` itself
 */
export async function mountRoot(target: string, options: RootOptions = {}): Promise<RootMounted> {
  const below = ownSubmounts()
  const mounted = await mount(specOfRoot(target, options), { remember: true, ...(options.signal === undefined ? {} : { signal: options.signal }) })
  return Object.assign(mounted, { submounts: below, warnings: [...mounted.warnings, ...hiddenSubmounts(below, mounted.target)] })
}

/** The plan that {@link mountRoot} would execute. */
export async function planOfRoot(target: string, options: RootOptions = {}): Promise<Plan> {
  return planOfMount(specOfRoot(target, options), { remember: true })
}

function specOfRoot(target: string, { upper, size, mkdir = false }: RootOptions): OverlaySpec {
  if (typeof statName(target) === 'object' && realName(target) === '/') throw new OvlError('usage', "the target is '/' itself, which would be hidden below its own copy", { hint: 'Name a directory: ovl root --mkdir /tmp/try. For a system that boots so: ovl root --boot --dry-run /' })
  if (upper !== undefined && size !== undefined) throw new OvlError('usage', '--size is the size of a tmpfs, and changes go to a directory', { hint: 'Leave out --size, or the directory.' })
  requireTarget(target, mkdir)
  const base: OverlaySpec = { ...EMPTY_SPEC, target, mkdir, lower: [{ path: '/', bind: true }] }
  if (upper === undefined) return { ...base, tmpfs: size === undefined ? {} : { size } }
  return { ...base, upper, work: `${upper}.work`, workDerived: true }
}

/** What `enter` mounts anew. */
const GIVEN_ANEW = ['/proc', '/sys', '/dev', '/run']

function ownSubmounts(): readonly string[] {
  const targets = submounts(growTree(readMountTable().mounts), '/').map(({ target }) => target)
  return [...new Set(targets)].filter((target) => !GIVEN_ANEW.some((given) => isWithin(target, given))).sort()
}

function hiddenSubmounts(below: readonly string[], target: string): Finding[] {
  const [first] = below
  if (first === undefined) return []
  const shown = below.slice(0, 4).map((one) => `'${one}'`).join(', ')
  return [finding('submounts-hidden', {
    title: `not in '${target}', since they are mounts of their own: ${shown}${below.length > 4 ? ` and ${below.length - 4} more` : ''}`,
    evidence: below.slice(0, 4).map((one) => ({ fact: `a mount at '${one}'`, source: 'mountinfo' })),
    fix: [{ text: 'What is needed of them, bind in, read-only.', command: `mount --bind ${quoteShell(first)} ${quoteShell(`${target}${first}`)} && mount -o remount,bind,ro ${quoteShell(`${target}${first}`)}` }],
  })]
}
