/**
 * What casper stacks (Ubuntu and its kin), as scripts/casper does in the initramfs:
 *
 *     layerfs-path=a.b.squashfs    a.b.squashfs on a.squashfs, or a panic when one is missing
 *     otherwise                    every *.ext2, then *.squashfs, then *.dir, each by name, the last on top
 *
 * What names the topmost layer inside the initrd alone is seen only when the medium was read with it.
 */

import type { Finding } from '../errors/finding.ts'
import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName, parentPath, tidyPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { cmdlineWords, says, valueOf } from './cmdline.ts'
import { chainOf, isLanguage, roleOf, stemOf, topOf } from './dotted.ts'
import { ignoredImages } from './ignored.ts'
import type { LiveCow, LiveLayer, LiveStack } from './live-plan.ts'
import type { Medium } from './medium.ts'
import { liveDirectory, shelfOf, withExtension } from './shelf.ts'
import type { Shelved } from './shelf.ts'

/** The stack by casper's rules. */
export function planCasper(medium: Medium, cmdline: string): LiveStack {
  const directory = liveDirectory('casper', cmdline)
  const shelf = shelfOf(medium, directory)
  const top = topmost(medium, cmdline, shelf)
  const { images, findings } = top === undefined ? stackAll(medium, shelf) : stackChain(medium, top, directory)
  const names = images.map(({ name }) => name)
  const layers = images.map(({ name, path, size, kind }): LiveLayer => ({ name, path, size, role: roleOf(name, names), kind: kind === 'directory' ? 'directory' : 'file' }))
  return {
    system: 'casper', layers, mountOptions: [], layerMountOptions: ['ro', 'noatime'], source: '/cow',
    cow: cowOf(cmdline), toram: says(cmdline, 'toram'), findings: [...findings, ...ignoredImages('casper', shelf, layers)],
  }
}

interface Top {
  readonly name: string
  readonly saidBy: string
  /** Nobody said it: it is what the medium looks like. */
  readonly guessed?: true
}

interface Images {
  readonly images: readonly Shelved[]
  readonly findings: readonly Finding[]
}

/** The layer that `layerfs-path=` or LAYERFS_PATH names. */
function topmost(medium: Medium, cmdline: string, shelf: readonly Shelved[]): Top | undefined {
  const said = valueOf(cmdline, 'layerfs-path')
  if (said !== undefined) return { name: said, saidBy: 'layerfs-path= of the boot line' }
  const files = Object.entries(medium.texts).filter(([path]) => ['default-layer.conf', 'casper.conf'].includes(baseName(path))).toSorted(([a], [b]) => compareNames(baseName(b), baseName(a)))
  for (const [path, text] of files) {
    const name = text.split('\n').map((line) => /^\s*(?:export\s+)?LAYERFS_PATH=(["']?)([^"'\s]+)\1\s*$/.exec(line)?.[2]).findLast((value) => value !== undefined)
    if (name !== undefined) return { name, saidBy: `LAYERFS_PATH in '${path}'` }
  }
  const names = shelf.map(({ name }) => name)
  if (medium.kind === 'images') {
    const whole = topOf(names)
    return whole === undefined || names.length < 2 ? undefined : { name: whole, saidBy: 'the names of the images' }
  }
  const isLayered = Object.entries(medium.texts).some(([path, text]) => baseName(path) === 'install-sources.yaml' && /^[ \t]*type:[ \t]*["']?fsimage-layered\b/m.test(text))
  const likely = isLayered ? likelyTop(shelf) : undefined
  return likely === undefined ? undefined : { name: likely, saidBy: 'install-sources.yaml, which says fsimage-layered', guessed: true }
}

/** The deepest whole chain that ends in `.live`; undefined when there is none, or more than one. */
function likelyTop(shelf: readonly Shelved[]): string | undefined {
  const names = withExtension(shelf, 'squashfs').map(({ name }) => name)
  const live = names.filter((name) => stemOf(name).endsWith('.live') && chainOf(name).every((needed) => names.includes(needed)))
  return live.length === 1 ? live[0] : undefined
}

function stackChain(medium: Medium, { name, saidBy, guessed }: Top, directory: string): Images {
  // Seen from the initramfs the medium lies at /cdrom.
  const path = medium.kind === 'images' ? name : tidyPath(name.startsWith('/') ? name.replace(/^\/cdrom(?=\/)/, '') : `${directory}/${name}`)
  const shelf = shelfOf(medium, parentPath(path)).filter(({ kind }) => kind !== 'directory')
  const wanted = chainOf(baseName(path)).map((needed) => ({ needed, found: shelf.find((file) => file.name === needed) }))
  const missing = wanted.filter(({ found }) => found === undefined).map(({ needed }) => (medium.kind === 'images' ? needed : `${parentPath(path)}/${needed}`))
  const findings = [
    ...(missing.length === 0 ? [] : [finding('live-layer-missing', {
      title: `${missing.map((one) => `'${one}'`).join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: casper stops the boot`,
      evidence: [{ fact: `${saidBy} is ${name}, which needs ${wanted.map(({ needed }) => needed).join(', ')}`, source: 'file' }, { fact: `there ${shelf.length === 0 ? 'is no file' : `are ${shelf.map((file) => file.name).filter((one) => /\.(?:squashfs|ext2)$/.test(one)).toSorted(compareNames).join(', ') || 'no images'}`}${medium.kind === 'images' ? '' : ` in '${parentPath(path)}'`}`, source: 'file' }],
      fix: [{ text: 'Put the missing image beside the others, from the same release.' }, { text: 'Or say a topmost image whose whole chain is there: --cmdline layerfs-path=NAME.' }],
    })]),
    ...(guessed === true ? [unsaid(medium, `nothing that can be seen names the topmost image; '${name}' is taken for it`, name, 'likely', `${saidBy}, and it is the only chain that ends in .live`)] : []),
  ]
  return { images: wanted.flatMap(({ found }) => found ?? []), findings }
}

const SKIPPED = ['ltsp.squashfs', 'server.squashfs']

function stackAll(medium: Medium, shelf: readonly Shelved[]): Images {
  const images = ['ext2', 'squashfs', 'dir'].flatMap((extension) => withExtension(shelf, extension).filter(({ name }) => !SKIPPED.includes(name)).toSorted((a, b) => compareNames(a.name, b.name))).toReversed()
  if (images.length < 2) return { images, findings: [] }
  const names = images.map(({ name }) => name)
  const tops = names.filter((name) => chainOf(name).length > 1 && !isLanguage(name) && chainOf(name).every((needed) => names.includes(needed)))
  const top = likelyTop(shelf) ?? tops.toSorted((a, b) => chainOf(b).length - chainOf(a).length)[0]
  return { images, findings: [unsaid(medium, `nothing that can be seen names the topmost image: all ${images.length} are stacked`, top, 'certain', `the last by name, ${names[0] as string}, is on top`)] }
}

function unsaid(medium: Medium, title: string, top: string | undefined, confidence: 'certain' | 'likely', fact: string): Finding {
  return finding('live-stacks-everything', {
    title, confidence,
    evidence: [{ fact, source: 'file' }, { fact: `the boot line has no layerfs-path=, ${medium.unread === undefined ? 'and no initrd was found that has one' : `and ${medium.unread}`}`, source: 'file' }],
    fix: top === undefined ? [] : [{ text: `Say it as the boot line would${medium.kind === 'images' ? `: --cmdline layerfs-path=${top}` : ':'}`, ...(medium.kind === 'images' ? {} : { command: `ovl live plan ${quoteShell(medium.source)} --cmdline layerfs-path=${quoteShell(top)}` }) }],
  })
}

/** `persistent` and `nopersistent`: the later one counts; a copy of the medium leaves none. */
function cowOf(cmdline: string): LiveCow {
  const wish = cmdlineWords(cmdline).findLast((word) => word === 'persistent' || word === 'nopersistent')
  if (wish !== 'persistent' || says(cmdline, 'toram') || valueOf(cmdline, 'todisk') !== undefined) return { kind: 'tmpfs' }
  const path = valueOf(cmdline, 'persistent-path')
  return { kind: 'persistent', labels: ['writable', 'casper-rw'], home: 'home-rw', ...(path === undefined ? {} : { path }) }
}
