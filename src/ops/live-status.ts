/** `ovl live status`: what a mounted live system is made of, and how much room its changes have left. */

import type { Finding } from '../errors/finding.ts'
import { isOvlError } from '../errors/ovl-error.ts'
import { readMountTable } from '../host/mount-table.ts'
import { readRoom } from '../host/room.ts'
import type { RoomView } from '../host/room.ts'
import { memory } from '../host/system.ts'
import { judgeRoom } from '../live/room.ts'
import { coveringMount, growTree } from '../mounts/tree.ts'
import { isWithin } from '../names/path.ts'
import { readLive } from './live.ts'
import type { LiveMount } from './live.ts'

export interface LiveStatus extends LiveMount {
  /** Topmost first. */
  readonly layers: readonly (LiveMount['layers'][number] & { /** Bytes of its file system; absent for a layer that is a directory of a larger one. */ readonly size?: number })[]
  /** The file system that upper lies on. */
  readonly upperOn: string
  readonly room: RoomView
  readonly memory?: { readonly total: number; readonly available: number }
  readonly findings: readonly Finding[]
}

/** @throws OvlError as readLive() does */
export async function liveStatus(target: string): Promise<LiveStatus> {
  const live = readLive(target)
  const room = readRoom(live.upper)
  const free = memory()
  const below = coveringMount(growTree(readMountTable().mounts), live.upper)
  const upperOn = below?.fsType ?? 'unknown'
  return {
    ...live,
    layers: live.layers.map((layer) => ({ ...layer, ...(isWithin(layer.at, live.directory) ? sizeAt(layer.at) : {}) })),
    upperOn, room,
    ...(free === undefined ? {} : { memory: free }),
    findings: judgeRoom({ target: live.target, upperAt: below?.target ?? live.upper, upperOn, room, memory: free, keeps: live.keeps }),
  }
}

function sizeAt(path: string): { readonly size?: number } {
  try {
    return { size: readRoom(path).bytes.total }
  } catch (error) {
    if (isOvlError(error)) return {}
    throw error
  }
}
