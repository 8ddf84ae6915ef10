/**
 * The directories of an overlay line, as they will be at boot: the rules of diagnose about missing paths,
 * about how layers lie to each other and what their file systems can do, over facts in the light of boot.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Finding } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import type { PathRole } from '../../diagnose/facts.ts'
import { filesystemSuspects } from '../../diagnose/rules/filesystem.ts'
import { ROLE_WORDS, pathSuspects } from '../../diagnose/rules/paths.ts'
import { relationSuspects } from '../../diagnose/rules/relations.ts'
import type { Suspect } from '../../diagnose/suspect.ts'
import { tidyPath } from '../../names/path.ts'
import { bySystemd, factsOf } from './boot.ts'
import type { BootPath, Judged } from './boot.ts'

export function pathFindings(judged: Judged): Finding[] {
  const facts = factsOf(judged)
  const { kind, paths } = judged
  const absolute = new Set(paths.filter(({ fact }) => fact.path.startsWith('/')).map(({ fact }) => fact))
  // What lies on a mount that is not up was not looked at, what is relative is told by words.ts, and only mount.ovl attaches images.
  const looked = facts.paths.filter((fact) => absolute.has(fact) && (fact.errno !== undefined || fact.kind !== undefined)).map(({ image, ...fact }) => (kind === 'helper' && image !== undefined ? { ...fact, image } : fact))
  const suspects: Suspect[] = [
    ...pathSuspects({ ...facts, paths: looked.filter((fact) => !isMade(fact.role, judged)) }),
    ...(kind === 'fuse' ? [] : [...relationSuspects(facts), ...filesystemSuspects(facts)]),
  ]
  return [...suspects.map((suspect) => targetIsMade(imageIsNamed(suspect, judged), judged)), ...paths.flatMap((path) => emptied(path, judged))]
}

/** A line of type overlay may have an image by mistake: the same line for mount.ovl mounts it. */
function imageIsNamed({ finding, paths }: Suspect, { paths: named }: Judged): Finding {
  const isImage = finding.code === 'layer-not-directory' && named.some(({ fact }) => fact.image !== undefined && paths.includes(fact.path))
  return isImage ? { ...finding, fix: [{ text: 'It is an image, and mount.ovl attaches images: ovl fstab --helper with the same layers.' }] } : finding
}

/** The target by a word of mount(8), the rest by mount.ovl. */
function isMade(role: PathRole, { words, kind, spec }: Judged): boolean {
  if (role === 'target' && words.some((word) => /^[xX]-mount\.mkdir(=|$)/.test(word))) return true
  return kind === 'helper' && ((spec.mkdir && (role === 'target' || role === 'upper' || role === 'work')) || (role === 'work' && spec.workDerived === true))
}

/** systemd makes a mount point, mount -a does not. */
function targetIsMade(found: Finding, { facts }: Judged): Finding {
  return found.code === 'target-missing' && bySystemd(facts) ? { ...found, severity: 'warning', explanation: 'systemd makes a missing mount point at boot, if its file system can be written; mount(8) does not. X-mount.mkdir among the options lets both do it.' } : found
}

const MISSING: Readonly<Record<Exclude<PathRole, 'target'>, FindingCode>> = { lower: 'lower-missing', data: 'lower-missing', upper: 'upper-missing', work: 'work-missing' }

/** A tmpfs is new at each boot: whatever lies below its mount point in the tree on disk is hidden, and nothing is in it. */
function emptied({ fact: { role, path, errno }, mounts, places, pending }: BootPath, judged: Judged): Finding[] {
  const last = mounts.at(-1)
  if (last === undefined || role === 'target' || !/^(tmpfs|ramfs)$/.test(last.type)) return []
  const point = tidyPath(last.target)
  const evidence = [{ fact: `line ${last.line} mounts a ${last.type} on '${point}'`, source: 'message' }] as const
  const lost = role === 'upper' ? [finding('upper-missing', { severity: 'note', title: `upper '${path}' lies in memory (line ${last.line}): what is written is lost at each boot`, evidence, explanation: 'A tmpfs lives as long as the machine runs. That may be just what is wanted; then let mount.ovl make upper and work on a tmpfs of their own.', fix: [{ text: 'Put upper and work on a disk, if changes are to last.' }] })] : []
  if (places.at(-1) === point || isMade(role, judged)) return lost
  const there = !pending && errno === undefined
  const served = judged.words.some((word) => /^x-systemd\.(requires|after|wants)=.*\.service$/.test(word))
  return [finding(MISSING[role], {
    // What is there now may be made by something at each boot, too.
    severity: served || !judged.auto || there ? 'warning' : 'error', confidence: there ? 'likely' : 'certain', evidence,
    title: `${ROLE_WORDS[role]} '${path}' does not exist at boot: line ${last.line} mounts a fresh ${last.type} on '${point}'${there ? ', and what is there now is gone then' : ''}`,
    explanation: 'A tmpfs is empty after each boot, and hides what lies below its mount point on the disk. Nothing makes the directory between the two mounts.',
    fix: [{ text: `Let mount.ovl make upper and work on a tmpfs of their own, and leave line ${last.line} out: ovl fstab --helper --tmpfs with the layers and the target.` }],
  }), ...lost]
}
