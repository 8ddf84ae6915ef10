/** `ovl inspect`: what it is, its stack, what is in force, what is wrong with it. */

import type { Inspection } from '../../../mounts/inspection.ts'
import { escapeText, showName } from '../escape.ts'
import { PARAGRAPH_COLUMNS } from '../view.ts'
import type { View } from '../view.ts'
import { wrap } from '../width.ts'
import { hang, renderFinding } from './finding.ts'
import { callMaker } from './maker.ts'
import { renderStack } from './stack.ts'
import { countOf, typeset } from './words.ts'

const LABEL = 14

export function renderInspection(inspection: Inspection, view: View): string {
  const { findings } = inspection
  const verdict = findings.length === 0 ? `${view.style.good('Nothing wrong was found.')}\n` : findings.map((finding) => renderFinding(finding, view)).join('\n')
  return [...head(inspection, view), '', 'Topmost first: each layer covers the ones below it.', '', ...renderStack(inspection, view), '', ...facts(inspection, view), '', verdict].join('\n')
}

function head({ target, type, readOnly, lower, data, upper, maker, container, unresolved, hides }: Inspection, view: View): string[] {
  const layers = lower.length + data.length + (upper === undefined ? 0 : 1)
  const made = maker.name === 'unknown' ? '' : `, made by ${callMaker(maker)}${maker.id === undefined || maker.name === 'ovl' ? '' : ` (${showName(maker.id.length > 24 ? maker.id.slice(0, 12) : maker.id)})`}`
  return [
    `${view.style.strong(showName(target))}: ${readOnly ? 'read-only' : 'writable'} ${type === 'overlay' ? 'overlay' : 'fuse-overlayfs'} of ${countOf(layers, 'layer')}${made}`,
    ...(container === undefined ? [] : [`root of container ${showName(container.name ?? container.id)}${container.image === undefined ? '' : `, image ${showName(container.image)}`}`]),
    ...(hides.length === 0 ? [] : [`hides on the same place: ${hides.map(({ fsType, source }) => `${escapeText(fsType)} (${showName(source)})`).join(', ')}`]),
    ...(unresolved === true ? [typeset('The mount table’s names could not all be traced to paths.', view)] : []),
  ]
}

function facts({ inForce, flags, readOnly, device, id, source, propagation }: Inspection, view: View): string[] {
  const row = (label: string, words: readonly string[]): string[] =>
    words.length === 0 ? [] : hang(label, wrap(words.join(', '), Math.min(view.columns, PARAGRAPH_COLUMNS), ' '.repeat(LABEL)), view.style.faint)
  const from = (origin: Inspection['inForce'][number]['origin']): string[] =>
    inForce.filter((option) => option.origin === origin).map(({ name, value }) => (value === true ? escapeText(name) : value === false ? `no ${name}` : `${escapeText(name)}=${showName(value)}`))
  return [
    ...row('asked for', from('mount')),
    ...row('implied', from('implied')),
    ...row('by module', from('module')),
    ...row('built in', from('kernel')),
    ...row('flags', [...flags.map(escapeText), ...(readOnly && flags.includes('rw') ? ['superblock ro'] : [])]),
    ...row('mount', [`id ${id}`, `device ${device}`, `source ${showName(source)}`, ...propagation]),
  ]
}
