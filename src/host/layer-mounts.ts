/**
 * The mounts that layers lie on, now by the mount table and at boot by fstab: what a line must wait for.
 * Symlinks are followed step by step, as a mount may hold the link and another one what it leads to.
 */

import { existsSync, realpathSync } from 'node:fs'
import { isOvlError } from '../errors/ovl-error.ts'
import type { FstabFile } from '../fstab/file.ts'
import { entriesOf } from '../fstab/file.ts'
import { NETWORK } from '../fstab/words.ts'
import type { LayerMount } from '../fstab/words.ts'
import { parseMountOptions } from '../overlay/mount-options.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import { coveringMount, growTree } from '../mounts/tree.ts'
import { isWithin, pathPrefixes, tidyPath } from '../names/path.ts'
import { lookFile } from './facts/look.ts'
import { realName } from './files.ts'
import { readMountTable } from './mount-table.ts'

/** Mounts other than `/` for absolute, tidy paths; `target` is the overlay itself, which waits for no mount of its own. */
export function collectLayerMounts(layers: readonly string[], target: string, fstab: FstabFile): LayerMount[] {
  const tree = growTree(readMountTable().mounts)
  const entries = entriesOf(fstab).filter((entry) => entry.target.startsWith('/') && tidyPath(entry.target) !== '/' && tidyPath(entry.target) !== target)
  const found = new Map<string, LayerMount>()
  for (const layer of layers) {
    const places = new Set([layer, ...realPrefixes(layer)])
    for (const place of places) {
      const mount = coveringMount(tree, place)
      if (mount !== undefined && mount.target !== '/' && mount.target !== target && isReal(layer, place, mount)) add(found, { target: mount.target, layer, ...network(NETWORK.test(mount.fsType)), ...optional(removableDisk(mount)) })
      for (const entry of entries.filter((entry) => isWithin(place, tidyPath(entry.target)))) {
        const { userspace } = parseMountOptions(entry.options)
        const why = userspace.find((word) => word === 'nofail' || word === 'noauto')
        add(found, { target: tidyPath(entry.target), layer, ...network(NETWORK.test(entry.type) || userspace.includes('_netdev')), ...optional(why === undefined ? undefined : `its own line says ${why}`) })
      }
    }
  }
  return [...found.values()]
}

/** What is behind a symlink is asked for where it leads to. */
const isReal = (layer: string, place: string, { target }: Mount): boolean => place !== layer || isWithin(layer, target)

function add(found: Map<string, LayerMount>, mount: LayerMount): void {
  found.set(mount.target, { ...mount, ...found.get(mount.target), ...(mount.optional === undefined ? {} : { optional: mount.optional }), ...(mount.network === true ? { network: true } : {}) })
}

const network = (is: boolean): { readonly network?: true } => (is ? { network: true } : {})
const optional = (why: string | undefined): { readonly optional?: string } => (why === undefined ? {} : { optional: why })

/** The true path of each part of a path that is there. */
function realPrefixes(path: string): string[] {
  return pathPrefixes(path).flatMap((prefix) => {
    try {
      return [realName(prefix)]
    } catch (error) {
      if (isOvlError(error)) return []
      throw error
    }
  })
}

/** By the disk itself or, for a partition, the disk it is on. */
function removableDisk({ device }: Mount): string | undefined {
  const block = `/sys/dev/block/${device}`
  if (!existsSync(block)) return undefined
  const real = realpathSync(block)
  for (const file of [`${real}/removable`, `${real}/../removable`]) {
    const fact = lookFile(file)
    if (fact.known) return fact.value.trim() === '1' ? 'its disk is removable' : undefined
  }
  return undefined
}
