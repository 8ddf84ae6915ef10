/** `ovl live plan`: which system, its layers from the top down, how it would mount them, what is odd. */

import type { LiveCow, LivePlan } from '../../../live/live-plan.ts'
import { parentPath } from '../../../names/path.ts'
import { escapeText, showName } from '../escape.ts'
import { PARAGRAPH_COLUMNS } from '../view.ts'
import type { View } from '../view.ts'
import { wrap } from '../width.ts'
import { hang, renderFinding } from './finding.ts'
import { renderTable } from './table.ts'
import type { Column } from './table.ts'
import { countOf, sizeOf, typeset } from './words.ts'

const LABEL = 14
const COLUMNS: readonly Column[] = [{ title: 'LAYER', elastic: 20 }, { title: 'SIZE', align: 'right' }, { title: 'ROLE' }]
const SYSTEMS = { casper: 'a casper system', 'live-boot': 'a live-boot system', plain: 'images of neither casper nor live-boot' } as const

export function renderLivePlan(plan: LivePlan, view: View): string {
  const { layers, findings, medium: { source, info } } = plan
  const rows = layers.map(({ name, size, role, kind }) => [showName(name), kind === 'directory' ? '-' : sizeOf(size), role])
  return [
    `${view.style.strong(showName(source))}: ${SYSTEMS[plan.system]}, ${countOf(layers.length, 'layer')}`,
    ...(info === undefined ? [] : [escapeText(info.split('\n')[0] as string)]),
    ...(layers.length === 0 ? [] : ['', 'Topmost first: each layer covers the ones below it.', '', renderTable(COLUMNS, rows, view).trimEnd()]),
    '',
    ...facts(plan, view),
    ...(view.verbose ? ['', ...menu(plan, view)] : []),
    '',
    ...findings.map((finding) => renderFinding(finding, view)),
  ].join('\n')
}

function facts({ medium, layers, cmdline, entries, mountOptions, layerMountOptions, source, cow, toram }: LivePlan, view: View): string[] {
  const row = (label: string, text: string): string[] => hang(label, wrap(typeset(escapeText(text), view), Math.min(view.columns, PARAGRAPH_COLUMNS), ' '.repeat(LABEL)), view.style.faint)
  const entry = entries.find((one) => one.cmdline === cmdline && one.isDefault) ?? entries.find((one) => one.cmdline === cmdline)
  const [first] = layers
  return [
    ...(entry === undefined ? [] : row('boot entry', `${entry.title} (${entry.file})`)),
    ...row('boot line', cmdline === '' ? 'none was found' : cmdline),
    ...(first === undefined ? [] : row('images', `${medium.kind === 'images' ? '' : `in ${parentPath(first.path)}, `}each mounted ${layerMountOptions.join(',')}`)),
    ...row('overlay', `source ${source}${mountOptions.length === 0 ? ', no options of its own' : `, ${mountOptions.join(',')}`}`),
    ...row('changes', changes(cow)),
    ...(toram === false ? [] : row('memory', toram === true ? 'the medium is copied to memory first, where there is room (toram)' : `'${toram}' is copied to memory first, where there is room (toram)`)),
  ]
}

function changes(cow: LiveCow): string {
  const room = `a tmpfs of ${cow.size ?? 'half the memory'}${cow.size?.endsWith('%') === true ? ' of memory' : ''}`
  if (cow.kind === 'tmpfs') return `in ${room}, lost at shutdown`
  const labels = cow.labels.map((label) => `'${label}'`).join(' or else ')
  const parts = [`kept on what is labelled ${labels}`, ...(cow.home === undefined ? [] : [`/home on '${cow.home}'`]), ...(cow.path === undefined ? [] : [`files looked for in '${cow.path}'`]), ...(cow.readOnly === true ? ['read-only'] : [])]
  return `${parts.join(', ')}; without it in ${room}`
}

/** All boot entries, the defaults marked. */
function menu({ entries }: LivePlan, view: View): string[] {
  if (entries.length === 0) return ['No boot entry was found.']
  return entries.flatMap(({ title, file, cmdline, isDefault }) => [
    `${isDefault ? '*' : ' '} ${view.style.strong(escapeText(title))}  ${view.style.faint(escapeText(file))}`,
    ...wrap(escapeText(cmdline === '' ? 'no command line' : cmdline), Math.min(view.columns, PARAGRAPH_COLUMNS), '    '),
  ])
}
