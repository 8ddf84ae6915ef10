/**
 * What the machine around a text suggests: the newest lines of its kernel log that can be about the same
 * failure, and what the mount point lies on. Only for texts that are undecided (surroundings.ts).
 */

import type { FindingCode } from '../../../errors/codes.ts'
import type { Evidence } from '../../../errors/finding.ts'
import { isWithin, parentPath, tidyPath } from '../../../names/path.ts'
import { ANY_STAGE } from '../../attempt.ts'
import { canExplain } from '../../causes.ts'
import { canEndIn } from '../../kernel-words.ts'
import { ageOf, freshTrouble } from '../../log-trouble.ts'
import type { LoggedLine } from '../../log-trouble.ts'
import { bare } from '../option-strings.ts'
import type { Reading } from '../read.ts'
import { sentencesOf } from '../sentences.ts'
import type { Heard } from '../sentences.ts'
import { FRESH } from '../surroundings.ts'
import type { MissingPath, Surroundings } from '../surroundings.ts'
import { failsInUseWith } from './errno.ts'
import { ERRNO, SHOWN, TOOL, ranked } from './hint.ts'
import type { Hint } from './hint.ts'
import { orderCodes } from './kernel.ts'

/** Before what a tool says in words of several meanings. */
const LOGGED = TOOL + 2
/** Mounts that fail within this time, in microseconds, may each be the one of the text. */
const TOGETHER = 5 * 1e6
/** A line of the last minute is likely that of the text, whatever it is about; in microseconds. */
const MOMENT = 60 * 1e6
/** Of lines of the same moment: after the next thing that the newest can mean. */
const SECOND = SHOWN - 5.5
/** Of lines before the newest: after all that the newest can mean. */
const OLDER = SHOWN - 9

export function byLog(reading: Reading, { log, now, missing }: Surroundings): Hint[] {
  if (!log.known) return []
  const fitting = freshTrouble(log.value, now, FRESH).flatMap((line) => sentencesOf(line.text).filter((heard) => fits(heard, line, reading)).map((heard) => ({ heard, line })))
  const newest = fitting[0]?.line.time ?? 0
  // What was said at about the same time is as likely, and of that what is about a place beside the mount point.
  const [first, ...together] = fitting.filter(({ line }) => newest - line.time <= TOGETHER).sort((a, b) => Number(isNear(b.heard, reading)) - Number(isNear(a.heard, reading)))
  const older = fitting.filter(({ line }) => newest - line.time > TOGETHER)
  if (first === undefined) return []
  const foremost = (some: readonly { heard: Heard; line: LoggedLine }[], weight: number): Hint[] => some.slice(0, 2).flatMap(({ heard, line }) => hintsOf(heard, line, weight).slice(0, 1).map(({ likely: _, ...hint }) => hint))
  return [...hintsOf(first.heard, first.line, LOGGED), ...foremost(together.filter(({ heard }) => heard.codes[0] !== first.heard.codes[0]), SECOND), ...foremost(older, OLDER)]

  function hintsOf(heard: Heard, line: LoggedLine, weight: number): Hint[] {
    const cut = missing.find(({ path, exists }) => path === heard.path && !exists)
    const seen: Evidence[] = [
      { fact: line.text, source: 'kernel-log' },
      { fact: `${ageOf(now - line.time)} on this machine: the cause, if that is when and where it failed`, source: 'kernel-log' },
      ...(cut?.longer === undefined ? [] : [{ fact: `'${cut.longer}' is there`, source: 'stat' } as const]),
    ]
    const named = { ...(heard.path === undefined ? {} : { path: heard.path }), ...(heard.option === undefined ? {} : { option: heard.option }) }
    const [best, ...others] = ranked(codesOf(heard, cut, reading), weight, line.text, { seen, ...named })
    if (best === undefined) return []
    const likely = now - line.time <= MOMENT || isNear(heard, reading)
    return [{ ...best, ...(likely ? { likely } : {}), ...(separatorAfter(cut) === undefined ? {} : { path: cut?.longer ?? '' }) }, ...others]
  }
}

/** The line can be about the failure that the text is about: by errno, and by the names that both have. */
function fits({ codes, path, option, refuses, when }: Heard, { text }: LoggedLine, { errno = '', moment, options, layers }: Reading): boolean {
  if (when === 'use') {
    if (moment === 'mount' || !refuses || !failsInUseWith(codes, errno)) return false
  } else if (moment === 'use' ? refuses || !failsInUseWith(codes.slice(0, 1), errno) : !refuses || !canEnd(text, codes, errno)) return false
  const whole = options.filter(({ cut }) => !cut)
  if (whole.length === 0) return true
  const named = [...layers.lower, layers.upper ?? '', layers.work ?? ''].map((layer) => tidyPath(bare(layer)))
  if (path !== undefined) return named.some((layer) => isNameOf(layer, tidyPath(path)) || isNameOf(layer, tidyPath(bare(path))))
  return option === undefined || option.split(',').some((word) => whole.some(({ pairs }) => pairs.some(({ key }) => key === word.split('=')[0])))
}

/** The kernel may have got less of it, or a name relative to a directory of the tool's own. */
function isNameOf(layer: string, path: string): boolean {
  return layer.startsWith(path) || (!path.startsWith('/') && (!layer.startsWith('/') || layer.endsWith(`/${path}`)))
}

/** What may have been cut off explains too much. */
function canEnd(text: string, codes: readonly FindingCode[], errno: string): boolean {
  return canEndIn(text, errno) && codes.some((code) => code !== 'options-too-long' && canExplain(code, { stages: ANY_STAGE, errno }))
}

function isNear({ path }: Heard, { target }: Reading): boolean {
  const parent = target === undefined ? '/' : parentPath(tidyPath(target))
  return path !== undefined && parent.length > 1 && isWithin(tidyPath(path), parent)
}

/** A missing path beside which a longer one stands was cut: at a colon, at a comma, or perhaps at the end of the page. */
function codesOf(heard: Heard, cut: MissingPath | undefined, reading: Reading): readonly FindingCode[] {
  const codes = orderCodes(heard, reading)
  // What no option is called like is more often the rest of a path than an option to come.
  if (codes[0] === 'option-unknown') return ['option-unknown', 'unescaped-comma', ...codes.filter((code) => code !== 'option-unknown' && code !== 'unescaped-comma')]
  if (heard.path === undefined || !codes.includes('options-too-long')) return codes
  const separator = separatorAfter(cut)
  // The whole name is known, and shows no sign of anything else.
  if (cut?.longer === undefined) return codes.filter((code) => code === codes[0] || /^(?:lower|upper|work)-missing$/.test(code))
  const [first, code] = separator === undefined ? [codes.slice(0, 1), 'options-too-long' as const] : [[], separator]
  return [...first, code, ...codes.slice(first.length).filter((other) => other !== code)]
}

const SEPARATORS: Readonly<Record<string, FindingCode>> = { ':': 'unescaped-colon', ',': 'unescaped-comma' }

const separatorAfter = (cut: MissingPath | undefined): FindingCode | undefined => SEPARATORS[cut?.longer?.charAt(cut.path.length) ?? '']

interface Place {
  readonly errno: string
  /** Added to ERRNO. */
  readonly more: number
  readonly code: FindingCode
  readonly is: (around: Surroundings) => string | undefined
}

const REMOTE = /^(?:nfs\d?|cifs|smb3|9p|virtiofs|ceph|lustre|fuse(?!ctl)\S*)$/
const WEAK = /^(?:v?fat|exfat|msdos|ntfs3?|zfs|ecryptfs|ramfs|squashfs|iso9660)$/
const onType = (what: RegExp) => ({ target }: Surroundings): string | undefined => (target?.fsType !== undefined && what.test(target.fsType) ? `'${target.path}' lies on ${target.fsType}, and upper may lie there too` : undefined)
const inside = ({ inUserNamespace }: Surroundings): string | undefined => (inUserNamespace ? 'this is a user namespace' : undefined)

const PLACES: readonly Place[] = [
  { errno: 'EINVAL', more: 1, code: 'upper-on-overlay', is: onType(/^overlay$/) },
  { errno: 'EINVAL', more: 1, code: 'upper-remote', is: onType(REMOTE) },
  { errno: 'EINVAL', more: 1, code: 'upper-unsupported', is: onType(WEAK) },
  { errno: 'EINVAL', more: -1, code: 'userns-locked-mounts', is: inside },
  { errno: 'EPERM', more: 1, code: 'userns-option-refused', is: inside },
  { errno: 'ENOTDIR', more: 1, code: 'target-not-directory', is: ({ target }) => (target?.kind !== undefined && target.kind !== 'directory' && target.kind !== 'missing' ? `'${target.path}' is no directory` : undefined) },
  { errno: 'ENOENT', more: 1, code: 'target-missing', is: ({ target }) => (target?.kind === 'missing' ? `'${target.path}' does not exist` : undefined) },
]

/** What the mount point lies on, and in which namespace: a little more than the errno alone. */
export function byPlace({ errno, moment, target }: Reading, around: Surroundings): Hint[] {
  if (moment === 'use') return []
  return PLACES.filter((row) => row.errno === errno).flatMap(({ code, more, is }) => {
    const fact = is(around)
    if (fact === undefined) return []
    const source = code.startsWith('userns') ? 'proc' : code.startsWith('target') ? 'stat' : 'mountinfo'
    return [{ code, weight: ERRNO + more, because: fact, seen: [{ fact, source }], ...(code.startsWith('target') && target !== undefined ? { path: target } : {}) }]
  })
}
