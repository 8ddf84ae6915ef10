/**
 * A tree of symlinks to the files of another: what `link` in persistence.conf asks for. The links are relative, so that
 * they lead to the same file from outside of the live system as from inside. No symlink of either tree is followed.
 */

import { setImmediate } from 'node:timers/promises'
import { OvlError } from '../errors/ovl-error.ts'
import { isWithin, pathPrefixes } from '../names/path.ts'
import { listBelow, makeDirectoryBelow, removeBelow, removeDirectoryBelow, statBelow, symlinkBelow } from './beneath.ts'
import type { HeldDirectory } from './held-directory.ts'
import type { NameStat } from './files.ts'

/** For each file below `from` a link below the directory `at`, both absolute below `root`. What is there under its name goes; a directory that is empty makes none. */
export async function linkTree(root: HeldDirectory, from: string, at: string, signal: AbortSignal | undefined): Promise<void> {
  // Deep trees are no deep stack.
  const queue: { readonly from: string; readonly at: string }[] = [{ from, at }]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { from: directory, at: place } = next
    // Lets a signal come through.
    await setImmediate()
    if (signal?.aborted === true) throw new OvlError('interrupted', 'interrupted, and everything done so far was undone')
    for (const name of listBelow(root, directory)) {
      const source = `${directory}/${name}`
      const link = `${place}/${name}`
      const found = statBelow(root, source)
      if (typeof found === 'string') continue
      if (found.kind !== 'directory') linkFile(root, source, link, found)
      else if (listBelow(root, source).length > 0) queue.push({ from: source, at: standingDirectory(root, link, found) })
    }
  }
}

function linkFile(root: HeldDirectory, source: string, link: string, { uid, gid }: NameStat): void {
  const there = statBelow(root, link)
  if (typeof there === 'object') clear(root, link, there)
  symlinkBelow(root, link, relativeTo(source, link), { uid, gid })
}

/** A whole directory is not deleted for a link: what stands in it may be kept elsewhere. */
function clear(root: HeldDirectory, link: string, { kind }: NameStat): void {
  if (kind !== 'directory') return removeBelow(root, link)
  if (listBelow(root, link).length > 0) throw new OvlError('persistence-unusable', `'${link}' is a directory with something in it, and the disk has a file of that name to link to`, { hint: 'Rename one of them, or keep the directory above by bind.' })
  removeDirectoryBelow(root, link)
}

function standingDirectory(root: HeldDirectory, path: string, like: NameStat): string {
  const there = statBelow(root, path)
  if (typeof there === 'object' && there.kind !== 'directory') throw new OvlError('persistence-unusable', `'${path}' is a ${there.kind}, and the disk has a directory of that name with files to link to`, { hint: 'Rename one of them.' })
  if (typeof there === 'string') makeDirectoryBelow(root, path, 0o755, like)
  return path
}

/** What the link says. */
function relativeTo(source: string, link: string): string {
  const common = pathPrefixes(link).slice(0, -1).filter((prefix) => isWithin(source, prefix)).at(-1) ?? '/'
  const depth = pathPrefixes(link).length - pathPrefixes(common).length - 1
  return `${'../'.repeat(depth)}${source.slice(common === '/' ? 1 : common.length + 1)}`
}
