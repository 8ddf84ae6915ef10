/**
 * Options: what the validator found wrong with the words, and what the kernel said about a word. The
 * words of the kernel name a key, its value has to be looked up in the spec.
 */

import type { FindingCode } from '../../errors/codes.ts'
import type { Evidence, Fix } from '../../errors/finding.ts'
import { nearestOption } from '../../overlay/nearest.ts'
import { findOption } from '../../overlay/options.ts'
import { validate } from '../../overlay/validate.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { isBefore, readAttempt } from '../attempt.ts'
import { mountAgain } from '../../overlay/command.ts'
import type { Facts } from '../facts.ts'
import { quote, seen, suspect, valueOf, withEvidence } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'

/** Faults of the words, and, once a mount was refused, words that this kernel may not know. */
export function optionSuspects(facts: Facts): Suspect[] {
  const { spec, trial } = facts
  if (spec === undefined) return []
  const faults = validate(spec).filter(({ code }) => !SEEN_BETTER.includes(code)).map((finding): Suspect => ({ finding, paths: [] }))
  return [...faults, ...unknownWords(facts, spec), ...labels(facts, spec), ...(trial === undefined ? [] : tooNew(facts, spec))]
}

/** What can be said better with the facts at hand: here, and in relations.ts. */
const SEEN_BETTER: readonly FindingCode[] = ['option-unknown', 'layers-overlap', 'work-upper-nested']

/** A word that no table knows is only likely at fault: this kernel may know it. What was cut off a path is not one. */
function unknownWords(facts: Facts, spec: OverlaySpec): Suspect[] {
  const attempt = readAttempt(facts)
  // What got past SET was taken.
  if (attempt !== undefined && !attempt.stages.includes('set')) return []
  const cut = new Set(facts.joined.flatMap(({ separator, parts }) => (separator === ',' ? parts : [])))
  return spec.unknown.map(({ key, value }) => (value === undefined ? key : `${key}=${value}`)).filter((word) => !cut.has(word)).map((word) => {
    const { finding, ...rest } = likely(refusedOption(word, 'option-unknown', facts), seen('message', `${quote(word)} is in no table of overlay options`))
    return { ...rest, finding: { ...finding, severity: attempt === undefined ? 'warning' : 'error' } }
  })
}

function labels(facts: Facts, { label }: OverlaySpec): Suspect[] {
  const modules = valueOf(facts.system.securityModules)
  if (label === undefined || modules === undefined || modules.includes('selinux')) return []
  return [withEvidence(refusedOption('context', 'option-unknown', facts), [seen('sysfs', `active security modules: ${modules.join(', ') || 'none'}`)])]
}

/** By version alone, which proves nothing: features are backported. */
function tooNew(facts: Facts, spec: OverlaySpec): Suspect[] {
  return Object.entries(spec.options).flatMap(([name, value]) => {
    const since = Array.from((findOption(name)?.since ?? '').matchAll(/(\d+)\.(\d+)/g), ([, major, minor]) => [Number(major), Number(minor)] as const)
    if (since.length === 0 || !since.every(([major, minor]) => isBefore(facts.system.kernelRelease, major, minor))) return []
    return [likely(refusedOption(value === true ? name : `${name}=${value}`, 'option-unknown', facts), seen('proc', `kernel ${facts.system.kernelRelease}`))]
  })
}

const likely = (one: Suspect, evidence: Evidence): Suspect => withEvidence({ ...one, finding: { ...one.finding, confidence: 'likely' } }, [evidence])

/** Options that came with the layers themselves, for the kernel’s words about them. */
const LAYER_KEYS_SINCE: Readonly<Record<string, string>> = { 'lowerdir+': '6.7', 'datadir+': '6.7' }
const LABELS = ['context', 'fscontext', 'defcontext', 'rootcontext']

/** The kernel refused the word `said`: a key, or (until 6.4) `key=value`. */
export function refusedOption(said: string, code: FindingCode, facts: Facts): Suspect {
  const at = said.indexOf('=')
  const key = at < 0 ? said : said.slice(0, at)
  const value = at < 0 ? saidValue(key, facts) : said.slice(at + 1)
  const whole = value === undefined || value === true ? key : `${key}=${value}`
  const row = findOption(key)
  const without: Fix = { text: 'Leave it out.', ...withoutOption(key, facts) }
  const since = (typeof value === 'string' ? row?.valuesSince?.[value] : undefined) ?? row?.since ?? LAYER_KEYS_SINCE[key]
  const isValueKnown = row === undefined || (row.values === undefined ? value === true || value === undefined : typeof value === 'string' && row.values.includes(value))
  if (since !== undefined && isValueKnown) {
    return suspect('option-needs-newer-kernel', [], { title: `this kernel (${facts.system.kernelRelease}) does not know ${quote(whole)}, which came with Linux ${since}`, fix: [...olderWord(whole, facts), without] })
  }
  if (row !== undefined) {
    return suspect('option-bad-value', [], { title: row.values === undefined ? `${row.name} is a flag and takes no value: ${quote(whole)}` : `${quote(whole)}: ${row.name} takes ${row.values.join(', ')}`, fix: [{ text: row.values === undefined ? `Write ${row.name} alone.` : `Write ${row.values.map((one) => `${row.name}=${one}`).join(' or ')}.` }] })
  }
  if (code === 'option-bad-value') return suspect(code, [], { title: `${quote(whole)} is not a value that the kernel takes`, fix: [without] })
  const role = /^(lower|upper|work)dir$/.exec(key)?.[1]
  if (role !== undefined) return suspect(role === 'lower' ? 'lowerdir-required' : 'option-bad-value', [], { title: `${key}= is empty`, fix: [{ text: `Write ${key}=DIRECTORY, or leave it out.` }] })
  if (LABELS.includes(key)) {
    return suspect('option-unknown', [], { title: `${key}= is an option of SELinux, which is not active on this system`, fix: [{ text: 'Leave the label out.', ...withoutLabel(facts) }] })
  }
  const nearest = nearestOption(key)
  const known: readonly Fix[] = nearest === undefined ? [] : [{ text: `Did you mean ${nearest}?` }]
  return suspect('option-unknown', [], { title: `overlay has no option ${quote(whole)}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`, fix: [...known, without] })
}

/** What older kernels call the same. */
const OLDER_WORDS: Readonly<Record<string, 'volatile'>> = { 'fsync=volatile': 'volatile' }

function olderWord(whole: string, { spec }: Facts): Fix[] {
  const word = OLDER_WORDS[whole]
  if (word === undefined) return []
  const { fsync: _, ...options } = spec?.options ?? {}
  return [{ text: `Say ${word}, which means the same and came with Linux ${findOption(word)?.since}.`, ...mountAgain(spec === undefined ? spec : { ...spec, options: { ...options, [word]: true } }) }]
}

/** The kernel refused two options together. */
export function refusedPair(conflict: string, facts: Facts): Suspect {
  const keys = conflict.split(',').map((word) => word.split('=')[0] as string)
  const said = keys.filter((key) => facts.spec?.options[key as keyof typeof facts.spec.options] !== undefined)
  const drop = said.at(-1) ?? keys.at(-1) ?? ''
  return suspect('option-conflict', [], {
    title: `conflicting options: ${conflict}`,
    fix: [{ text: `Leave ${drop} out.`, ...withoutOption(drop, facts) }],
  })
}

/** Data-only layers, refused by a kernel that has none, or none without metacopy. */
export function refusedData(words: string, facts: Facts): Suspect {
  const { spec, system } = facts
  if (words.startsWith('empty')) {
    return suspect('option-needs-newer-kernel', [], { title: `this kernel (${system.kernelRelease}) has no data-only layers, which came with Linux 6.5`, fix: [{ text: 'Leave the data-only layers out.', ...mountAgain(spec === undefined ? spec : { ...spec, data: [] }) }] })
  }
  return suspect('option-conflict', [], { title: `data-only layers need metacopy=on on this kernel (${system.kernelRelease})`, fix: [{ text: 'Add metacopy=on.', ...mountAgain(spec === undefined ? spec : { ...spec, options: { ...spec.options, metacopy: 'on' } }) }] })
}

function saidValue(key: string, { spec }: Facts): string | true | undefined {
  if (spec === undefined) return undefined
  const own: Readonly<Record<string, string | true | undefined>> = spec.options
  const other = spec.unknown.find((word) => word.key === key)
  return own[key] ?? (other === undefined ? undefined : (other.value ?? true))
}

function withoutOption(key: string, { spec }: Facts): Pick<Fix, 'command'> {
  if (spec === undefined) return {}
  const options = Object.fromEntries(Object.entries(spec.options).filter(([name]) => name !== key))
  return mountAgain({ ...spec, options, unknown: spec.unknown.filter((word) => word.key !== key) })
}

function withoutLabel({ spec }: Facts): Pick<Fix, 'command'> {
  if (spec === undefined) return {}
  const { label: _, ...rest } = spec
  return mountAgain(rest)
}
