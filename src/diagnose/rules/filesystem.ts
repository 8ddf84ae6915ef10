/** What the file system of a layer can do, by what the mount table says of it. */

import type { Evidence, Fix } from '../../errors/finding.ts'
import { quoteShell } from '../../names/shell.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts, PathFact, UpperFeature } from '../facts.ts'
import { NO_UPPER, ODD_NAMES, REMOTE } from '../filesystems.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { ROLE_WORDS } from './paths.ts'

export function filesystemSuspects(facts: Facts): Suspect[] {
  const uppers = facts.paths.filter(({ role }) => role === 'upper' || role === 'work')
  const lowers = facts.paths.filter(({ role }) => role === 'lower' || role === 'data')
  return [...firstOfMount(uppers, (fact) => upperSuspect(fact, facts)), ...firstOfMount(lowers, lowerSuspect)]
}

/** Upper and work on one mount have one fault, not two; so have lowers. */
function firstOfMount(paths: readonly PathFact[], judge: (fact: PathFact) => Suspect | undefined): Suspect[] {
  const mounts = new Set<number | string>()
  return paths.flatMap((fact) => {
    const mount = valueOf(fact.mountId) ?? fact.absolute
    const found = mounts.has(mount) ? undefined : judge(fact)
    mounts.add(mount)
    return found ?? []
  })
}

function upperSuspect(fact: PathFact, facts: Facts): Suspect | undefined {
  const fsType = valueOf(fact.fsType)
  if (fsType === undefined) return undefined
  const { path, absolute, role } = fact
  const called = `${ROLE_WORDS[role]} ${quote(path)}`
  const evidence: Evidence[] = [seen('mountinfo', `${quote(absolute)} lies on ${fsType}, mounted at ${quote(valueOf(fact.mountPoint) ?? '?')}`)]
  const elsewhere = tmpfsFix(facts)
  if (fsType === 'overlay') {
    return suspect('upper-on-overlay', [path, absolute], { title: `${called} lies on an overlay itself`, evidence, fix: [{ text: 'Put upper and work on a real file system: a volume of the container, a disk, or a tmpfs.', ...elsewhere }] })
  }
  const readOnly = readOnlySuspect(fact, called)
  if (readOnly !== undefined) return readOnly
  const missing = missingFeatures(facts)
  // A remote one that has all of it is taken (virtiofs, FUSE).
  if (REMOTE.test(fsType) && missing?.length !== 0) {
    return suspect('upper-remote', [path, absolute], { title: `${called} lies on ${fsType}${missing === undefined ? '' : `, which lacks ${missing.map(({ name }) => name).join(', ')}`}`, evidence: [...evidence, ...(missing ?? []).map(({ name, errno }) => seen('probe', `${name} beside upper: ${errno}`))], fix: [{ text: 'Put upper and work on a local file system; what lies there can be a lower.', ...elsewhere }] })
  }
  if (ODD_NAMES.test(fsType) || NO_UPPER.test(fsType)) {
    return suspect('upper-unsupported', [path, absolute], { title: `${called} lies on ${fsType}, which cannot be an upper`, confidence: 'likely', evidence, fix: [{ text: 'Put upper and work on ext4, xfs, btrfs or tmpfs.', ...elsewhere }] })
  }
  return undefined
}

/** What the kernel asks of a remote file system: with one of them missing it refuses it. */
const ASKED: readonly (readonly [UpperFeature, string])[] = [['dType', 'd_type'], ['renameWhiteout', 'RENAME_WHITEOUT']]

/** Undefined where nothing was tried. */
function missingFeatures({ upperProbe, spec }: Facts): { readonly name: string; readonly errno: string }[] | undefined {
  const probe = valueOf(upperProbe)
  const xattr = spec?.options.userxattr === undefined ? ['trustedXattr', 'trusted. attributes'] as const : ['userXattr', 'user. attributes'] as const
  return probe === undefined ? undefined : [...ASKED, xattr].flatMap(([feature, name]) => (probe[feature] === 'works' ? [] : [{ name, errno: probe[feature] }]))
}

function readOnlySuspect(fact: PathFact, called: string): Suspect | undefined {
  const superblock = valueOf(fact.superReadOnly) === true
  if (!superblock && valueOf(fact.mountReadOnly) !== true) return undefined
  const mountPoint = valueOf(fact.mountPoint) ?? '?'
  const fsType = valueOf(fact.fsType) ?? ''
  const never = /^(squashfs|erofs|iso9660|cramfs|romfs)$/.test(fsType)
  return suspect('upper-read-only', [fact.path, fact.absolute], {
    title: `${called} is on a read-only ${superblock ? `file system (${fsType})` : 'mount'}, at ${quote(mountPoint)}`,
    evidence: [seen('mountinfo', `${quote(mountPoint)} is ${superblock ? 'a read-only superblock' : 'mounted ro'}`)],
    fix: never
      ? [{ text: `${fsType} can never be written: put upper and work on another file system.` }]
      : [
          ...(superblock ? [{ text: 'See why: file systems are made read-only after an I/O error.', command: 'dmesg | tail -n 30' }] : []),
          { text: 'Make it writable.', command: `mount -o remount,rw${superblock ? '' : ',bind'} ${quoteShell(mountPoint)}` },
        ],
  })
}

function lowerSuspect(fact: PathFact): Suspect | undefined {
  const fsType = valueOf(fact.fsType)
  if (fsType === undefined || !ODD_NAMES.test(fsType)) return undefined
  return suspect('lower-unsupported', [fact.path, fact.absolute], {
    title: `${ROLE_WORDS[fact.role]} ${quote(fact.path)} lies on ${fsType}, which cannot be a layer`,
    confidence: 'likely',
    evidence: [seen('mountinfo', `${quote(fact.absolute)} lies on ${fsType}`)],
    fix: [fsType === 'autofs' ? { text: 'Name a directory below the automount point: going there mounts it.', command: `ls ${quoteShell(fact.absolute)}/` } : { text: 'Copy the tree to another file system.' }],
  })
}

/** The same mount with upper and work in memory. */
function tmpfsFix({ spec }: Facts): Pick<Fix, 'command'> {
  if (spec === undefined) return {}
  const { upper: _upper, work: _work, workDerived: _derived, ...rest } = spec
  return mountAgain({ ...rest, tmpfs: {} })
}
