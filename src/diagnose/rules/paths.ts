/**
 * Paths that cannot be reached or are no directories: each path of the spec by itself. How layers lie
 * to each other is relations.ts; what their file systems can do is filesystem.ts.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Fix } from '../../errors/finding.ts'
import { errnoWords } from '../../errors/errno.ts'
import { nameBytes } from '../../names/bytes.ts'
import { parentPath } from '../../names/path.ts'
import { quoteShell } from '../../names/shell.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts, FileKind, JoinedFact, PathFact, PathRole } from '../facts.ts'
import { NOBODY_ELSES } from '../filesystems.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { unexpanded } from './unexpanded.ts'

/** What people call each role. */
export const ROLE_WORDS: Readonly<Record<PathRole, string>> = { lower: 'lower', data: 'data-only layer', upper: 'upper', work: 'work', target: 'target' }

const MISSING: Readonly<Record<PathRole, FindingCode>> = { lower: 'lower-missing', data: 'lower-missing', upper: 'upper-missing', work: 'work-missing', target: 'target-missing' }

/** Every path that stat refused, or that is no directory. */
export function pathSuspects(facts: Facts): Suspect[] {
  const cut = facts.joined.map((joined) => cutSuspect(joined, facts))
  const parts = new Set(facts.joined.flatMap((joined) => joined.parts))
  return [...cut, ...facts.paths.filter(({ path, errno }) => errno === undefined || !parts.has(path)).flatMap((fact) => pathSuspect(fact, facts) ?? [])]
}

/** What is wrong with one path, or undefined. */
export function pathSuspect(fact: PathFact, facts: Facts): Suspect | undefined {
  if (fact.errno === undefined) return fact.kind === 'directory' || fact.image !== undefined ? undefined : notDirectory(fact)
  if (fact.made === true && fact.errno === 'ENOENT') return undefined
  return (BY_ERRNO[fact.errno] ?? unreachable)(fact, facts)
}

type Explain = (fact: PathFact, facts: Facts) => Suspect

const BY_ERRNO: Readonly<Record<string, Explain>> = {
  ENOENT: (fact, facts) => unexpanded(fact, facts) ?? missing(fact, facts),
  ENOTDIR: (fact) => brokenByFile(fact),
  EACCES: (fact) => unsearchable(fact),
  ELOOP: (fact) => loop(fact),
  ENAMETOOLONG: (fact) => tooLong(fact),
}

function missing(fact: PathFact, facts: Facts): Suspect {
  const { role, absolute, culprit = absolute } = fact
  const make: Fix = { text: role === 'lower' || role === 'data' ? 'Or make it, if an empty layer is what you want.' : 'Make it.', command: `mkdir -p -- ${quoteShell(absolute)}` }
  const look: Fix = { text: 'Check the spelling, and that what should be mounted there is mounted.', command: `ls -la -- ${quoteShell(nearestThere(fact))}` }
  const swallowed = /([, ])(?:upperdir|workdir|lowerdir)=/.exec(fact.path)
  if (swallowed !== null) {
    return suspect('option-syntax', about(fact), {
      title: `the path of ${ROLE_WORDS[role]} runs on into '${swallowed[0]}': ${swallowed[1] === ' ' ? 'a blank stands where a comma belongs' : 'a backslash took the comma before it for a part of the name'}`,
      evidence: [seen('stat', `stat(${quote(absolute)}): ENOENT`)],
      fix: [{ text: swallowed[1] === ' ' ? 'Separate options by commas, without blanks.' : 'Write a backslash that belongs to a name twice.' }],
    })
  }
  return suspect(MISSING[role], about(fact), {
    title: `${named(fact, facts)} does not exist${culprit === absolute ? '' : `: ${quote(culprit)} is missing${throughLink(fact)}`}`,
    evidence: [seen('stat', `stat(${quote(absolute)}): ENOENT`)],
    fix: role === 'lower' || role === 'data' ? [look, make] : [make, look],
  })
}

function brokenByFile(fact: PathFact): Suspect {
  const { role, absolute, culprit = absolute } = fact
  return suspect(role === 'target' ? 'target-not-directory' : 'layer-not-directory', about(fact), {
    title: `${named(fact)} cannot exist: ${quote(culprit)} is not a directory${throughLink(fact)}`,
    evidence: [seen('stat', `stat(${quote(absolute)}): ENOTDIR`)],
    fix: [{ text: 'Look at what stands in the way.', command: `ls -ld -- ${quoteShell(culprit)}` }],
  })
}

/** Where even root is refused, the file system’s own rights are at work. */
function unsearchable(fact: PathFact): Suspect {
  const { absolute, culprit = parentPath(absolute) } = fact
  const fsType = valueOf(fact.culpritFsType)
  const evidence = [seen('stat', `stat(${quote(absolute)}): EACCES`)]
  if (fsType !== undefined && NOBODY_ELSES.test(fsType)) {
    return suspect('mounter-credentials', about(fact), {
      title: `${named(fact)} cannot be reached: ${quote(culprit)} (${fsType}) admits only the user who mounted it`,
      evidence: [...evidence, seen('mountinfo', `${quote(culprit)} lies on ${fsType}`)],
      fix: [{ text: 'Mount it again with the option allow_other (FUSE), or export it with no_root_squash (NFS).' }, { text: 'Or mount the overlay as that user, in a user namespace.' }],
    })
  }
  return suspect('path-unreadable', about(fact), {
    title: `${named(fact)} cannot be reached: no search permission on ${quote(culprit)}${throughLink(fact)}`,
    evidence,
    fix: [
      { text: 'See who may pass where.', command: `namei -l -- ${quoteShell(absolute)}` },
      { text: 'Let everybody pass through, without reading it.', command: `chmod a+x -- ${quoteShell(culprit)}` },
    ],
  })
}

function loop(fact: PathFact): Suspect {
  const { absolute, culprit = absolute } = fact
  return suspect('symlink-loop', about(fact), {
    title: `${named(fact)} leads in a circle of symlinks, at ${quote(culprit)}`,
    evidence: [seen('stat', `stat(${quote(absolute)}): ELOOP`)],
    fix: [{ text: 'Follow the links one by one.', command: `namei -l -- ${quoteShell(absolute)}` }],
  })
}

const NAME_MAX = 255
const PATH_MAX = 4096

function tooLong(fact: PathFact): Suspect {
  const { role, absolute } = fact
  const longest = Math.max(...absolute.split('/').map(nameBytes))
  const why = longest > NAME_MAX ? `it holds a name of ${longest} bytes, the longest possible is ${NAME_MAX}` : `it is ${nameBytes(absolute)} bytes long, the longest possible is ${PATH_MAX - 1}`
  return suspect(longest > NAME_MAX ? MISSING[role] : 'value-too-long', about(fact), {
    title: `${ROLE_WORDS[role]} cannot exist under this path: ${why}`,
    explanation: 'Linux takes names of at most 255 bytes and paths of at most 4095. A longer one is often two paths, or a whole option list, taken for one.',
    evidence: [seen('stat', `stat: ENAMETOOLONG`)],
    fix: [{ text: 'Check where the path was put together.' }],
  })
}

function unreachable(fact: PathFact): Suspect {
  const { errno = '' } = fact
  return suspect('unknown', about(fact), {
    title: `${named(fact)} cannot be reached: ${errnoWords(errno)}`,
    evidence: [seen('stat', `stat(${quote(fact.absolute)}): ${errno}`)],
    confidence: 'likely',
    fix: [{ text: 'Look at the file system it lies on.', command: `findmnt -T ${quoteShell(nearestThere(fact))}` }],
  })
}

const KIND_WORDS: Readonly<Record<FileKind, string>> = {
  directory: 'a directory', file: 'a file', block: 'a block device', char: 'a character device', symlink: 'a symlink', fifo: 'a named pipe', socket: 'a socket',
}

function notDirectory(fact: PathFact): Suspect {
  const { role, absolute, kind = 'file' } = fact
  const word = quoteShell(absolute)
  const known: Fix = { text: 'It is no image that ovl attaches by itself (squashfs, erofs, ext4, xfs, btrfs, iso9660), or a damaged one. See what it is, and name a directory.', command: `file -- ${word}` }
  if (kind === 'file' && (role === 'lower' || role === 'data')) return notDirectoryFor(fact, [known])
  const image: readonly Fix[] = kind === 'file' || kind === 'block' ? [{ text: 'If it holds a file system, mount it first and name the directory.', command: `mkdir -p /mnt/image && mount -o ro -- ${word} /mnt/image` }] : []
  return notDirectoryFor(fact, role === 'target' ? [{ text: 'Name a directory.', command: `ls -ld -- ${word}` }] : [...image, { text: 'Name a directory.', command: `file -- ${word}` }])
}

function notDirectoryFor(fact: PathFact, fix: readonly Fix[]): Suspect {
  const { role, absolute, kind = 'file' } = fact
  return suspect(role === 'target' ? 'target-not-directory' : 'layer-not-directory', about(fact), {
    title: `${named(fact)} is ${KIND_WORDS[kind]}, not a directory`,
    evidence: [seen('stat', `stat(${quote(absolute)}): ${KIND_WORDS[kind]}`)],
    fix,
  })
}

/** `/srv/a` is missing and `/srv/a:b` is there: nobody names two layers like that. */
function cutSuspect({ path, parts, separator }: JoinedFact, facts: Facts): Suspect {
  const escaped = separator === ':' ? path.replaceAll(':', String.raw`\:`) : path.replaceAll(',', String.raw`\,`)
  return suspect(separator === ':' ? 'unescaped-colon' : 'unescaped-comma', [path, ...parts], {
    title: `${quote(path)} was cut at its ${separator === ':' ? 'colon' : 'comma'} into ${parts.map(quote).join(' and ')}`,
    evidence: [seen('stat', `${quote(path)} exists`)],
    fix: [
      { text: 'Give each layer as a word of its own, which needs no escape.', ...wholeAgain(facts, path, parts) },
      { text: `Or write it with a backslash inside the options: ${escaped}` },
    ],
  })
}

/** The mount with the cut path whole again. */
function wholeAgain({ spec }: Facts, path: string, parts: readonly string[]): Pick<Fix, 'command'> {
  if (spec === undefined) return {}
  const rest = new Set(parts.slice(1))
  const whole = (said: string): string => (said === parts[0] ? path : said)
  const kept = (layers: typeof spec.lower): typeof spec.lower => layers.filter((layer) => !rest.has(layer.path)).map((layer) => ({ ...layer, path: whole(layer.path) }))
  return mountAgain({
    ...spec,
    lower: kept(spec.lower),
    data: kept(spec.data),
    ...(spec.upper === undefined ? {} : { upper: whole(spec.upper) }),
    ...(spec.work === undefined ? {} : { work: whole(spec.work) }),
    unknown: spec.unknown.filter(({ key, value }) => !rest.has(value === undefined ? key : `${key}=${value}`)),
  })
}

/** Role and path as said; a relative path with what it is relative to. */
function named({ role, path, absolute }: PathFact, facts?: Facts): string {
  const where = path.startsWith('/') || facts === undefined ? '' : ` (in ${quote(facts.cwd)})`
  return `${ROLE_WORDS[role]} ${quote(path.startsWith('/') ? absolute : path)}${where}`
}

const throughLink = ({ via }: PathFact): string => (via === undefined ? '' : ` (the symlink ${quote(via.link)} leads to ${quote(via.to)})`)

const about = ({ path, absolute }: PathFact): string[] => [path, absolute]

/** The deepest directory on the way that is there. */
function nearestThere({ absolute, culprit = absolute }: PathFact): string {
  return parentPath(culprit)
}
