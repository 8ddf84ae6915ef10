/**
 * After the mount: read it back and compare with what was asked. The kernel answers "done" to mounts
 * that are read-only, have lost an option or share their upper; all of it is found out here.
 */

import type { Finding } from '../errors/finding.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { identityOf, statName } from '../host/files.ts'
import type { KernelLogMark } from '../host/kmsg.ts'
import { findLine, readMountAt, statusAt } from '../host/mount-table.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { escapeUpperForFsconfig } from '../overlay/escape.ts'
import type { Known } from '../diagnose/facts.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import type { Form, Step, Via } from '../plan/step.ts'

type OverlayStep = Extract<Step, { do: 'mount-overlay' }>

export interface Verified {
  /** `major:minor` of the overlay. */
  readonly device: string
  readonly readOnly: boolean
  readonly warnings: readonly Finding[]
}

/** Paths that were looked at before the mount, and what they were: device and inode. */
export type Identities = ReadonlyMap<string, string | undefined>

export interface Checks {
  /** Begun before the mount. */
  readonly log: KernelLogMark
  /** The caller mounts again where only the kernel log, which is everybody's, speaks against the mount. */
  readonly strict: boolean
  readonly seen: Identities
}

/**
 * @param placed the spec with its layers where they were put in the end
 * @throws OvlError `internal` when other directories are mounted than were said, `feature-dropped` when its label is lost
 */
export async function verifyMount(placed: OverlaySpec, step: OverlayStep, taken: { readonly via: Exclude<Via, 'auto'>; readonly form: Form }, { log, strict, seen }: Checks): Promise<Verified> {
  if (taken.via === 'mount8') refuseLostLabel(placed, step.target)
  const kernel = log.lines()
  // Of layers handed over by descriptor there is nothing to compare: they are the directories that were opened.
  const status = taken.form === 'fd' && Object.keys(placed.options).length === 0 ? statusAt(step.target) : undefined
  if (status !== undefined && isQuiet(placed, { readOnly: status.readOnly, options: {} }, kernel, seen)) return { ...status, warnings: [] }
  const mounted = readMountAt(step.target)?.overlay
  if (mounted === undefined) throw new OvlError('internal', `the mount at '${step.target}' cannot be found in the mount table`, { step: 'verify' })
  compareLayers(placed, mounted, taken.form)
  const { device, readOnly } = mounted
  if (isQuiet(placed, mounted, kernel, seen)) return { device, readOnly, warnings: [] }
  const [{ collectFacts }, { judgeMounted }] = await Promise.all([import('../host/facts.ts'), import('../diagnose/judge.ts')])
  const trial = { step: 'verify', form: taken.form, context: [], kernel }
  return { device, readOnly, warnings: judgeMounted(collectFacts(placed, { trial, mounted: { known: true, value: mounted }, everywhere: true }), { hearsay: strict }) }
}

/**
 * Nothing to look into: the kernel's log can be read and is silent, writing is possible where it was
 * asked for, every option said is shown. What the kernel never warns of is looked at here.
 */
function isQuiet(placed: OverlaySpec, mounted: Pick<OverlayMount, 'readOnly' | 'options'>, kernel: Known<readonly string[]>, seen: Identities): boolean {
  if (!kernel.known || kernel.value.length > 0) return false
  if (placed.upper !== undefined && mounted.readOnly && !placed.flags.includes('ro')) return false
  if (!Object.entries(placed.options).every(([name, value]) => mounted.options[name] === value)) return false
  if ((placed.upper === undefined) !== (placed.work === undefined)) return false
  if (placed.upper === undefined || placed.work === undefined) return true
  const places = new Set<string | undefined>()
  const upper = climb(placed.upper, places)
  const work = climb(placed.work, places)
  // Two subvolumes of one btrfs are one mount to the kernel, and two file systems to rename(2).
  if (upper === undefined || work === undefined || upper.split(':')[0] !== work.split(':')[0]) return false
  return !placed.lower.some(({ path }) => places.has(seen.get(path) ?? identityOf(statName(path))))
}

/**
 * Adds to `places` all that `path` lies in, itself first. By identity, so that bind mounts and symlinks hide
 * nothing; `..` of the root is the root.
 * @returns its own identity, or undefined when something on the way cannot be looked at
 */
function climb(path: string, places: Set<string | undefined>): string | undefined {
  const own = identityOf(statName(path))
  for (let place = path, found = own; !places.has(found); found = identityOf(statName(place))) {
    if (found === undefined) return undefined
    places.add(found)
    place += '/..'
  }
  return own
}

/** libmount takes `context=` out where it finds no SELinux, and says nothing; by every other way the kernel refuses it there. */
function refuseLostLabel({ label }: OverlaySpec, target: string): void {
  if (label === undefined || /(?:^|,)context=/.test(findLine(target)?.superOptions ?? '')) return
  const title = `mount(8) left the label out: SELinux is not active here, or not known to libmount`
  throw new OvlError('feature-dropped', title, {
    step: 'verify',
    findings: [finding('feature-dropped', { title, severity: 'error', evidence: [{ fact: `the overlay at '${target}' has no context=`, source: 'mountinfo' }], fix: [{ text: 'Leave the label out.' }] })],
  })
}

/** Exactly the directories that were said: by name, or where the table shows another name, by identity. */
function compareLayers(placed: OverlaySpec, mounted: OverlayMount, form: Form): void {
  if (mounted.unresolved === true) return
  const pairs: [string, readonly (string | undefined)[], readonly (string | undefined)[]][] = [
    ['lower', placed.lower.map(({ path }) => path), mounted.lower],
    ['data', placed.data.map(({ path }) => path), mounted.data],
    // Without an upper the kernel ignores a work directory.
    ['upper and work', placed.upper === undefined ? [] : [placed.upper, placed.work], placed.upper === undefined ? [] : [mounted.upper, mounted.work]],
  ]
  for (const [what, asked, found] of pairs) {
    if (asked.length === found.length && asked.every((path, at) => isSameDirectory(path, found[at]) || isAsTyped(path, found[at], form))) continue
    throw new OvlError('internal', `the kernel mounted other directories as ${what} than were asked for: ${found.join(', ')}`, { step: 'verify' })
  }
}

/** Upper and work stand in the table as they were typed, which beside `lowerdir+` reads like the bare path of a descriptor: `u\\\\x` may be a sibling of `u\\x`. */
function isAsTyped(asked: string | undefined, found: string | undefined, form: Form): boolean {
  return form === 'lowerdir+' && asked !== undefined && found === escapeUpperForFsconfig(asked)
}

function isSameDirectory(asked: string | undefined, found: string | undefined): boolean {
  if (asked === found) return true
  if (asked === undefined || found === undefined) return false
  const one = identityOf(statName(asked))
  return one !== undefined && one === identityOf(statName(found))
}
