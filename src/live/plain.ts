/**
 * A medium of neither casper nor live-boot: the image that holds its tree, by the names that other live systems use, or
 * whatever squashfs and erofs there are. How such a system stacks several is not known; they are put in the order of their names.
 */

import { finding } from '../errors/make-finding.ts'
import { compareNames } from '../names/bytes.ts'
import { baseName } from '../names/path.ts'
import { ignoredImages } from './ignored.ts'
import type { LiveLayer, LiveStack } from './live-plan.ts'
import type { Medium, MediumFile } from './medium.ts'

/** dracut (Fedora, openSUSE), archiso, and Debian's and Ubuntu's own names in other places. */
const KNOWN: readonly RegExp[] = [/^\/LiveOS\/(?:squashfs|rootfs)\.img$/, /^\/[^/]+\/[^/]+\/airootfs\.(?:sfs|erofs)$/, /\/filesystem\.squashfs$/]

/** Components of a path; further down is no place for the tree of a live system. */
const DEEPEST = 4

export function planPlain(medium: Medium, _cmdline: string): LiveStack {
  // A tree too large to be walked is the root of a system, where images lie about.
  const images = medium.incomplete === true ? [] : medium.files.filter((file) => file.kind === 'file' && (medium.kind === 'images' || isTree(file)))
  const known = KNOWN.map((pattern) => images.filter(({ path }) => pattern.test(path))).find((found) => found.length > 0)
  const chosen = (medium.kind === 'images' ? images : (known?.slice(0, 1) ?? images)).toSorted((a, b) => compareNames(b.path, a.path))
  const layers = chosen.map(({ path, size }, at): LiveLayer => ({ name: baseName(path), path, size, role: at === chosen.length - 1 ? 'base' : 'layer', kind: 'file' }))
  const many = layers.length < 2 ? [] : [finding('live-stacks-everything', {
    confidence: 'possible',
    title: `${layers.length} images, and nothing says how they belong together: they are stacked by name, the last on top`,
    explanation: 'casper and live-boot both stack by name when nothing else is said. Other live systems may do otherwise, or mount only one of them.',
    evidence: [{ fact: layers.map(({ path }) => path).join(' over '), source: 'file' }],
    fix: [{ text: medium.kind === 'images' ? 'Say whose rules hold: --cmdline boot=casper or --cmdline boot=live.' : 'If this is the casper or live directory of a medium, name the directory above it.' }],
  })]
  return {
    system: 'plain', layers, mountOptions: [], layerMountOptions: ['ro', 'noatime'], source: 'overlay', cow: { kind: 'tmpfs' }, toram: false,
    findings: [...many, ...(medium.kind === 'images' ? [] : ignoredImages('this medium’s own system', images.map((file) => ({ ...file, name: baseName(file.path) })), layers))],
  }
}

/** By its type, or by its name where nobody could look inside. */
function isTree({ path, image }: MediumFile): boolean {
  const named = /\.(?:squashfs|sfs|erofs)$/.test(path) || KNOWN.some((pattern) => pattern.test(path))
  const depth = path.split('/').length - 1
  return depth <= DEEPEST && (image === 'squashfs' || image === 'erofs' || (named && (image === undefined || (image === 'unknown' && !path.endsWith('.erofs')))))
}
