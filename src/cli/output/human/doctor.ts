/** `ovl doctor`: the verdict, the table by groups, then what is in the way and what to do about it. */

import type { Checkup, ProbeGroup, ProbeRow, ProbeState } from '../../../diagnose/doctor.ts'
import { PROBE_GROUPS } from '../../../diagnose/doctor.ts'
import { escapeText, showName } from '../escape.ts'
import { PARAGRAPH_COLUMNS } from '../view.ts'
import type { View } from '../view.ts'
import { pad, wrap } from '../width.ts'
import { renderFinding } from './finding.ts'
import { typeset } from './words.ts'

export function renderCheckup(checkup: Checkup, view: View): string {
  const { findings, rows } = checkup
  const tables = PROBE_GROUPS.flatMap((group) => ['', view.style.strong(titleOf(group, checkup)), ...renderGroup(rows.filter((row) => row.group === group), view)])
  const end = findings.length === 0 ? `${view.style.good('Nothing is in the way.')}\n` : findings.map((finding) => renderFinding(finding, view)).join('\n')
  return [...head(checkup, view), ...tables, '', end].join('\n')
}

const VERDICTS = { yes: 'overlays work here', no: 'overlays do not work here', unknown: 'whether overlays work here could not be found out' } as const

function head({ usable, kernel, uid, namespace, inUserNamespace = false, directory, layer, rows }: Checkup, view: View): string[] {
  const elsewhere = usable === 'no' && rows.some(({ id, state }) => id === 'overlay' && state === 'works')
  const who = uid === 0 ? 'root' : `user ${uid}`
  const how = inUserNamespace || namespace === 'user' ? ' in a user namespace' : ''
  const paint = usable === 'yes' ? view.style.good : usable === 'no' ? view.style.error : view.style.warning
  const marks = MARKS[view.unicode ? 'unicode' : 'ascii']
  return [
    `Linux ${escapeText(kernel)}, ${who}${how}: ${paint(elsewhere ? 'overlays work, but not in this directory' : VERDICTS[usable])}`,
    `${showName(directory)} ${LAYERS[`${layer.lower} ${layer.upper}`] ?? 'could not be tried as a layer'}`,
    '',
    view.style.faint(`${marks.works} works   ${marks.missing} not there   ${marks.refused} refused to this user   ${marks.unknown} could not look`),
  ]
}

/** Lower, upper. */
const LAYERS: Readonly<Record<string, string>> = {
  'yes yes': 'can be a lower and an upper', 'yes no': 'can be a lower, and no upper', 'no no': 'can be no layer at all',
  'no yes': 'can be an upper, and no lower', 'yes unknown': 'can be a lower', 'no unknown': 'can be no lower',
}

const MARKS = {
  unicode: { works: '✓', missing: '✗', refused: '⊘', unknown: '?' },
  ascii: { works: '+', missing: '-', refused: '!', unknown: '?' },
} as const

const PAINTS = { works: 'good', missing: 'faint', refused: 'warning', unknown: 'note' } as const satisfies Record<ProbeState, keyof View['style']>

function titleOf(group: ProbeGroup, { directory, namespace }: Checkup): string {
  const titles: Readonly<Record<ProbeGroup, string>> = {
    overlay: 'Overlay', options: 'Options', limits: 'Limits', rootless: namespace === 'mount' ? 'Without root' : 'In a user namespace',
    directory: `Directory ${showName(directory)}`, images: 'Images as layers', programs: 'Programs', system: 'System',
  }
  return titles[group]
}

const WHAT = 26

/** Neighbours that could not be looked at for one reason are one line. */
function renderGroup(rows: readonly ProbeRow[], view: View): string[] {
  const lines: string[] = []
  for (let at = 0; at < rows.length; ) {
    const row = rows[at] as ProbeRow
    const alike = row.state === 'unknown' ? runOf(rows.slice(at), row.detail) : 1
    const what = alike > 2 && !view.verbose ? `${alike} probes` : row.what
    lines.push(...line(row.state, pad(typeset(what, view), WHAT) + row.detail, view), ...(view.verbose ? evidence(row, view) : []))
    at += alike > 2 && !view.verbose ? alike : 1
  }
  return lines
}

function runOf(rows: readonly ProbeRow[], detail: string): number {
  const end = rows.findIndex((row) => row.state !== 'unknown' || row.detail !== detail)
  return end < 0 ? rows.length : end
}

function line(state: ProbeState, text: string, view: View): string[] {
  const mark = MARKS[view.unicode ? 'unicode' : 'ascii'][state]
  const clean = typeset(escapeText(text), view)
  const head = clean.slice(0, WHAT)
  const [first = '', ...rest] = wrap(clean.slice(WHAT), view.columns, ' '.repeat(4 + WHAT))
  return [`  ${view.style[PAINTS[state]](mark)} ${head}${first.trimStart()}`.trimEnd(), ...rest]
}

function evidence(row: ProbeRow, view: View): string[] {
  const columns = Math.min(view.columns, PARAGRAPH_COLUMNS)
  return row.evidence.flatMap(({ fact, source }) => wrap(typeset(escapeText(`${source}: ${fact}`), view), columns, ' '.repeat(6)).map((text) => view.style.faint(text)))
}
