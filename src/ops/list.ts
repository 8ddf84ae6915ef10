/** `ovl list`: every live overlay that can be seen, decoded. Looks only; whether one is healthy is for inspect.ts. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { findMountNamespaces, readMountTable } from '../host/mount-table.ts'
import type { MountNamespace, MountTable } from '../host/mount-table.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'

export interface ListOptions {
  /** Also those of other mount namespaces: containers, services with private mounts. Default false. */
  readonly allNamespaces?: boolean
  readonly signal?: AbortSignal
}

/** What a look at the mount tables gave, and what it could not see. */
export interface Listing {
  /** In the order of the mount table, own namespace first: of several on one target, the last is the visible one. */
  readonly overlays: readonly OverlayMount[]
  /** Processes whose mount namespace may not be asked: theirs may hold more overlays. */
  readonly hidden: number
  readonly warnings: readonly Finding[]
}

/**
 * Lists the overlay mounts of this mount namespace, fuse-overlayfs included, with their layers as true
 * paths where these can be known (`unresolved` says where not), options, flags and maker.
 *
 * With `allNamespaces`, those of every namespace that some process lives in and this user may look
 * into; paths are then as seen from that namespace, which `namespace` names. A mount that only repeats
 * one already listed (same target, same file system) is left out. Ordinary users see their own
 * processes' namespaces only; a namespace that no process lives in is not found at all.
 *
 * Source: proc(5), `/proc/PID/mountinfo`; ovl's receipts; the daemons of fuse-overlayfs.
 * @returns mounts in the order of the table
 * @throws OvlError when the own mount table cannot be read; `interrupted` when the signal is aborted
 */
export async function list(options: ListOptions = {}): Promise<OverlayMount[]> {
  const { overlays } = await survey(options)
  return [...overlays]
}

/** {@link list}, with what could not be seen. */
export async function survey({ allNamespaces = false, signal }: ListOptions = {}): Promise<Listing> {
  stopIfAborted(signal)
  const own = readMountTable()
  if (!allNamespaces) return { overlays: own.overlays, hidden: 0, warnings: damaged(own) }
  const { namespaces, hidden } = findMountNamespaces()
  const overlays = [...own.overlays]
  const seen = new Set(overlays.map(identity))
  let closed = 0
  for (const namespace of namespaces) {
    // There may be thousands, and whoever wants to abort must get a word in.
    await nextTurn()
    stopIfAborted(signal)
    const table = readOther(namespace)
    if (table === undefined) closed += 1
    for (const overlay of table?.overlays ?? []) {
      if (!seen.has(identity(overlay))) overlays.push(overlay)
      seen.add(identity(overlay))
    }
  }
  return { overlays, hidden: hidden + closed, warnings: [...damaged(own), ...unseen(hidden + closed)] }
}

const identity = ({ target, device }: OverlayMount): string => `${device} ${target}`

/** Undefined when its process has ended meanwhile, or guards its table. */
function readOther(namespace: MountNamespace): MountTable | undefined {
  try {
    return readMountTable(namespace)
  } catch (error) {
    if (isOvlError(error)) return undefined
    throw error
  }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new OvlError('interrupted', 'interrupted while reading the mount tables', { cause: signal.reason })
}

function unseen(hidden: number): Finding[] {
  if (hidden === 0) return []
  const title = `${hidden} ${hidden === 1 ? 'process' : 'processes'} could not be looked into; overlays that only their mount namespaces have are missing here`
  return [
    finding('not-permitted', {
      title,
      severity: 'note',
      explanation: 'A mount table is shown to the owner of its processes and to root only.',
      evidence: [{ fact: title, source: 'proc' }],
      fix: process.geteuid?.() === 0 ? [] : [{ text: 'Ask as root to see all of them.', command: 'sudo ovl list --all-namespaces' }],
    }),
  ]
}

function damaged({ unreadable }: MountTable): Finding[] {
  if (unreadable.length === 0) return []
  return [
    finding('internal', {
      title: `${unreadable.length} lines of the mount table have no form that ovl knows`,
      severity: 'warning',
      evidence: unreadable.slice(0, 3).map((line) => ({ fact: line.slice(0, 200), source: 'mountinfo' })),
    }),
  ]
}
