/**
 * What live-boot stacks (Debian and its kin), as 9990-overlay.sh does in the initramfs:
 *
 *     filesystem.MODULE.module or MODULE.module    the images it lists, the last on top; MODULE is `filesystem`, or module=
 *     otherwise                                    every *.squashfs, *.ext2 …, *.dir, by name, the last on top
 *     toram=IMAGE                                  that image alone
 */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName } from '../names/path.ts'
import { says, valueOf } from './cmdline.ts'
import { ignoredImages } from './ignored.ts'
import type { LiveCow, LiveLayer, LiveStack } from './live-plan.ts'
import type { Medium } from './medium.ts'
import { findReversal } from './persistence.ts'
import { liveDirectory, shelfOf, withExtension } from './shelf.ts'
import type { Shelved } from './shelf.ts'

const EXTENSIONS = ['squashfs', 'ext2', 'ext3', 'ext4', 'xfs', 'jffs2', 'dir'] as const
const DEFAULT_SIZE = '50%'

/** The stack by live-boot's rules. */
export function planLiveBoot(medium: Medium, cmdline: string): LiveStack {
  const directory = liveDirectory('live-boot', cmdline)
  const shelf = shelfOf(medium, directory)
  const { images, findings } = planImages(medium, shelf, cmdline, directory)
  const layers = images.map(({ name, path, size, kind }, at): LiveLayer => ({ name, path, size, role: at === images.length - 1 ? 'base' : 'module', kind: kind === 'directory' ? 'directory' : 'file' }))
  const cow = cowOf(cmdline)
  const reversal = cow.kind === 'persistent' ? findReversal(layers) : undefined
  return {
    system: 'live-boot', layers, mountOptions: ['noatime', 'redirect_dir=on'], layerMountOptions: ['ro', 'noatime'], source: 'overlay',
    cow, toram: valueOf(cmdline, 'toram') ?? says(cmdline, 'toram'),
    findings: [...findings, ...(reversal === undefined ? [] : [reversal]), ...ignoredImages('live-boot', shelf, layers)],
  }
}

interface Images {
  /** Topmost first. */
  readonly images: readonly Shelved[]
  readonly findings: readonly Finding[]
}

/** toram=IMAGE: only what was copied is mounted. When it is not there, live-boot goes on as without. */
function planImages(medium: Medium, shelf: readonly Shelved[], cmdline: string, directory: string): Images {
  const said = valueOf(cmdline, 'toram')
  const copied = said === undefined ? undefined : shelf.find(({ name, kind }) => name === said && kind !== 'directory')
  if (copied !== undefined) return { images: [copied], findings: [] }
  const { images, findings } = listed(medium, shelf, valueOf(cmdline, 'module') ?? 'filesystem', directory)
  const lost = said === undefined ? [] : [finding('live-layer-missing', { severity: 'warning', title: `toram= names '${said}', which is not in '${directory}': live-boot copies nothing and goes on` })]
  return { images, findings: [...lost, ...findings] }
}

function listed(medium: Medium, shelf: readonly Shelved[], module: string, directory: string): Images {
  const list = shelf.find(({ name }) => name === `filesystem.${module}.module`) ?? shelf.find(({ name }) => name === `${module}.module`)
  if (list === undefined) return sorted(shelf)
  const names = (medium.texts[list.path] ?? '').split(/\s+/).filter((name) => name !== '')
  const wanted = names.map((name) => ({ name, found: shelf.find((file) => file.name === name) ?? medium.files.map((file) => ({ ...file, name: baseName(file.path) })).find(({ path }) => path === `${directory}/${name}`) }))
  const missing = wanted.filter(({ found }) => found === undefined)
  return {
    images: wanted.flatMap(({ found }) => found ?? []).toReversed(),
    findings: missing.map(({ name }) => finding('live-layer-missing', {
      severity: 'warning',
      title: `'${list.path}' lists '${name}', which is not there: live-boot goes on without it`,
      evidence: [{ fact: `it lists ${names.join(', ')}`, source: 'file' }],
      fix: [{ text: 'Put the image there, or take its name out of the list.' }],
    })),
  }
}

function sorted(shelf: readonly Shelved[]): Images {
  // The names go through a shell unquoted: one with a blank falls apart and is not found.
  const images = EXTENSIONS.flatMap((extension) => withExtension(shelf, extension)).filter(({ name }) => !/\s/.test(name))
  return { images: images.toSorted((a, b) => compareNames(b.name, a.name)), findings: [] }
}

function cowOf(cmdline: string): LiveCow {
  const size = valueOf(cmdline, 'overlay-size') ?? DEFAULT_SIZE
  if (!says(cmdline, 'persistence') || says(cmdline, 'nopersistence')) return { kind: 'tmpfs', size }
  const list = (key: string, otherwise: string): readonly string[] => (valueOf(cmdline, key) ?? otherwise).split(',').filter((word) => word !== '')
  const path = valueOf(cmdline, 'persistence-path')
  return {
    kind: 'persistent', labels: list('persistence-label', 'persistence'), storage: list('persistence-storage', 'filesystem,file'), encryption: list('persistence-encryption', 'none'),
    ...(path === undefined ? {} : { path }), ...(says(cmdline, 'persistence-read-only') ? { readOnly: true } : {}), size,
  }
}
