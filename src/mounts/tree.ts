/**
 * The mount table as a tree, for questions about paths: what covers a path, what lies below it, what is
 * stacked on it. A target that merely begins alike may be hidden below a later mount, so paths are
 * walked from mount to mount as the kernel walks them. Symlinks are not followed: give real paths.
 */

import { isWithin } from '../names/path.ts'
import type { Mount } from './mountinfo.ts'

export interface MountTree {
  /** Mounts whose parent is not in the table: mostly one, the root. */
  readonly roots: readonly Mount[]
  readonly byId: ReadonlyMap<number, Mount>
  readonly children: ReadonlyMap<number, readonly Mount[]>
}

/** Orders a table once, for any number of questions. */
export function growTree(mounts: readonly Mount[]): MountTree {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]))
  const children = new Map<number, Mount[]>()
  const roots: Mount[] = []
  for (const mount of mounts) {
    const siblings = children.get(mount.parentId)
    if (mount.parentId === mount.id || !byId.has(mount.parentId)) roots.push(mount)
    else if (siblings === undefined) children.set(mount.parentId, [mount])
    else siblings.push(mount)
  }
  return { roots, byId, children }
}

/** The mount that a tidy absolute path lies on, topmost; undefined when the table has no root. */
export function coveringMount(tree: MountTree, path: string): Mount | undefined {
  let found: Mount | undefined
  for (let next = firstOnTheWay(tree.roots, path); next !== undefined; next = firstOnTheWay(tree.children.get(next.id) ?? [], path)) found = next
  return found
}

/** All mounts on exactly this target, the visible one first, then what it hides. */
export function stackedMounts(tree: MountTree, target: string): Mount[] {
  const stack: Mount[] = []
  let mount = coveringMount(tree, target)
  while (mount?.target === target && !stack.includes(mount)) {
    stack.push(mount)
    mount = tree.byId.get(mount.parentId)
  }
  return stack
}

/**
 * The mounts strictly below a path, in an order in which each can be unmounted: deepest first, and
 * what hides another one before it. Mounts hidden together with the directory they are on are not among them.
 */
export function submounts(tree: MountTree, path: string): Mount[] {
  const cover = coveringMount(tree, path)
  const list: Mount[] = []
  const visit = (mounts: readonly Mount[]): void => {
    for (const mount of mounts.filter(({ target }) => isWithin(target, path) && target !== path).sort(byTargetLength)) {
      visit(tree.children.get(mount.id) ?? [])
      list.push(mount)
    }
  }
  visit(cover === undefined ? tree.roots : (tree.children.get(cover.id) ?? []))
  return list
}

/** Of two siblings one of which lies in the other, the outer one is the later mount and hides the inner. */
const byTargetLength = (a: Mount, b: Mount): number => a.target.length - b.target.length

/** The first mount point a walk down the path meets; of several on one directory, the last in the table. */
function firstOnTheWay(mounts: readonly Mount[], path: string): Mount | undefined {
  let first: Mount | undefined
  for (const mount of mounts) {
    if (isWithin(path, mount.target) && (first === undefined || mount.target.length <= first.target.length)) first = mount
  }
  return first
}
