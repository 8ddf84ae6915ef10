/** What keeps the directory asked about from being a layer. */

import type { FindingCode } from '../../errors/codes.ts'
import type { Evidence, Finding, Fix } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { quoteShell } from '../../names/shell.ts'
import type { DoctorFacts } from '../doctor.ts'
import { isRefused, rowOf } from './rows.ts'
import { REMOTE } from '../filesystems.ts'
import { fsEvidence, fsTypeOf, isReadOnly, notResponding, onType } from '../not-responding.ts'
import { quote, seen, valueOf } from '../suspect.ts'

export function directoryFindings(facts: DoctorFacts): Finding[] {
  if (facts.silent !== undefined) return [notResponding(facts.directory, facts.silent.replace(/^it /, ''))]
  const lower = lowerFinding(facts)
  const row = rowOf(facts, 'dir-upper')
  const isFull = row?.evidence.some(({ fact }) => fact.includes('ENOSPC')) === true
  const upper = isReadOnly(facts.directory) || (isRefused(row) && !isFull) ? [upperFinding(facts)] : [...weakUpper(facts), ...writeRefused(facts)]
  return [...lower, ...upper, ...noRoom(facts)]
}

/** Neither a lower nor an upper: nothing can be done with it. */
function lowerFinding(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'dir-lower')
  if (!isRefused(row)) return []
  const { directory } = facts
  const name = quote(directory.absolute)
  const severity = rowOf(facts, 'dir-upper')?.state === 'works' ? 'warning' : 'error'
  const [first] = valueOf(directory.mountsBelow) ?? []
  const inside = facts.namespace === 'user' || valueOf(facts.system.inUserNamespace) === true
  if (inside && first !== undefined) {
    return [finding('userns-locked-mounts', {
      title: `${name} has mounts below it, such as ${quote(first)}, which a user namespace may not uncover`,
      severity,
      evidence: [...row.evidence, seen('mountinfo', `a mount at ${quote(first)}`)],
      fix: [{ text: 'Name as layers the directories below that have no mounts in them, such as /usr and /etc in place of /.' }, { text: 'Or mount as root.' }],
    })]
  }
  const said = row.evidence.map(({ fact }) => fact).join('\n')
  const code: FindingCode = /stacking depth/.test(said) ? 'stack-too-deep' : /case-insensitive|casefold/.test(said) ? 'casefold-mismatch' : /EACCES/.test(said) ? 'path-unreadable' : 'lower-unsupported'
  return [finding(code, { title: `${name} cannot be a lower layer${onType(facts.directory)}`, severity, evidence: row.evidence, fix: [{ text: 'Copy the tree to another file system, and use the copy.' }] })]
}

const ELSEWHERE: Fix = { text: 'Put upper and work on a local file system such as ext4, xfs, btrfs or tmpfs: see which there are.', command: 'df --type=ext4 --type=xfs --type=btrfs --type=tmpfs' }
const IN_MEMORY: Fix = { text: 'Or keep the changes in memory: ovl mount has --tmpfs.' }

/** It may still be a lower: that is a warning. */
function upperFinding(facts: DoctorFacts): Finding {
  const { directory } = facts
  const row = rowOf(facts, 'dir-upper')
  const evidence: Evidence[] = [...(row?.state === 'unknown' ? [] : (row?.evidence ?? [])), ...fsEvidence(facts.directory)]
  const said = evidence.map(({ fact }) => fact).join('\n')
  const [, code, fix] = UPPER_CAUSES.find(([is]) => is(facts, said)) as (typeof UPPER_CAUSES)[number]
  const mount = valueOf(directory.mountPoint)
  const remount: Fix[] = code === 'upper-read-only' && mount !== undefined && valueOf(directory.superReadOnly) !== undefined && !/squashfs|erofs|iso9660/.test(fsTypeOf(facts.directory)) ? [{ text: 'Make it writable, if nothing but the mount keeps it from that.', command: `mount -o remount,rw ${quoteShell(mount)}` }] : []
  return finding(code, { title: `${quote(directory.absolute)} cannot be an upper${code === 'upper-read-only' ? ': it is read-only' : onType(facts.directory)}`, severity: 'warning', evidence, fix: [...remount, ...fix] })
}

type Cause = readonly [is: (facts: DoctorFacts, said: string) => boolean, code: FindingCode, fix: readonly Fix[]]

const UPPER_CAUSES: readonly Cause[] = [
  [({ directory }) => isReadOnly(directory), 'upper-read-only', [ELSEWHERE, IN_MEMORY]],
  [(facts) => fsTypeOf(facts.directory) === 'overlay', 'upper-on-overlay', [{ text: 'Inside a container: start it with a volume (docker run --volume changes:/changes), which lies on a real file system.' }, IN_MEMORY]],
  [(_, said) => /d_type/.test(said), 'upper-no-d-type', [{ text: 'Make the file system again with file types (mkfs.xfs -n ftype=1, mkfs.ext4 -O filetype), or put upper elsewhere.' }, IN_MEMORY]],
  [(facts) => REMOTE.test(fsTypeOf(facts.directory)), 'upper-remote', [ELSEWHERE, IN_MEMORY]],
  [(_, said) => /mounting read-only|superblock is read-only/.test(said), 'work-dir-unusable', [ELSEWHERE]],
  [(_, said) => /stacking depth/.test(said), 'stack-too-deep', [ELSEWHERE]],
  [(_, said) => /EACCES|EPERM/.test(said), 'lsm-denied', [{ text: 'Read what was denied.', command: 'journalctl -k -g "avc:|apparmor=" -n 20' }]],
  [() => true, 'upper-unsupported', [ELSEWHERE, IN_MEMORY]],
]

/** The mount works, and less works in it. */
function weakUpper(facts: DoctorFacts): Finding[] {
  const xattr = rowOf(facts, 'dir-xattr')
  if (!isRefused(xattr) || rowOf(facts, 'dir-upper')?.state !== 'works') return []
  return [finding('upper-no-xattr', { title: `${quote(facts.directory.absolute)} makes a weak upper: ${xattr.detail}`, evidence: [...xattr.evidence, ...fsEvidence(facts.directory)], fix: [ELSEWHERE] })]
}

/** Not writable for this user: a lower at most, and what else it can do was not seen. */
function writeRefused(facts: DoctorFacts): Finding[] {
  const row = rowOf(facts, 'dir-write')
  if (!isRefused(row) || row.evidence.some(({ fact }) => fact.includes('ENOSPC'))) return []
  const isDenied = row.evidence.some(({ fact }) => fact.includes('EACCES'))
  if (!isDenied) return [finding('upper-unsupported', { title: `${quote(facts.directory.absolute)} cannot be an upper${onType(facts.directory)}`, severity: 'note', evidence: [...row.evidence, ...fsEvidence(facts.directory)], fix: [ELSEWHERE] })]
  return [finding('path-unreadable', {
    title: `${quote(facts.directory.absolute)} cannot be an upper for user ${facts.system.uid}: it may not be written`,
    explanation: 'Upper and work are directories that the mounting user can write. As a lower layer a directory need only be readable.',
    severity: 'note',
    evidence: row.evidence,
    fix: [{ text: 'Ask about a directory of yours.', command: 'ovl doctor ~' }],
  })]
}

/** Some file systems make inodes as they need them, and report none at all. */
function noRoom(facts: DoctorFacts): Finding[] {
  const { directory } = facts
  const free = valueOf(directory.free)
  const row = rowOf(facts, 'dir-write')
  // /proc and ramfs say that they have no room: what counts is whether something could be written.
  if (free === undefined || rowOf(facts, 'dir-upper')?.state === 'works' || !(row?.state === 'works' || row?.evidence.some(({ fact }) => fact.includes('ENOSPC')) === true)) return []
  const fix: Fix[] = [{ text: 'See what takes the room.', command: `du -xh --max-depth=1 ${quoteShell(directory.absolute)} | sort -h | tail` }]
  return [
    ...(free.bytes === '0' ? [finding('no-space', { title: `no byte is free on the file system of ${quote(directory.absolute)}`, severity: 'warning', evidence: [seen('statfs', '0 bytes are free for this user')], fix })] : []),
    ...(free.inodes === '0' && free.totalInodes !== '0' ? [finding('no-inodes', { title: `no inode is free on the file system of ${quote(directory.absolute)}`, severity: 'warning', evidence: [seen('statfs', `0 of ${free.totalInodes} inodes are free`)], fix: [{ text: 'See where the files are.', command: `du -x --inodes --max-depth=1 ${quoteShell(directory.absolute)} | sort -n | tail` }] })] : []),
  ]
}
