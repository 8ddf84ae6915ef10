/**
 * What becomes of a medium when a tree, or only its changes, is put into it as an image: the name of the image, what is
 * taken out, which texts change. A pure function; that the live system then stacks what it shall is asked of planLive.
 */

import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName, parentPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import type { LiveRecord } from '../plan/step.ts'
import { valueOf } from './cmdline.ts'
import { chainOf, stemOf } from './dotted.ts'
import { isLive, planLive } from './live-plan.ts'
import type { LivePlan } from './live-plan.ts'
import { filesIn, findFile } from './medium.ts'
import type { Medium, MediumFile } from './medium.ts'
import { addLayerPath, renameLayerPaths, renameSources } from './pack-texts.ts'

export interface MediumEdit {
  /** Where the new image lies on the medium. */
  readonly image: string
  readonly removed: readonly string[]
  /** Texts that change, by path. */
  readonly texts: Readonly<Record<string, string>>
  /** Files that count the tree, and shall again: its bytes, or its packages. */
  readonly sizes: readonly string[]
  readonly manifests: readonly string[]
  /** What the live system stacks then, topmost first. */
  readonly chain: readonly string[]
  /** The boot line for it, where no entry of the menu has it. */
  readonly cmdline?: string
}

export type PackedLive = Pick<LiveRecord, 'system' | 'cmdline' | 'layers'>

/**
 * The edit that puts the merged tree, or with `layer` its changes alone, into the medium.
 * @throws OvlError live-stacks-everything, live-not-found, when no edit would make the live system stack it so
 */
export function planPack(medium: Medium, live: PackedLive, layer: boolean): MediumEdit {
  const top = live.layers[0]
  if (top === undefined || medium.kind === 'images') throw new OvlError('usage', 'single images are no medium: there is nothing to boot from', { hint: 'Pack into a squashfs, and put that where the images lie: ovl live pack TARGET OUT.squashfs.' })
  if (layer && live.system === 'plain') throw refused(medium, 'how this live system stacks several images is not known, so that nothing can be put on top')
  const before = planLive(medium, { cmdline: live.cmdline })
  const image = layer ? layerPath(medium, live, before) : wholePath(live, before)
  const gone = layer ? [] : goneImages(medium, live, image)
  const chain = [baseName(image), ...(layer ? live.layers.map(({ name }) => name) : [])]
  const shelf = parentPath(image)
  const removed = [...gone, ...[...gone, image].flatMap((path) => siblings(medium, path, gone.includes(path)))].toSorted(compareNames)
  const counted = (ending: string): string[] => ['filesystem', stemOf(baseName(image))].filter((stem, at, all) => all.indexOf(stem) === at).map((stem) => `${shelf}/${stem}.${ending}`).filter((path) => findFile(medium, path) !== undefined && !removed.includes(path))
  const added = layer ? ['size', 'manifest'].filter((ending) => findFile(medium, `${stemOf(top.path)}.${ending}`) !== undefined && live.system === 'casper').map((ending) => `${stemOf(image)}.${ending}`) : []
  for (const texts of textEdits(medium, live, image, layer, removed)) {
    const after = edited(medium, image, removed, texts)
    const cmdline = stackedSo(medium, after, live, chain, removed)
    if (cmdline === undefined) continue
    return {
      image, removed, texts, chain,
      sizes: [...new Set([...counted('size'), ...added.filter((path) => path.endsWith('.size'))])],
      manifests: [...new Set([...counted('manifest'), ...counted('packages'), ...added.filter((path) => path.endsWith('.manifest'))])],
      ...(cmdline === '' ? {} : { cmdline }),
    }
  }
  throw refused(medium, layer ? 'no name puts the new layer on top: the boot lines name images that are stacked alone' : 'the boot lines name images that the packed one would have to replace')
}

/** The medium as it will be. */
export function edited(medium: Medium, image: string, removed: readonly string[], texts: Readonly<Record<string, string>>): Medium {
  const file: MediumFile = { path: image, size: 0, kind: 'file', image: 'squashfs' }
  const isGone = (path: string): boolean => removed.some((one) => path === one || path.startsWith(`${one}/`))
  const kept = Object.entries(medium.texts).filter(([path]) => !isGone(path))
  return { ...medium, files: [...medium.files.filter(({ path }) => path !== image && !isGone(path)), file], texts: { ...Object.fromEntries(kept), ...texts } }
}

const refused = (medium: Medium, title: string): OvlError => {
  const why = `the medium '${medium.source}' cannot take it: ${title}`
  return new OvlError('live-stacks-everything', why, { findings: [finding('live-stacks-everything', { severity: 'error', title: why, explanation: 'A packed medium is only made when its live system would stack exactly what was packed.', fix: [{ text: 'Pack the whole tree into one image, which every boot line can find:', command: 'ovl live pack TARGET OUT.iso' }, { text: 'Or make the image alone, and place it by hand: ovl live pack TARGET OUT.squashfs.' }] })] })
}

/** One image has the name of the one at the bottom, which needs no other. */
function wholePath(live: PackedLive, before: LivePlan): string {
  const names = before.layers.map(({ name }) => name)
  const bottom = live.layers.at(-1) as LiveRecord['layers'][number]
  const chosen = live.layers.find(({ name }) => name === 'filesystem.squashfs') ?? bottom
  const isPlain = live.system === 'plain' || chosen.name.endsWith('.squashfs')
  return isPlain || names.length === 0 ? chosen.path : `${stemOf(chosen.path)}.squashfs`
}

/** All other images of the stack, and casper's that lie on one of them. */
function goneImages(medium: Medium, { system, layers }: PackedLive, image: string): readonly string[] {
  const names = new Set(layers.map(({ name }) => name))
  const stands = (name: string): boolean => system === 'casper' && layers.length > 1 && name.endsWith('.squashfs') && chainOf(name).slice(1).some((needed) => names.has(needed))
  const beside = filesIn(medium, parentPath(image)).map(({ path }) => path).filter((path) => stands(baseName(path)))
  return [...new Set([...layers.map(({ path }) => path), ...beside])].filter((path) => path !== image)
}

/** Signatures and checksums of an image that is another now; what else is told of one that is gone. */
const SIGNED = ['gpg', 'sig', 'verity', 'roothash', 'roothash.p7s', 'fec', 'sha256sum']
const TOLD = ['size', 'manifest', 'manifest-remove', 'manifest-minimal-remove', 'packages']

function siblings(medium: Medium, path: string, isGone: boolean): readonly string[] {
  const told = isGone && baseName(path) !== 'filesystem.squashfs' ? TOLD.map((ending) => `${stemOf(path)}.${ending}`) : []
  return [...SIGNED.map((ending) => `${path}.${ending}`), ...told].filter((one) => findFile(medium, one) !== undefined)
}

/** A name that is on top: one more part in a dotted chain, else the last by name. */
function layerPath(medium: Medium, live: PackedLive, before: LivePlan): string {
  const { name: top, path } = live.layers[0] as LiveRecord['layers'][number]
  const shelf = parentPath(path)
  const chain = chainOf(top)
  const names = live.layers.map(({ name }) => name)
  if (live.system === 'casper' && top.endsWith('.squashfs') && isChained(before) && chain.length === names.length && chain.every((one, at) => names[at] === one)) return `${shelf}/${stemOf(top)}.changes.squashfs`
  const taken = (name: string): boolean => findFile(medium, `${shelf}/${name}`) !== undefined
  const numbered = ['', ...Array.from({ length: 98 }, (_, at) => String(at + 2).padStart(2, '0'))].map((number) => `zz-changes${number}.squashfs`)
  const name = numbered.find((one) => !taken(one) && names.every((other) => compareNames(one, other) > 0))
  return `${shelf}/${name ?? `${stemOf(names.toSorted(compareNames).at(-1) as string)}z.squashfs`}`
}

/** Whether the boot line or the initrd names the topmost; one that nothing names is found by its name. */
function isChained({ layers, findings, cmdline }: LivePlan): boolean {
  return valueOf(cmdline, 'layerfs-path') !== undefined || (layers.length > 1 && !findings.some(({ code, confidence }) => code === 'live-stacks-everything' && confidence === 'certain'))
}

/** Ways to change the texts, the least first. */
function textEdits(medium: Medium, live: PackedLive, image: string, layer: boolean, removed: readonly string[]): readonly Readonly<Record<string, string>>[] {
  const name = baseName(image)
  const old = live.layers[0]?.name as string
  const changed = (edit: (text: string, path: string) => string): Record<string, string> => Object.fromEntries(Object.entries(medium.texts).filter(([path]) => findFile(medium, path) !== undefined).map(([path, text]) => [path, edit(text, path)] as const).filter(([path, text]) => text !== medium.texts[path]))
  const gone = new Set(removed.map(baseName))
  if (live.system === 'live-boot') {
    const lists = changed((text, path) => {
      const names = text.split(/\s+/).filter((word) => word !== '')
      if (!path.endsWith('.module') || names.at(-1) !== old) return text
      return `${[...(layer ? names : names.filter((one) => !gone.has(one) && one !== name)), name].join('\n')}\n`
    })
    return [lists]
  }
  const renamed = changed((text, path) => {
    if (baseName(path) === 'install-sources.yaml') return renameSources(text, layer ? new Set([old]) : gone, name, !layer)
    return renameLayerPaths(text, name, (said) => !layer || baseName(said) === old)
  })
  return [renamed, changed((text, path) => (baseName(path) === 'install-sources.yaml' ? (renamed[path] ?? text) : addLayerPath(renamed[path] ?? text, name)))]
}

/**
 * Whether every entry of the menu that booted what was mounted, and none that boots something else, boots the new stack.
 * The answer is the boot line that is to be said by hand, empty when an entry says it; undefined when it is not so.
 */
function stackedSo(before: Medium, after: Medium, live: PackedLive, chain: readonly string[], removed: readonly string[]): string | undefined {
  const wanted = chain.join('\n')
  const mounted = live.layers.map(({ name }) => name).join('\n')
  const entries = { old: planLive(before).entries.filter(isLive), now: entriesOf(after).filter(isLive) }
  const untouched = new Set(entries.old.map(({ cmdline }) => stackOf(before, cmdline)).filter(({ names, paths }) => names !== mounted && !paths.some((path) => removed.includes(path))).map(({ names }) => names))
  const stacks = entries.now.map(({ cmdline }) => stackOf(after, cmdline).names)
  if (!stacks.every((names) => names === wanted || untouched.has(names))) return undefined
  const isDefault = stackOf(before).names === mounted
  if (isDefault && stackOf(after).names !== wanted) return undefined
  if (isDefault || stacks.includes(wanted)) return ''
  const said = renameLayerPaths(live.cmdline, chain[0] as string, () => true)
  return stackOf(after, said).names === wanted ? said : undefined
}

function entriesOf(medium: Medium): LivePlan['entries'] {
  try {
    return planLive(medium).entries
  } catch {
    return []
  }
}

/** What a boot line stacks, as one text, and where it lies; nothing when that fails. */
export function stackOf(medium: Medium, cmdline?: string): { readonly names: string; readonly paths: readonly string[] } {
  try {
    const { layers, findings } = planLive(medium, cmdline === undefined ? {} : { cmdline })
    // A chain with a gap stops the boot, whatever is left of it.
    const gap = findings.some(({ severity }) => severity === 'error') ? '\n' : ''
    return { names: `${gap}${layers.map(({ name }) => name).join('\n')}`, paths: layers.map(({ path }) => path) }
  } catch {
    return { names: '', paths: [] }
  }
}

/** What is to be done by hand with a layer that was packed alone. */
export function placeOf(edit: MediumEdit, out: string): string {
  const lists = Object.keys(edit.texts).filter((path) => path.endsWith('.module'))
  const lines = Object.keys(edit.texts).filter((path) => !path.endsWith('.module') && !path.endsWith('.yaml'))
  const said = [...lists.map((path) => `name it last in ${path}`), ...(lines.length === 0 ? [] : [`say layerfs-path=${baseName(edit.image)} on the boot line`])]
  return `Copy ${quoteShell(baseName(out))} to ${edit.image} of the medium${said.length === 0 ? '' : `, and ${said.join(', and ')}`}.`
}
