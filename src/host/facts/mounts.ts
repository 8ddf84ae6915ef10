/** The mount table of this process, decoded once for all facts. */

import { readFileSync } from 'node:fs'
import type { Known } from '../../diagnose/facts.ts'
import { decodeOverlays } from '../../mounts/decode.ts'
import { parseMountinfo } from '../../mounts/mountinfo.ts'
import type { Mount } from '../../mounts/mountinfo.ts'
import type { OverlayMount } from '../../mounts/overlay-mount.ts'
import { coveringMount, growTree } from '../../mounts/tree.ts'
import type { MountTree } from '../../mounts/tree.ts'
import { statName } from '../files.ts'
import { look } from './look.ts'

export interface MountView {
  readonly mounts: readonly Mount[]
  readonly byId: ReadonlyMap<number, Mount>
  readonly overlays: readonly OverlayMount[]
  /** Made on the first question: most facts need ids only. */
  readonly tree: () => MountTree
}

/** Reads /proc/self/mountinfo. */
export function readMounts(): Known<MountView> {
  return look(() => {
    const { mounts } = parseMountinfo(readFileSync('/proc/self/mountinfo'))
    let tree: MountTree | undefined
    return {
      mounts,
      byId: new Map(mounts.map((mount) => [mount.id, mount])),
      overlays: decodeOverlays(mounts, { exists: (path) => typeof statName(path) === 'object' }),
      tree: () => (tree ??= growTree(mounts)),
    }
  })
}

/** The mount that a real path lies on: by its id, or by the table alone where no id was to be had. */
export function mountOf(real: string, id: number | undefined, view: MountView): Mount | undefined {
  return id === undefined ? coveringMount(view.tree(), real) : view.byId.get(id)
}
