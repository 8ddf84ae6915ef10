/**
 * Whose line is it? The kernel log is one for all mounts of the machine, and containers mount often. A
 * line counts as ours when it fits the failure, its path, if it has one, is of our spec, and what it
 * says can be true of our spec at all. Lines of the context log are always ours.
 */

import type { FindingCode } from '../errors/codes.ts'
import { absolutePath } from '../names/path.ts'
import { isBefore, readAttempt } from './attempt.ts'
import { canExplain } from './causes.ts'
import type { Facts, PathFact } from './facts.ts'
import { isIndexed } from './in-force.ts'
import { canEndIn } from './kernel-words.ts'
import type { KernelSentence } from './kernel-words.ts'
import { valueOf } from './suspect.ts'

export interface LogLine {
  readonly line: string
  readonly sentence: KernelSentence
  readonly groups: Readonly<Record<string, string | undefined>>
}

/** False for a line of the kernel log that is about another mount. */
export function isOurs({ line, sentence, groups: { path, option, conflict } }: LogLine, facts: Facts): boolean {
  const attempt = readAttempt(facts)
  if (attempt?.errno !== undefined && !canEndIn(line, attempt.errno)) return false
  if (attempt !== undefined && !sentence.codes.some((code) => canExplain(code, attempt))) return false
  // A context with a log of its own (6.5) keeps its words there; `overlay: ` in the kernel log is somebody’s mount(2).
  if (line.startsWith('overlay: ') && facts.trial?.syscall?.startsWith('fsconfig') === true && !isBefore(facts.system.kernelRelease, 6, 5)) return false
  if (facts.spec === undefined) return true
  if (path !== undefined) return isOurPath(path, facts)
  if (option !== undefined) return isOurOption(option, facts)
  if (conflict !== undefined) return conflict.split(',').some((word) => isOurOption(word, facts))
  // Wrong separators leave no trace in a spec; only as a second meaning does option-syntax have one.
  return sentence.codes[0] === 'option-syntax' || sentence.codes.some((code) => CAN_BE[code]?.(facts) !== false)
}

/** The path as the kernel printed it: as said, absolute, or relative to where the mount was made from. */
export function factOf(path: string, { paths, cwd }: Facts): PathFact | undefined {
  const absolute = absolutePath(path, cwd)
  return paths.find((fact) => fact.path === path || fact.absolute === absolute) ?? (path.startsWith('/') ? undefined : paths.find((fact) => fact.absolute.endsWith(`/${path}`)))
}

function isOurPath(path: string, facts: Facts): boolean {
  // Names shortened to fit a page, and names cut off by the page’s end, are not those of the spec.
  if (facts.trial?.form === 'relative' || facts.trial?.form === 'proc-fd') return true
  return factOf(path, facts) !== undefined || facts.paths.some((fact) => fact.path.startsWith(path) || fact.absolute.startsWith(path))
}

function isOurOption(word: string, { spec }: Facts): boolean {
  const [key = ''] = word.split('=')
  if (spec === undefined || /^(lowerdir|upperdir|workdir|datadir)\+?$/.test(key)) return true
  return key in spec.options || spec.unknown.some((other) => other.key === key) || (key === 'context' && spec.label !== undefined)
}

const hasUpper = ({ spec }: Facts): boolean => spec?.upper !== undefined || spec?.tmpfs !== undefined
const hasIndex = (facts: Facts): boolean => hasUpper(facts) && isIndexed(facts) !== false

/** Whether a sentence without any name can be about this spec. Codes without a row always can. */
const CAN_BE: Readonly<Partial<Record<FindingCode, (facts: Facts) => boolean>>> = {
  'lowerdir-required': ({ spec }) => spec?.lower.length === 0,
  'single-lower-without-upper': (facts) => facts.spec?.lower.length === 1 && !hasUpper(facts),
  'work-required': (facts) => hasUpper(facts) && facts.spec?.work === undefined,
  'options-too-long': () => false,
  'option-syntax': ({ paths }) => paths.some(({ path }) => /,(upperdir|workdir|lowerdir)=/.test(path)),
  'too-many-layers': ({ spec }) => (spec?.lower.length ?? 0) + (spec?.data.length ?? 0) >= 499,
  'upper-read-only': hasUpper,
  'upper-unsupported': hasUpper,
  'upper-remote': hasUpper,
  'upper-no-xattr': hasUpper,
  'work-other-mount': hasUpper,
  'work-other-filesystem': hasUpper,
  'work-upper-nested': hasUpper,
  'volatile-leftover': hasUpper,
  'work-dir-unusable': hasUpper,
  'index-mismatch': hasIndex,
  'upper-in-use': hasIndex,
  'work-in-use': hasIndex,
  'lower-in-use': hasIndex,
  'userns-option-refused': ({ system }) => valueOf(system.inUserNamespace) !== false,
  'stack-too-deep': ({ paths }) => paths.some(({ role, stackDepth }) => role !== 'target' && role !== 'work' && (valueOf(stackDepth) ?? 2) >= 2),
}
