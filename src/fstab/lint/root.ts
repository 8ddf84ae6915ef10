/** Lines that name no layer at all, and overlays over `/`: the root is mounted long before a line of fstab is read. */

import type { Finding } from '../../errors/finding.ts'
import { fault } from '../../overlay/fault.ts'
import { finding } from '../../errors/make-finding.ts'
import { tidyPath } from '../../names/path.ts'
import { entriesOf } from '../file.ts'
import type { FstabEntry } from '../file.ts'
import { overlayKind, meantBy, wordsOf } from '../overlay-line.ts'
import type { Judged } from './boot.ts'

export function rootFindings(judged: Judged): Finding[] {
  const { facts, spec, paths, entry } = judged
  const root = tidyPath(spec.target) === '/'
  // Live systems write `overlay / overlay rw 0 0` about a root that the initramfs has made.
  const made = root && facts.rootType.known && facts.rootType.value === 'overlay'
  if (made) return [fault('remount-change-ignored', 'the root is an overlay already: this line only says its flags', [], 'note')]
  return [
    ...(spec.lower.length > 0 ? [] : noLayers(judged)),
    ...(root ? [overRoot(spec.lower.length > 0)] : []),
    ...(entry.options.includes('x-initrd.mount') && paths.some(({ fact }) => fact.role !== 'target' && !fact.path.startsWith('/sysroot/')) ? [initrd()] : []),
  ]
}

function noLayers({ spec, facts, entry }: Judged): Finding[] {
  const others = entriesOf(facts.parsed).filter((other) => other.line !== entry.line && overlayKind(other) === undefined)
  const memory = others.find((other) => /^(tmpfs|ramfs)$/.test(other.type) && !isUsed(other, facts.parsed))
  const disks = others.filter((other) => other.target.startsWith('/') && tidyPath(other.target) !== '/' && !/^(tmpfs|ramfs|proc|sysfs|devpts|devtmpfs|debugfs|efivarfs|none)$/.test(other.type))
  const upper = spec.upper === undefined && spec.tmpfs === undefined
  return [
    fault('lowerdir-required', `'${spec.target}' has no lowerdir: nothing says what the overlay lies over`, [{ text: 'Name the layers: lowerdir=/over:/base, the topmost first, and to write to it upperdir=/changes,workdir=/changes.work.' }]),
    ...(upper ? [fault('read-only-overlay', `'${spec.target}' has no upperdir and workdir: nothing could be written${memory === undefined ? '' : `; no overlay uses the ${memory.type} that line ${memory.line} mounts on '${memory.target}'`}`, [
      { text: 'Name upperdir and workdir, two directories of one file system.' },
      ...(memory === undefined ? [] : [{ text: 'If changes are to be forgotten at each boot, ovl fstab --helper --tmpfs makes the tmpfs and both directories by itself.' }]),
    ], 'warning')] : []),
    ...(disks.length === 0 || wordsOf(entry).some((word) => /^x-systemd\.(requires|after|wants)/.test(word)) ? [] : [finding('lower-not-mounted-yet', {
      severity: 'warning', confidence: 'likely', title: `'${spec.target}' waits for none of the mounts of this file: ${disks.map(({ target, line }) => `'${tidyPath(target)}' (line ${line})`).join(', ')}`,
      evidence: disks.map(({ line, source, type }) => ({ fact: `line ${line}: ${source} (${type})`, source: 'message' as const })),
      explanation: 'systemd mounts the lines of fstab side by side, and waits only for what a line names. Layers on those disks may not be there yet when the overlay is mounted.',
      fix: [{ text: 'For each disk with a layer on it, add x-systemd.requires-mounts-for=DIRECTORY to the options.' }],
    })]),
  ]
}

/** Some overlay line has a layer on it. */
function isUsed(mount: FstabEntry, parsed: Judged['facts']['parsed']): boolean {
  const point = tidyPath(mount.target)
  return entriesOf(parsed).some((entry) => {
    const kind = overlayKind(entry)
    if (kind === undefined) return false
    const { spec } = meantBy(entry, kind)
    return [...spec.lower.map(({ path }) => path), spec.upper ?? ''].some((path) => path === point || path.startsWith(`${point}/`))
  })
}

function overRoot(layers: boolean): Finding {
  return finding('way-cannot-say', {
    title: "an fstab line cannot mount an overlay over '/': the root is mounted before fstab is read",
    evidence: [{ fact: "the second field is '/'", source: 'message' }],
    explanation: `systemd takes the first line of '/' for options of the root that is mounted already, remounts it with them, and drops another one${layers ? '; overlay refuses to change layers so' : ''}. mount -a would hide the whole system below the new mount while it starts.`,
    fix: [{ text: 'Merge into a directory, such as /srv/merged.' }, { text: 'For a root that forgets its changes, let the initial RAM file system do it; this shows what would be written.', command: 'ovl root --boot --dry-run /' }],
  })
}

function initrd(): Finding {
  return fault('lower-not-mounted-yet', 'with x-initrd.mount the initrd mounts it, and there only the mount point is moved below /sysroot: the layers are looked for without it', [{ text: 'See that the initrd has the layers under these very names, or leave x-initrd.mount out.' }], 'note')
}
