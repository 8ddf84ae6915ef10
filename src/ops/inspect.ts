/** `ovl inspect`: one live overlay, each of its layers looked at, and what is wrong with it. Changes nothing. */

import { statfsSync } from 'node:fs'
import { finding } from '../errors/make-finding.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { absoluteHere } from '../host/cwd.ts'
import { look, lookDirectory, lookFile } from '../host/facts/look.ts'
import { collectWork } from '../host/facts/work.ts'
import { realName } from '../host/files.ts'
import { readDockerContainer } from '../host/image-stores.ts'
import { mountRef, viewLayers } from '../host/layer-views.ts'
import { readMountTable } from '../host/mount-table.ts'
import type { MountTable } from '../host/mount-table.ts'
import { findOwner } from '../host/owner.ts'
import { findSharedLayers } from '../host/shared-layers.ts'
import { nameBuffer } from '../host/syscalls/check.ts'
import { mountIdOf } from '../host/syscalls/files.ts'
import { isOverlay } from '../mounts/decode.ts'
import { judgeHealth } from '../mounts/health.ts'
import type { LayerState, Room } from '../mounts/health.ts'
import type { ContainerName } from '../mounts/identity.ts'
import { optionsInForce } from '../mounts/in-force.ts'
import type { ModuleParameters } from '../mounts/in-force.ts'
import type { Inspection, LayerView } from '../mounts/inspection.ts'
import type { Mount } from '../mounts/mountinfo.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { fixByOwner } from '../mounts/owner.ts'
import { coveringMount, growTree, stackedMounts } from '../mounts/tree.ts'
import type { MountTree } from '../mounts/tree.ts'
import { OPTION_TABLE } from '../overlay/options.ts'
import { survey } from './list.ts'

export type { Inspection, LayerIdentity, LayerView, MountRef } from '../mounts/inspection.ts'

/**
 * Looks at the overlay that `target` lies on: its mount point or any path inside it. Of several stacked
 * on one mount point that is the topmost; `hides` names the others.
 *
 * Every layer is looked at where it is now, which needs the rights to see it: what cannot be seen is
 * absent from the answer, and no finding rests on it. Other mount namespaces are searched for overlays
 * that share a layer, as far as this user may.
 * @param target a path, relative to the working directory or absolute
 * @throws OvlError `target-missing`; `not-mounted`, when what is mounted there is no overlay, with what it is
 */
export async function inspect(target: string): Promise<Inspection> {
  const table = readMountTable()
  const tree = growTree(table.mounts)
  const overlay = findOverlay(target, table, tree)
  const layers = viewLayers(overlay, tree)
  const room = roomOf(overlay)
  const container = containerOf(overlay, layers)
  const { overlays } = await survey({ allNamespaces: true })
  const workInWork = hasWorkInWork(overlay, layers)
  const findings = fixByOwner(judgeHealth({
    overlay,
    layers: layers.map(stateOf),
    shared: findSharedLayers(overlay, layers, overlays),
    ...(workInWork === undefined ? {} : { workInWork }),
    ...(room === undefined ? {} : { room }),
  }), findOwner(overlay))
  return {
    ...overlay,
    layers,
    ...(room === undefined ? {} : { room }),
    inForce: overlay.type === 'overlay' ? optionsInForce(overlay, OPTION_TABLE, moduleParameters()) : [],
    ...(container === undefined ? {} : { container }),
    hides: stackedMounts(tree, overlay.target).filter(({ id }) => id !== overlay.id).map(mountRef),
    findings,
  }
}

function findOverlay(target: string, { overlays }: MountTable, tree: MountTree): OverlayMount {
  const path = realTarget(target)
  const mount = tree.byId.get(mountIdOf(path) ?? -1) ?? coveringMount(tree, path)
  const overlay = overlays.find(({ id }) => id === mount?.id)
  if (overlay !== undefined) return overlay
  const around = mount === undefined ? undefined : overlayAround(mount, tree)
  const there = mount === undefined ? 'no mount that can be seen' : `${mount.fsType}${mount.source === '' ? '' : ` (${mount.source})`} mounted at '${mount.target}'`
  const title = `'${path}' is no overlay: it lies on ${there}`
  const fix = around === undefined ? { text: 'See what is mounted.', command: 'ovl list' } : { text: around.target === path ? 'An overlay is hidden below that mount: take it down to look at the overlay.' : `The overlay around it is mounted at '${around.target}'.` }
  throw new OvlError('not-mounted', title, { hint: fix.text, findings: [finding('not-mounted', { title, explanation: 'What was asked about lies on no overlay that this process can see. In another mount namespace it may be one.', evidence: [{ fact: title, source: 'mountinfo' }], fix: [fix] })] })
}

/** A mount inside an overlay, or over one, hides it; the message should say so. */
function overlayAround(mount: Mount, tree: MountTree): Mount | undefined {
  for (let at = tree.byId.get(mount.parentId), steps = 0; at !== undefined && steps < tree.byId.size; at = tree.byId.get(at.parentId), steps++) if (isOverlay(at)) return at
  return undefined
}

/** The mount table knows no symlinks. What cannot be resolved (a dead daemon, no rights) is taken as it was said. */
function realTarget(target: string): string {
  if (typeof target !== 'string') throw new OvlError('usage', 'no target: which overlay shall be looked at?')
  try {
    return realName(target)
  } catch (error) {
    if (!isOvlError(error) || error.code === 'usage') throw error
    if (error.errno === 'ENOENT' || error.errno === 'ENOTDIR') throw missing(target, error.errno, error)
    return absoluteHere(target)
  }
}

function missing(target: string, errno: string, cause: unknown): OvlError {
  const title = `'${target}' does not exist`
  return new OvlError('target-missing', title, { syscall: 'stat', errno, cause, findings: [finding('target-missing', { title, explanation: 'There is nothing of this name, and so no overlay.', evidence: [{ fact: `stat('${target}'): ${errno}`, source: 'stat' }], fix: [{ text: 'See what is mounted.', command: 'ovl list' }] })] })
}

function stateOf({ role, index, path, exists, deleted, mount }: LayerView): LayerState {
  return {
    role, index, path,
    ...(exists === undefined ? {} : { exists }),
    ...(deleted === undefined ? {} : { deleted }),
    ...(mount === undefined ? {} : { onWritableMount: !mount.readOnly }),
  }
}

/** The overlay itself answers with the room of upper, should upper be out of sight. */
function roomOf({ upper, target }: OverlayMount): Room | undefined {
  if (upper === undefined) return undefined
  for (const path of upper.startsWith('/') ? [upper, target] : [target]) {
    const room = look(() => {
      const { bavail, blocks, bsize, ffree, files } = statfsSync(nameBuffer(path), { bigint: true })
      return { bytes: { free: bavail * bsize, total: blocks * bsize }, inodes: { free: ffree, total: files } }
    })
    if (room.known) return room.value
  }
  return undefined
}

/** Undefined where nobody may look, and for fuse-overlayfs, which keeps nothing there. */
function hasWorkInWork({ type, work }: OverlayMount, layers: readonly LayerView[]): boolean | undefined {
  if (type !== 'overlay' || work === undefined || layers.find(({ role }) => role === 'work')?.exists !== true) return undefined
  const fact = collectWork(work)
  return fact.known ? fact.value.work === 'directory' : undefined
}

/** From the records of the image store; where containerd keeps the layers, from the target. */
function containerOf({ maker, target }: OverlayMount, layers: readonly LayerView[]): ContainerName | undefined {
  const upper = layers.find(({ role }) => role === 'upper')?.identity?.container
  if (upper !== undefined || maker.id === undefined) return upper
  const root = /^(.+)\/rootfs\/overlayfs\/[0-9a-f]+$/.exec(target)?.[1]
  if (maker.name === 'docker' && root !== undefined) return readDockerContainer(root, maker.id) ?? { id: maker.id }
  return /\/io\.containerd\.runtime\.v[^/]+\/[^/]+\/[^/]+\/rootfs$/.test(target) ? { id: maker.id } : undefined
}

const PARAMETERS = '/sys/module/overlay/parameters'

function moduleParameters(): ModuleParameters {
  const names = lookDirectory(PARAMETERS)
  const entries = (names.known ? names.value : []).flatMap((name) => {
    const value = lookFile(`${PARAMETERS}/${name}`)
    return value.known ? [[name, value.value]] : []
  })
  return Object.fromEntries(entries) as ModuleParameters
}
