/**
 * What the kernel said, joined with what was seen: a sentence that names a suspect makes it certain and
 * becomes its evidence; one that names nothing seen becomes a suspect of its own. Whose line it is, in
 * a log that all mounts share, is for ours.ts to tell.
 */

import type { FindingCode } from '../errors/codes.ts'
import type { Evidence } from '../errors/finding.ts'
import { CATALOGUE } from '../errors/catalogue.ts'
import { advise } from './advice.ts'
import { checkOrder } from './causes.ts'
import type { Facts, PathFact, PathRole } from './facts.ts'
import { readSentence } from './kernel-words.ts'
import { factOf, isOurs } from './ours.ts'
import type { LogLine } from './ours.ts'
import { refusedData, refusedOption, refusedPair } from './rules/options.ts'
import { ROLE_WORDS, pathSuspect } from './rules/paths.ts'
import { quote, seen as evidence, suspect, valueOf, withEvidence } from './suspect.ts'
import type { Suspect } from './suspect.ts'

/** One line of either log, understood. */
interface Heard extends LogLine {
  /** The line without its prefix. */
  readonly text: string
  /** From the context of this very attempt, so it cannot be somebody else’s. */
  readonly ours: boolean
}

/** The suspects, those that the kernel named marked as said, and those that only it named added. */
export function hear(facts: Facts, seen: readonly Suspect[]): Suspect[] {
  let suspects = [...seen]
  for (const one of linesOf(facts)) {
    // What is said of the use of another mount is no reason of this one.
    if (one.sentence.when === 'use' || (!one.sentence.refuses && !one.sentence.codes.includes('upper-no-d-type'))) continue
    if (!one.ours && !isOurs(one, facts)) continue
    suspects = one.groups['option'] === undefined ? confirm(one, suspects, facts) : confirmOption(one, one.groups['option'], suspects, facts)
  }
  return suspects
}

function linesOf({ trial }: Facts): Heard[] {
  const understand = (ours: boolean) => (line: string): Heard[] => {
    const found = readSentence(line)
    return found === undefined ? [] : [{ ...found, line, ours }]
  }
  return [...(trial?.context ?? []).flatMap(understand(true)), ...(valueOf(trial?.kernel) ?? []).flatMap(understand(false))]
}

function confirm(one: Heard, suspects: readonly Suspect[], facts: Facts): Suspect[] {
  const { sentence: { codes }, groups: { path }, ours } = one
  const fact = path === undefined ? undefined : factOf(path, facts)
  // Of several that the sentence fits, the one the kernel met first: what was cut or swallowed makes the others.
  const [named] = suspects.filter(({ finding, paths, said }) => said === undefined && codes.includes(finding.code) && isAbout(paths, path, fact)).sort((a, b) => checkOrder(a.finding.code) - checkOrder(b.finding.code))
  if (named !== undefined) return suspects.map((other) => (other === named ? certain(other, one) : other))
  if (suspects.some(({ finding, paths, said }) => said !== undefined && codes.includes(finding.code) && isAbout(paths, path, fact))) return [...suspects]
  const fresh = fromWords(one, fact, facts)
  const fix = fresh.finding.fix.length > 0 ? fresh.finding.fix : advise(fresh.finding.code)
  return [...suspects, withEvidence({ ...fresh, said: ours ? 'confirmed' : 'words', finding: { ...fresh.finding, fix } }, [wordsOf(one.line, ours)])]
}

function isAbout(paths: readonly string[], path: string | undefined, fact: PathFact | undefined): boolean {
  return path === undefined || paths.length === 0 || paths.includes(path) || (fact !== undefined && paths.includes(fact.absolute))
}

/** A refused word is named by the kernel alone; what the validator guessed about it is replaced. */
function confirmOption(one: Heard, option: string, suspects: readonly Suspect[], facts: Facts): Suspect[] {
  const cut = suspects.find(({ finding, paths }) => finding.code === 'unescaped-comma' && paths.some((path) => path === option || path.startsWith(`${option}=`)))
  if (cut !== undefined) return suspects.map((other) => (other === cut ? certain(other, one) : other))
  const key = option.split('=')[0] as string
  const others = suspects.filter(({ finding }) => !(one.sentence.codes.includes(finding.code) && finding.title.includes(key)))
  if (one.sentence.codes.includes('userns-option-refused')) return confirm({ ...one, groups: {} }, suspects, facts)
  const fresh = refusedOption(option, one.sentence.codes[0] as FindingCode, facts)
  return [...others, { ...fresh, said: 'confirmed', finding: { ...fresh.finding, evidence: [wordsOf(one.line, one.ours)] } }]
}

const certain = (one: Suspect, { line, ours }: Heard): Suspect => withEvidence({ ...one, said: 'confirmed', finding: { ...one.finding, confidence: 'certain', severity: 'error' } }, [wordsOf(line, ours)])

const wordsOf = (line: string, ours: boolean): Evidence => evidence(ours ? 'fs-context' : 'kernel-log', line)

const BY_ROLE: Readonly<Partial<Record<FindingCode, Readonly<Partial<Record<PathRole, FindingCode>>>>>> = {
  'lower-missing': { upper: 'upper-missing', work: 'work-missing', target: 'target-missing' },
  'lower-unsupported': { upper: 'upper-unsupported', work: 'upper-unsupported' },
}

/** A suspect from the words alone: nothing seen fits them. */
function fromWords({ sentence, groups, text }: Heard, fact: PathFact | undefined, facts: Facts): Suspect {
  const [first = 'unknown'] = sentence.codes
  if (groups['conflict'] !== undefined) return refusedPair(groups['conflict'], facts)
  if (DATA_LAYERS.test(text) && (facts.spec?.data.length ?? 0) > 0) return refusedData(text, facts)
  if (fact === undefined) return suspect(first, groups['path'] === undefined ? [] : [groups['path']], { title: TITLES[text] ?? titleOf(first, text, facts), ...EXPLAINED[text] })
  const again = pathSuspect(fact, facts)
  if (again !== undefined && sentence.codes.includes(again.finding.code)) return again
  const code = BY_ROLE[first]?.[fact.role] ?? first
  const title = sentence.codes.includes('lower-missing') ? `${ROLE_WORDS[fact.role]} ${quote(fact.path)} was not there when the kernel looked` : `${ROLE_WORDS[fact.role]} ${quote(fact.path)}: ${text}`
  return suspect(code, [fact.path, fact.absolute], { title })
}

/** Until 6.4 two colons were an empty layer; until 6.15 data-only layers wanted metacopy. */
const DATA_LAYERS = /^empty lowerdir|^lower data-only dirs require metacopy/

/** Sentences whose own words mislead. */
const TITLES: Readonly<Record<string, string>> = {
  "missing 'lowerdir'": 'no lowerdir was given',
  "missing 'workdir'": 'upperdir was given without a workdir',
  'upper fs missing required features.': 'the file system of upper lacks features that overlay needs there',
  'failed to clone lowerpath': 'a lower has locked mounts below it, or lies in another mount namespace',
  'failed to clone upperpath': 'upper has locked mounts below it, or lies in another mount namespace',
}

const EXPLAINED: Readonly<Record<string, { readonly explanation: string }>> = {
  'Cannot mount volatile when upperdir has an unseen error. Sync upperdir fs to clear state.': {
    explanation: 'The file system of upper has had a write error that nobody has been told of yet, and a volatile overlay would never notice. Run sync -f on upper, look at the error, and mount again.',
  },
}

function titleOf(code: FindingCode, text: string, facts: Facts): string {
  if (code !== 'upper-in-use' && code !== 'work-in-use' && code !== 'lower-in-use') return text === '' ? CATALOGUE[code].explanation : text
  const role = code.slice(0, code.indexOf('-')) as PathRole
  const fact = facts.paths.find((path) => path.role === role)
  return `${fact === undefined || (role === 'lower' && facts.paths.filter((path) => path.role === role).length > 1) ? `a ${role}` : `${role} ${quote(fact.path)}`} is in use by another overlay`
}
