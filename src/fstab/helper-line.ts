/**
 * One fstab line of type `ovl`, for the mount helper (ops/mount-helper.ts): what a line of type overlay cannot say, images, a tmpfs,
 * made directories, names of any bytes. No reader has quotes for what its values are made of (overlay/helper-options.ts); what
 * is left to refuse is a mount point that systemd cannot have, and a line that it would cut.
 */

import { OvlError } from '../errors/ovl-error.ts'
import { absolutePath } from '../names/path.ts'
import { fault } from '../overlay/fault.ts'
import { encodeHelperOptions } from '../overlay/helper-options.ts'
import type { LowerLayer, OverlaySpec } from '../overlay/spec.ts'
import { commentOf, refuseRoot } from './line.ts'
import type { FstabFacts, FstabLineText, LineWishes } from './line.ts'
import { PLACES, mangle } from './options-field.ts'
import type { Place } from './options-field.ts'
import { readAsSystemd } from './readers.ts'
import { orderWords } from './words.ts'

/**
 * Spec → line.
 * @throws OvlError `usage` without a target; `way-cannot-say` when systemd would read something else
 */
export function formatHelperLine(said: OverlaySpec, facts: FstabFacts = {}, wishes: LineWishes = {}): FstabLineText {
  const spec = absoluteSpec(said, facts.cwd ?? '/', 'line')
  const reasons = orderWords(spec, facts.mounts ?? [], wishes)
  const fields = { source: mangle(spec.source), target: mangle(spec.target), type: 'ovl', options: helperOptions(spec, [...spec.userspace, ...reasons.map(({ option }) => option)]) }
  const line = `${fields.source} ${fields.target} ovl ${fields.options} 0 0`
  const call = readAsSystemd({ raw: line, fields })
  if (!call.ok) throw cannotSay('line', call.why)
  if (spec.source.startsWith('#')) throw cannotSay('line', 'a line that begins with # is a comment')
  return { line, reasons, comment: `# ${commentOf(spec, reasons, facts, wishes)}`, findings: [] }
}

/** The options, with `words` for mount(8) and systemd. */
export function helperOptions(spec: OverlaySpec, words: readonly string[]): string {
  const encoded = encodeHelperOptions({ ...spec, userspace: words })
  if (!encoded.ok) throw new OvlError(encoded.why.code, encoded.why.title, { findings: [encoded.why] })
  return encoded.value
}

export function cannotSay(place: Place, why: string): OvlError {
  const title = `${PLACES[place].name} cannot say this mount: ${why}`
  const fix = [
    { text: 'Choose a plainer mount point, or shorter names for the layers: symlinks do.' },
    ...(place === 'line' ? [{ text: 'Or write a unit, which is not bound to 4095 bytes: ovl unit --helper with the same words.' }] : []),
  ]
  return new OvlError('way-cannot-say', title, { findings: [fault('way-cannot-say', title, fix)] })
}

/** The spec with absolute paths. */
export function absoluteSpec(said: OverlaySpec, cwd: string, place: Place): OverlaySpec & { readonly target: string } {
  if (said.target === undefined) throw new OvlError('usage', 'no target: where shall it be mounted?', { hint: 'Name the mount point last.' })
  const absolute = (path: string): string => absolutePath(path, cwd)
  const layer = (one: LowerLayer): LowerLayer => ({ ...one, path: absolute(one.path) })
  const target = absolute(said.target)
  refuseRoot(target, place)
  return { ...said, target, lower: said.lower.map(layer), data: said.data.map(layer), ...(said.upper === undefined ? {} : { upper: absolute(said.upper) }), ...(said.work === undefined ? {} : { work: absolute(said.work) }) }
}
