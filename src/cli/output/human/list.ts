/** `ovl list` as a table. */

import type { OverlayMount } from '../../../mounts/overlay-mount.ts'
import { escapeText, showName } from '../escape.ts'
import type { View } from '../view.ts'
import { callMaker } from './maker.ts'
import { renderTable } from './table.ts'
import type { Column } from './table.ts'

const COLUMNS: readonly Column[] = [
  { title: 'TARGET', elastic: 16 },
  { title: 'LOWERS', align: 'right' },
  { title: 'UPPER', elastic: 12, yields: 1.5 },
  { title: 'FLAGS', elastic: 8 },
  { title: 'MAKER', elastic: 10, yields: 0.6 },
]
const NAMESPACE: Column = { title: 'PID', align: 'right' }

/** One row a mount; a column more where some are in other mount namespaces. */
export function renderList(mounts: readonly OverlayMount[], view: View): string {
  const abroad = mounts.some(({ namespace }) => namespace !== undefined)
  const rows = mounts.map((mount) => [
    showName(mount.target), layerCount(mount), mount.upper === undefined ? '-' : showName(mount.upper), flagsOf(mount), makerOf(mount),
    ...(abroad ? [String(mount.namespace?.pid ?? '-')] : []),
  ])
  return renderTable(abroad ? [...COLUMNS, NAMESPACE] : COLUMNS, rows, view)
}

/** Lowers, then data-only layers: `3`, `3+1`. */
function layerCount({ lower, data }: OverlayMount): string {
  return data.length === 0 ? String(lower.length) : `${lower.length}+${data.length}`
}

/** What matters first: writable or not, whatever the mount flag says; relatime is everywhere and says nothing. */
function flagsOf({ readOnly, flags }: OverlayMount): string {
  const rest = flags.filter((flag) => !['rw', 'ro', 'relatime'].includes(flag))
  return [readOnly || flags.includes('ro') ? 'ro' : 'rw', ...rest.map(escapeText)].join(',')
}

/** Ids are cut to twelve places, as Docker and podman show them; ovl's own mean nothing to anybody. */
function makerOf({ maker }: OverlayMount): string {
  if (maker.name === 'unknown') return '-'
  return maker.id === undefined || maker.name === 'ovl' ? callMaker(maker) : `${callMaker(maker)} ${showName(/^[0-9a-f]{32,}$/.test(maker.id) ? maker.id.slice(0, 12) : maker.id)}`
}
