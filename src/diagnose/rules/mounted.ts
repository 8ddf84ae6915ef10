/**
 * After a mount that succeeded: what was asked for against what is there. The kernel falls back to
 * read-only, and warns of shared layers and weak file systems, without an error; the mount table and
 * the kernel log tell, each in part. Dropped options are dropped.ts.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Fix } from '../../errors/finding.ts'
import { errnoName, errnoWords } from '../../errors/errno.ts'
import { FUSE_OVERLAYFS } from '../../mounts/fuse-overlayfs.ts'
import { quoteShell } from '../../names/shell.ts'
import { isBefore } from '../attempt.ts'
import { isIndexed } from '../in-force.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts, PathFact } from '../facts.ts'
import { readSentence } from '../kernel-words.ts'
import { quote, seen, suspect, valueOf, withEvidence } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { droppedSuspects } from './dropped.ts'
import { inUseSuspects } from './in-use.ts'
import { limitSuspects } from './limits.ts'
import { relationSuspects } from './relations.ts'

export function mountedSuspects(facts: Facts, hearsay: boolean): Suspect[] {
  const inUse = inUseSuspects(facts)
  const relations = relationSuspects(facts).filter(({ finding: { code } }) => code === 'upper-inside-lower' || code === 'work-other-filesystem')
  // fuse-overlayfs has marks of its own, shows no option in the table, and says nothing in the kernel log.
  if (valueOf(facts.mounted)?.type === FUSE_OVERLAYFS) return [...relations, ...inUse].map(asWarning)
  return [
    ...readOnlySuspects(facts),
    ...relations,
    ...inUse,
    ...(hearsay && inUse.length === 0 ? saidInUse(facts) : []),
    ...xattrSuspects(facts),
    ...typeSuspects(facts, (upper) => `the file system of upper ${quote(upper.path)} does not tell file types: deleted files will show up as devices`),
    ...droppedSuspects(facts),
  ].map(asWarning)
}

/** The mount stands: whatever is wrong with it is a warning. */
function asWarning(one: Suspect): Suspect {
  return one.finding.severity === 'error' ? { ...one, finding: { ...one.finding, severity: 'warning' } } : one
}

const uppers = ({ paths }: Facts): { upper: PathFact | undefined; work: PathFact | undefined } => ({ upper: paths.find(({ role }) => role === 'upper'), work: paths.find(({ role }) => role === 'work') })

/** The lines of this mount in the kernel log, by the sentence in them; a line with somebody else’s path is not ours. */
function linesWith(code: FindingCode, { trial, paths }: Facts): { line: string; groups: Readonly<Record<string, string | undefined>> }[] {
  const isOurs = (path: string | undefined): boolean => path === undefined || !path.startsWith('/') || paths.length === 0 || paths.some((fact) => path.startsWith(fact.path) || path.startsWith(fact.absolute))
  return [...(trial?.context ?? []), ...(valueOf(trial?.kernel) ?? [])].flatMap((line) => {
    const found = readSentence(line)
    return found?.sentence.codes[0] === code && !found.sentence.refuses && isOurs(found.groups['path']) ? [{ line, groups: found.groups }] : []
  })
}

/** With an upper, and writing asked for, a read-only superblock has one cause: work/work could not be made. */
function readOnlySuspects(facts: Facts): Suspect[] {
  const { spec } = facts
  const mounted = valueOf(facts.mounted)
  const { work } = uppers(facts)
  const lines = linesWith('work-dir-unusable', facts)
  const asked = spec !== undefined && (spec.upper !== undefined || spec.tmpfs !== undefined) && !spec.flags.includes('ro')
  if (!asked || (mounted === undefined ? lines.length === 0 : !mounted.readOnly)) return []
  const errno = lines.map(({ groups }) => groups['errno']).find((number) => number !== undefined)
  const why = errno === undefined ? '' : `: ${errnoWords(errnoName(Number(errno)))}`
  const inner = work === undefined ? 'work/work' : `${work.path}/work`
  const target = mounted?.target ?? spec.target ?? ''
  const table = mounted === undefined ? [] : [seen('mountinfo', `the superblock at ${quote(target)} is ro`)]
  const unusable = suspect('work-dir-unusable', work === undefined ? [] : [work.path, work.absolute], {
    title: `the kernel could not make or empty ${quote(inner)}${why}`,
    evidence: [...table, ...lines.map(({ line }) => seen('kernel-log', line))],
    fix: workFix(facts, work, errno),
  })
  const full = limitSuspects(facts).filter(({ finding: { code } }) => code === 'no-space' || code === 'no-inodes')
  return [
    unusable,
    ...full,
    suspect('mounted-read-only', [], {
      title: `${quote(target)} is read-only, though an upper was given`,
      evidence: table,
      fix: [{ text: 'Unmount it, cure the cause, and mount it again: a remount cannot make it writable.', command: `ovl umount ${quoteShell(target)}` }],
    }),
  ]
}

/** By the errno of the kernel’s mkdir or cleanup. */
function workFix({ spec }: Facts, work: PathFact | undefined, errno: string | undefined): Fix[] {
  if (work === undefined || spec === undefined) return []
  const dir = quoteShell(work.absolute)
  const fresh: Fix = { text: 'Or use a fresh work directory beside upper.', ...mountAgain({ ...spec, work: `${spec.upper ?? work.path}.work2`, workDerived: false, mkdir: true }) }
  const first: Readonly<Record<string, Fix>> = {
    1: { text: 'Something there is immutable; see what, and take the flag away.', command: `lsattr -d ${dir} ${dir}/work; chattr -R -i ${dir}` },
    13: { text: 'The work directory must belong to the user who mounts.', command: `ls -ld ${dir}` },
    16: { text: 'Something is mounted on it.', command: `umount ${dir}/work` },
    17: { text: 'What lies in it could not be removed: look, and empty it.', command: `find ${dir}/work -ls` },
    28: { text: 'The file system is full.', command: `df -h ${dir}; df -i ${dir}` },
  }
  return [(errno === undefined ? undefined : first[errno]) ?? { text: 'Look at what lies there, and at its flags.', command: `ls -la ${dir} ${dir}/work; lsattr -d ${dir} ${dir}/work` }, fresh]
}

/**
 * The kernel’s warning, where no holder can be seen. The line has no name in it, and the log is everybody’s: alone it
 * tells nothing of this mount. With an index the kernel refuses instead.
 */
function saidInUse(facts: Facts): Suspect[] {
  if (isIndexed(facts) === true) return []
  return (['upper-in-use', 'work-in-use', 'lower-in-use'] as const).flatMap((code) => {
    const [first] = linesWith(code, facts)
    const role = code.slice(0, code.indexOf('-'))
    const fact = facts.paths.find((path) => path.role === role)
    if (first === undefined || fact === undefined) return []
    return [suspect(code, [fact.path, fact.absolute], {
      title: `${role} ${quote(fact.path)} is in use by an overlay that no mount table shows: detached, or in another mount namespace`,
      confidence: 'likely',
      evidence: [seen('kernel-log', first.line)],
      fix: [{ text: 'Find it, and give each mount directories of its own.', command: 'ovl list --all-namespaces' }],
    })]
  }).slice(0, 1)
}

/** In a user namespace the lack of xattrs is cured by userxattr, where there are user.* ones; elsewhere by another file system. */
function xattrSuspects(facts: Facts): Suspect[] {
  const { spec, system } = facts
  const { upper } = uppers(facts)
  if (spec?.upper === undefined && spec?.tmpfs === undefined) return []
  const lines = [...linesWith('upper-no-xattr', facts), ...linesWith('userns-needs-userxattr', facts)].map(({ line }) => seen('kernel-log', line))
  const mounted = valueOf(facts.mounted)
  const probe = valueOf(facts.upperProbe)
  const lacksUser = upper !== undefined && (valueOf(upper.userXattrs) === false || probe?.userXattr === 'EOPNOTSUPP')
  if (valueOf(system.inUserNamespace) === true && spec.options.userxattr === undefined) {
    return [suspect('userns-needs-userxattr', [], {
      title: 'mounted in a user namespace without userxattr',
      evidence: [seen('proc', '/proc/self/uid_map is that of a user namespace'), ...lines],
      fix: lacksUser ? [{ text: `${ELSEWHERE_USER} and add userxattr.` }] : [{ text: 'Add userxattr.', ...mountAgain({ ...spec, options: { ...spec.options, userxattr: true } }) }],
    })]
  }
  if (spec.options.userxattr !== undefined && lacksUser) return [withEvidence(noUserXattr(upper), lines)]
  if (upper !== undefined && probe?.trustedXattr === 'EOPNOTSUPP' && spec.options.userxattr === undefined) return [withEvidence(noXattr(upper), [seen('probe', 'setxattr(trusted.overlay.probe) beside upper: EOPNOTSUPP'), ...lines])]
  // The lines have no path. What was tried is no matter of theirs.
  if (probe?.trustedXattr === 'works') return []
  // Since 6.6 a mount without xattrs has uuid=null as well, which tells ours from others’.
  if (mounted !== undefined && mounted.options['uuid'] !== 'null' && !isBefore(system.kernelRelease, 6, 6)) return []
  return lines.length === 0 || upper === undefined ? [] : [withEvidence(noXattr(upper), lines)]
}

const ELSEWHERE_USER = 'Put upper and work on ext4, xfs or btrfs (tmpfs has user attributes since Linux 6.6),'

function noUserXattr(upper: PathFact): Suspect {
  return suspect('upper-no-xattr', [upper.path, upper.absolute], {
    title: `the file system of upper ${quote(upper.path)}${typeOf(upper)} has no user.* attributes, in which userxattr keeps its notes`,
    evidence: [seen('probe', `getxattr(${quote(upper.absolute)}, user.overlay.opaque): EOPNOTSUPP`)],
    fix: [{ text: `${ELSEWHERE_USER} or mount as root without userxattr.` }],
  })
}

function noXattr(upper: PathFact): Suspect {
  return suspect('upper-no-xattr', [upper.path, upper.absolute], {
    title: `the file system of upper ${quote(upper.path)}${typeOf(upper)} takes no extended attributes`,
    fix: [{ text: 'Put upper and work on ext4, xfs, btrfs or tmpfs.' }],
  })
}

function typeOf(upper: PathFact): string {
  const fsType = valueOf(upper.fsType)
  return fsType === undefined ? '' : ` (${fsType})`
}

/** Always keep file types in directories: a line about them is of another mount. */
const HAS_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'btrfs', 'bcachefs', 'f2fs'])

function typeSuspects(facts: Facts, title: (upper: PathFact) => string): Suspect[] {
  const { upper } = uppers(facts)
  const probed = valueOf(facts.upperProbe)?.dType
  if (upper === undefined || probed === 'works' || HAS_TYPES.has(valueOf(upper.fsType) ?? '')) return []
  const lines = linesWith('upper-no-d-type', facts).map(({ line }) => seen('kernel-log', line))
  const evidence = [...(probed === 'none' ? [seen('probe', 'a listing of a directory beside upper tells no types')] : []), ...lines]
  return evidence.length === 0 ? [] : [suspect('upper-no-d-type', [upper.path, upper.absolute], { title: title(upper), evidence, fix: [{ text: 'Make the file system again with file types (mkfs.xfs -n ftype=1, mkfs.ext4 -O filetype), or put upper elsewhere.' }] })]
}
