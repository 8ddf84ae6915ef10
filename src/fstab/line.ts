/**
 * One fstab line for a spec: the options field (options-field.ts), the words that make boot wait
 * (words.ts), and the reason for each. What needs more than a line (a tmpfs, an image, made
 * directories, an id mapping) is refused here: that is for the mount helper.
 */

import { OvlError } from '../errors/ovl-error.ts'
import type { Finding } from '../errors/finding.ts'
import { fault } from '../overlay/fault.ts'
import { absolutePath } from '../names/path.ts'
import type { LowerLayer, OverlaySpec } from '../overlay/spec.ts'
import { PLACES, isAppended, mountOptionsText, writeLine } from './options-field.ts'
import type { Place } from './options-field.ts'
import { mountsToWaitFor, orderWords } from './words.ts'
import type { LayerMount, OrderWishes, Reason } from './words.ts'

/** What must be looked up; none of it is needed for the bare line. */
export interface FstabFacts {
  /** Against which relative paths are meant; `/` unless said. */
  readonly cwd?: string
  readonly mounts?: readonly LayerMount[]
  /** Lower layers that are image files. */
  readonly images?: readonly string[]
}

export interface LineWishes extends OrderWishes {
  /** A comment line above it, in place of the one made of the reasons. */
  readonly comment?: string
}

export interface FstabLineText {
  /** Without a newline. */
  readonly line: string
  /** The line above it, `# …`. */
  readonly comment: string
  /** Each added word, and why. */
  readonly reasons: readonly Reason[]
  readonly findings: readonly Finding[]
}

/**
 * Spec → line.
 * @throws OvlError `usage` without a target; `way-cannot-say` when libmount or systemd would read something else
 */
export function formatLine(said: OverlaySpec, facts: FstabFacts = {}, wishes: LineWishes = {}): FstabLineText {
  const spec = forFile(said, facts)
  const reasons = orderWords(spec, facts.mounts ?? [], wishes)
  const words = [...spec.userspace, ...reasons.map(({ option }) => option)]
  const line = writeLine(spec, words)
  const appended = isAppended(mountOptionsText(spec, words))
  return { line, reasons, comment: `# ${commentOf(spec, reasons, facts, wishes)}`, findings: appended ? [needsAppend()] : [] }
}

/** The spec with absolute paths; refused when a line of type overlay cannot say it. */
export function forFile(said: OverlaySpec, { cwd = '/', images = [] }: FstabFacts, place: Place = 'line'): OverlaySpec & { readonly target: string } {
  if (said.target === undefined) throw new OvlError('usage', 'no target: where shall it be mounted?', { hint: 'Name the mount point last.' })
  const absolute = (path: string): string => absolutePath(path, cwd)
  const layer = ({ path, ...rest }: LowerLayer): LowerLayer => ({ ...rest, path: absolute(path) })
  const { upper, work, workDerived: _, ...rest } = said
  const spec = { ...rest, target: absolute(said.target), lower: said.lower.map(layer), data: said.data.map(layer), ...(upper === undefined ? {} : { upper: absolute(upper) }), ...(work === undefined ? {} : { work: absolute(work) }) }
  const image = images[0]
  const more: readonly (readonly [boolean, string])[] = [
    [spec.tmpfs !== undefined, 'a tmpfs for the upper layer'],
    [image !== undefined, `the image '${image ?? ''}', which must be attached first`],
    [[...spec.lower, ...spec.data].some(({ idmap }) => idmap !== undefined), 'an id mapping of the layers'],
    [said.mkdir && !said.userspace.some((word) => word.startsWith('X-mount.mkdir')), 'making the directories'],
  ]
  for (const [needed, what] of more) if (needed) throw refusal(`${PLACES[place].name} of type overlay cannot say ${what}`, `Let ovl mount it at boot: ${PLACES[place].command} --helper with the same words.`)
  refuseRoot(spec.target, place)
  return spec
}

export function refuseRoot(target: string, place: Place): void {
  if (target === '/') throw refusal(`${PLACES[place].name} cannot mount an overlay over '/': the root is mounted before it is read`, 'Files for the initrd can: ovl root --boot. A directory such as /srv/merged can be said here.')
}

function refusal(title: string, text: string): OvlError {
  return new OvlError('way-cannot-say', title, { findings: [fault('way-cannot-say', title, [{ text }])], hint: text })
}

function needsAppend(): Finding {
  return fault('value-too-long', 'all layers in one lowerdir= would pass the 255 bytes that mount(8) can hand over, so they stand one by one', [{ text: 'Linux before 6.7 does not know lowerdir+=: there, use shorter names, or ovl fstab --helper.' }], 'note')
}

/** One line of prose: what is waited for, then the other reasons. */
export function commentOf(spec: OverlaySpec, reasons: readonly Reason[], facts: FstabFacts, { comment }: LineWishes): string {
  const waits = mountsToWaitFor(facts.mounts ?? []).map(({ target }) => target)
  const other = reasons.filter(({ option }) => !option.startsWith('x-systemd.requires')).map(({ option, why }) => `${option}: ${why}`)
  const made = [`overlay ${spec.tmpfs !== undefined ? 'whose changes are forgotten' : spec.upper === undefined ? 'of read-only layers' : 'that keeps its changes in the upper layer'}`, ...(waits.length === 0 ? [] : [`waits for ${waits.join(' and ')}`]), ...other]
  return (comment ?? made.join('; ')).replaceAll(/[\u0000-\u001f\u007f\udc80-\udcff]/gu, '?')
}
