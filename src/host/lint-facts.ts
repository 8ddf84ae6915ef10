/**
 * Gathers what the lint of an fstab goes by: the directories of its overlay lines, on this system or below
 * the root of an image, where symlinks stay inside as they do once it runs. It only looks.
 */

import { readlinkSync } from 'node:fs'
import type { Known, PathFact } from '../diagnose/facts.ts'
import { entriesOf } from '../fstab/file.ts'
import type { FstabFile } from '../fstab/file.ts'
import type { LintFacts, LintPath } from '../fstab/lint/facts.ts'
import { meantBy, overlayKind } from '../fstab/overlay-line.ts'
import { coveringMount } from '../mounts/tree.ts'
import { decodeName } from '../names/bytes.ts'
import { absolutePath, isWithin, parentPath, tidyPath } from '../names/path.ts'
import { collectJoined } from './facts/joined.ts'
import { known } from './facts/look.ts'
import { readMounts } from './facts/mounts.ts'
import type { MountView } from './facts/mounts.ts'
import { collectPath, pathsOf } from './facts/path.ts'
import type { SaidPath } from './facts/path.ts'
import { lstatName, statName } from './files.ts'
import { nameBuffer } from './syscalls/check.ts'

/** All but what programs have to be asked for. `root` is the directory of an image; without it the file is this system’s. */
export function collectLintFacts(file: string, parsed: FstabFile, root?: string): Omit<LintFacts, 'mountVersion' | 'findmnt'> {
  const mounts = readMounts()
  const lines = entriesOf(parsed).flatMap((entry) => {
    const kind = overlayKind(entry)
    return kind === undefined ? [] : [{ line: entry.line, spec: meantBy(entry, kind).spec }]
  })
  const points = entriesOf(parsed).map(({ target }) => tidyPath(target))
  const at = (path: string): boolean => typeof statName(`${root ?? ''}${path}`) === 'object'
  return {
    file, parsed, ...(root === undefined ? {} : { root }),
    paths: lines.flatMap(({ line, spec }) => pathsOf({ ...spec, mkdir: false }).map((said) => collectLintPath(line, said, points, mounts, root))),
    joined: root === undefined ? lines.flatMap(({ line, spec }) => collectJoined(spec, '/').map((joined) => ({ line, joined }))) : [],
    // Where nothing of the kind is there the file may be for another machine.
    systemd: known(['/run/systemd/system', '/usr/lib/systemd/systemd', '/lib/systemd/systemd'].some(at) || !['/sbin/openrc', '/etc/inittab', '/sbin/procd', '/etc/runit'].some(at)),
    rootType: root === undefined ? rootType(mounts) : { known: false, why: 'it is not mounted' },
    programs: {
      'mount.ovl': known(['/sbin', '/sbin/fs.d', '/sbin/fs', '/usr/sbin'].some((directory) => at(`${directory}/mount.ovl`) || typeof lstatName(`${root ?? ''}${directory}/mount.ovl`) === 'object')),
      node: known(BOOT_PATH.some((directory) => at(`${directory}/node`) || isLink(`${root ?? ''}${directory}/node`))),
      'fuse-overlayfs': known(BOOT_PATH.some((directory) => at(`${directory}/fuse-overlayfs`) || isLink(`${root ?? ''}${directory}/fuse-overlayfs`))),
    },
  }
}

/** As systemd hands it to what it starts. */
const BOOT_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
/** In an image a link leads somewhere only once it runs. */
const isLink = (path: string): boolean => typeof lstatName(path) === 'object'

function rootType(mounts: Known<MountView>): Known<string> {
  const mount = mounts.known ? coveringMount(mounts.value.tree(), '/') : undefined
  return mount === undefined ? { known: false, why: 'the mount table cannot be read' } : known(mount.fsType)
}

function collectLintPath(line: number, said: SaidPath, points: readonly string[], mounts: Known<MountView>, root: string | undefined): LintPath {
  const path = absolutePath(said.path, '/')
  const places = placesBelow(root ?? '', path)
  const fact: PathFact = collectPath({ ...said, absolute: root === undefined ? path : `${root}${places.at(-1) ?? path}` }, mounts, { mountsBelow: false })
  const view = root === undefined && mounts.known ? mounts.value : undefined
  const over = view === undefined ? [] : places.flatMap((place) => coveringMount(view.tree(), nearestThere(place))?.target ?? [])
  const unlisted = over.filter((target) => target !== '/' && !points.includes(target)).at(-1)
  // Only what a path lies on in the end counts, and what is mounted on its own target is the overlay itself.
  const counts = unlisted !== undefined && unlisted === over.at(-1) && !(said.role === 'target' && unlisted === path)
  return { line, fact, places, mounted: [...new Set(over)].filter((target) => points.includes(target)), ...(counts ? { unlisted } : {}) }
}

/** Its nearest parent, for a path that is not there. */
function nearestThere(path: string): string {
  let at = path
  while (at !== '/' && typeof statName(at) === 'string') at = parentPath(at)
  return at
}

/** As MAXSYMLINKS of the kernel. */
const MAX_LINKS = 40

/** Every place that a path is at on its way, the last one where it ends; symlinks lead to below `root` as if it were `/`. */
function placesBelow(root: string, path: string): string[] {
  const places = new Set<string>()
  const rest = path.split('/').filter((part) => part !== '')
  let at = '/'
  let links = 0
  while (rest.length > 0) {
    const part = rest.shift() as string
    if (part === '..') {
      at = parentPath(at)
      continue
    }
    const next = at === '/' ? `/${part}` : `${at}/${part}`
    const found = lstatName(`${root}${next}`)
    if (typeof found === 'object' && found.kind === 'symlink' && ++links <= MAX_LINKS) {
      // The link itself may lie on a mount that has to be there, too.
      if (at !== '/') places.add(at)
      const to = readLink(`${root}${next}`)
      if (to.startsWith('/')) at = '/'
      rest.unshift(...tidyPath(to).split('/').filter((step) => step !== '' && step !== '.'))
    } else at = next
  }
  places.delete(at)
  return [...[...places].filter((place) => !isWithin(at, place)), at]
}

function readLink(path: string): string {
  try {
    return decodeName(readlinkSync(nameBuffer(path), { encoding: 'buffer' }))
  } catch {
    return '.'
  }
}
