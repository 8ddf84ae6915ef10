/**
 * Upper and work of each live overlay: of this mount namespace, and where it is asked for of each other that this
 * user may look into, through a process that lives there. A name that leads nowhere here (another root, a
 * stranger’s directory) holds nothing we could meet.
 */

import type { HolderFact, Known } from '../../diagnose/facts.ts'
import type { OverlayMount } from '../../mounts/overlay-mount.ts'
import { ownerOf } from '../../mounts/owner.ts'
import { readProcFile } from '../proc-file.ts'
import { statName } from '../files.ts'
import type { NameStat } from '../files.ts'
import { holdDirectory, statBelow } from '../beneath.ts'
import { findMountNamespaces, readMountTable } from '../mount-table.ts'
import type { MountNamespace } from '../mount-table.ts'
import { readLayerOwner } from '../owner.ts'
import { mountIdOf } from '../syscalls/files.ts'
import { look, lookFile } from './look.ts'
import type { MountView } from './mounts.ts'
import { placeOf } from './path.ts'

export function collectHolders(mounts: Known<MountView>, everywhere: boolean): Known<readonly HolderFact[]> {
  if (!mounts.known) return mounts
  const { value } = mounts
  return look(() => {
    const here = value.overlays.flatMap((overlay) => holdersOf(overlay, statName).map((holder): HolderFact => ({ ...holder, place: placeOf(holder.path, mountIdOf(holder.path), value) })))
    // A namespace begins as a copy of another: the same overlay is in both.
    const seen = new Set(value.overlays.map(({ device }) => device))
    return [...here, ...(everywhere ? findMountNamespaces().namespaces.flatMap((namespace) => holdersIn(namespace, seen)) : [])]
  })
}

/** Its process may end meanwhile. */
function holdersIn(namespace: MountNamespace, seen: Set<string>): HolderFact[] {
  const { inode, pid } = namespace
  const found = look(() => (readProcFile(`/proc/${pid}/mountinfo`).includes(',upperdir=') ? readMountTable(namespace).overlays : []))
  const news = (found.known ? found.value : []).filter(({ device }) => !seen.has(device))
  for (const { device } of news) seen.add(device)
  const program = lookFile(`/proc/${pid}/comm`)
  const elsewhere = { namespace: inode, pid, program: program.known ? program.value : '?' }
  const held = news.length === 0 ? undefined : look(() => holdDirectory(`/proc/${pid}/root`))
  if (held?.known !== true) return []
  // As it is seen there: an absolute symlink stays in its world.
  using root = held.value
  return news.flatMap((overlay) => holdersOf(overlay, (path) => statBelow(root, path, 'inside')).map((holder): HolderFact => ({ ...holder, place: { known: false, why: 'it was seen through another namespace' }, elsewhere })))
}

function holdersOf(overlay: OverlayMount, stat: (path: string) => NameStat | string): Omit<HolderFact, 'place'>[] {
  const { id: mountId, target, upper, work, maker, deleted = [] } = overlay
  const owned = ownerOf(overlay) === undefined ? undefined : readLayerOwner(overlay).container
  const by = ownerOf(overlay) === undefined ? {} : { maker, ...(owned === undefined ? {} : { container: nameOf(owned) }) }
  return ([['upper', upper], ['work', work]] as const).flatMap(([role, path]) => {
    if (path === undefined || !path.startsWith('/') || deleted.includes(path)) return []
    const found = stat(path)
    return typeof found === 'string' ? [] : [{ mountId, target, role, path, device: String(found.dev), inode: String(found.ino), ...by }]
  })
}

const nameOf = ({ id, name, engine }: NonNullable<HolderFact['container']>): NonNullable<HolderFact['container']> => ({ id, ...(name === undefined ? {} : { name }), ...(engine === undefined ? {} : { engine }) })
