/**
 * A longer look at the layers of a live overlay, within bounds: what changed in the lowers since it was
 * mounted, what lies in the index. When it was mounted is told by work/work, which the kernel makes anew
 * each time; overlays without an upper do not tell.
 */

import { lstatSync } from 'node:fs'
import type { LiveState } from '../diagnose/live-health.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { collectWork } from './facts/work.ts'
import { look } from './facts/look.ts'
import { readDirectory } from './files.ts'
import { nameBuffer } from './syscalls/check.ts'

/** Directories looked into, and entries of each: hardly more than a tenth of a second on a disk. */
const MOST_DIRECTORIES = 200
const MOST_ENTRIES = 2000

export function collectLiveState({ lower, work, target, type }: Pick<OverlayMount, 'lower' | 'work' | 'target' | 'type'>): LiveState {
  if (work === undefined || !work.startsWith('/') || type !== 'overlay') return { changed: [], indexJunk: [], unseen: [] }
  const inner = collectWork(work)
  const since = look(() => lstatSync(nameBuffer(`${work}/work`), { bigint: true }).birthtimeNs)
  const unseen = [
    ...(inner.known ? [] : [`what lies in the work directory: ${inner.why}`]),
    ...(since.known && since.value > 0n ? [] : ['when it was mounted, and so whether lowers were changed since']),
  ]
  return {
    changed: since.known && since.value > 0n ? lower.filter((path) => path.startsWith('/') && path !== target).flatMap((path) => changedIn(path, since.value)) : [],
    indexJunk: inner.known ? inner.value.indexJunk : [],
    unseen,
  }
}

/** Breadth first, so that what lies near the top is found even in large trees. */
function changedIn(lower: string, since: bigint): { lower: string; path: string }[] {
  const found: { lower: string; path: string }[] = []
  const queue = [lower]
  for (let seen = 0, at = 0; at < queue.length && at < MOST_DIRECTORIES && seen < MOST_ENTRIES; at++) {
    const directory = queue[at] as string
    const names = look(() => readDirectory(directory))
    for (const name of names.known ? names.value.slice(0, MOST_ENTRIES - seen) : []) {
      seen += 1
      const path = `${directory}/${name}`
      const entry = look(() => lstatSync(nameBuffer(path), { bigint: true }))
      if (!entry.known) continue
      if (entry.value.isDirectory()) queue.push(path)
      // The time of the last change of a directory is that of its entries.
      if (entry.value.ctimeNs > since + SLACK) found.push({ lower, path })
    }
  }
  const top = look(() => lstatSync(nameBuffer(lower), { bigint: true }).ctimeNs)
  return found.length === 0 && top.known && top.value > since + SLACK ? [{ lower, path: lower }] : found
}

/** The clock of a file system goes in ticks of 4 ms and more. */
const SLACK = 20_000_000n
