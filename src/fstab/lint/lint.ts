/** The lint: facts about an fstab → for each overlay line what is wrong with it, and the line as it should be. */

import type { Finding, Fix } from '../../errors/finding.ts'
import { OvlError } from '../../errors/ovl-error.ts'
import { quoteShell } from '../../names/shell.ts'
import { meantBy } from '../overlay-line.ts'
import { entriesOf, parseFstab } from '../file.ts'
import type { FstabEntry, FstabMalformed } from '../file.ts'
import { indexOf, judgedLine } from './boot.ts'
import type { FileIndex, Judged } from './boot.ts'
import { correctLine, isMended, writeCommand } from './correct.ts'
import type { Corrected } from './correct.ts'
import type { LintFacts } from './facts.ts'
import { fileFindings, malformedFinding } from './file.ts'
import { withFindmnt } from './findmnt.ts'
import { orderFindings } from './order.ts'
import { pathFindings } from './paths.ts'
import { readerFindings } from './readers.ts'
import { rootFindings } from './root.ts'
import { wordFindings } from './words.ts'

/** One overlay line of an fstab, judged. */
export interface LintLine {
  /** Its number, from 1. */
  readonly line: number
  readonly text: string
  /** Its mount point; absent for a line that mount(8) cannot read. */
  readonly target?: string
  /** The worst first; empty when nothing is wrong. */
  readonly findings: readonly Finding[]
  /** The whole line as ovl would write it, and the command that does; absent when it is right, or when only its author can know. */
  readonly corrected?: Corrected
}

/** Each is compared with each. */
const MOST_LINES = 1000

/** Every overlay line, and every line that was meant as one. */
export function judgeFstab(facts: LintFacts): LintLine[] {
  const { length } = entriesOf(facts.parsed)
  if (length > MOST_LINES) throw new OvlError('file-too-large', `'${facts.file}' has ${length} lines, and no more than ${MOST_LINES} are judged`, { hint: 'No fstab has so many. Look at what it is.' })
  const index = indexOf(facts)
  return facts.parsed.lines.flatMap((line) => {
    const judged = line.kind === 'entry' ? judgeEntry(facts, line, index) : line.kind === 'malformed' ? judgeMalformed(facts, line, index) : undefined
    return judged ?? []
  })
}

/** One line of the file; undefined when it is no overlay. */
export function judgeEntry(facts: LintFacts, entry: FstabEntry, index: FileIndex = indexOf(facts)): LintLine | undefined {
  const judged = judgedLine(facts, entry, index)
  if (judged === undefined) return undefined
  const found = [wordFindings, rootFindings, fileFindings, pathFindings, orderFindings, readerFindings].flatMap((rule) => rule(judged))
  const findings = withFindmnt(distinct(found), judged).map((one) => milder(one, judged)).sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
  const corrected = correctLine(judged, findings)
  return { line: entry.line, text: entry.raw, target: judged.spec.target, findings: findings.map((one) => forFile(one, judged, corrected)), ...(corrected === undefined ? {} : { corrected }) }
}

const SEVERITIES: readonly Finding['severity'][] = ['error', 'warning', 'note']

/** A line for later may have its directories later, and one with nofail may go without; wrong words stay wrong. */
function milder(finding: Finding, { auto, words }: Judged): Finding {
  const mild = auto ? (words.includes('nofail') ? MAY_FAIL : undefined) : MAY_COME
  return finding.severity === 'error' && mild?.test(finding.code) === true ? { ...finding, severity: 'warning' } : finding
}

const MAY_FAIL = /^(lower|upper|work|target)-missing$/
const MAY_COME = /^((lower|upper|work|target|tool)-missing|lower-not-mounted-yet)$/

/** What begins a fix that is the whole line. */
export const CORRECTED = 'The whole line, corrected:'

/** The ways out of diagnose mount the overlay now; here a line is to be written. */
function forFile(finding: Finding, judged: Judged, corrected: Corrected | undefined): Finding {
  const { facts, words } = judged
  if (finding.code === 'path-not-expanded') return { ...finding, fix: [{ text: 'Write the whole path, from / on and without quotes: no shell reads an fstab. A blank in a name is written \\040.' }, ...wholeLine(finding, judged, corrected)] }
  const fix = finding.fix.flatMap((one): Fix[] => {
    const { command, text } = one
    if (command === undefined) return [one]
    if (command.startsWith('mount -o remount,rw')) return [{ text: 'Let its own line mount it rw.' }]
    if (!command.includes('ovl mount ')) return [one]
    if (facts.root !== undefined || corrected !== undefined) return [{ text }]
    const boot = words.filter((word) => /^(nofail|noauto|_netdev|x-)/.test(word))
    const helper = / --tmpfs| --mkdir/.test(command) ? ' --helper' : ''
    return [{ text, command: command.replace('ovl mount ', () => `${writeCommand(facts.file)}${helper} ${boot.length === 0 ? '' : `-o ${quoteShell(boot.join(','))} `}`) }]
  })
  return { ...finding, fix: [...fix, ...wholeLine(finding, judged, corrected)] }
}

function wholeLine(finding: Finding, judged: Judged, corrected: Corrected | undefined): Fix[] {
  return corrected === undefined || !isMended(finding, judged) ? [] : [{ text: `${CORRECTED} ${corrected.line}`, ...(corrected.command === undefined ? {} : { command: corrected.command }) }]
}

function judgeMalformed(facts: LintFacts, line: FstabMalformed, index: FileIndex): LintLine | undefined {
  const finding = malformedFinding(line, facts)
  if (finding === undefined) return undefined
  const [entry] = entriesOf(parseFstab(line.raw.replaceAll(/,[ \t]+(?=[a-zA-Z_])/g, ',')))
  const judged = entry === undefined ? undefined : judgedLine(facts, { ...entry, line: line.line }, index)
  if (judged === undefined || meantBy(judged.entry, judged.kind).faults.length > 0) return { line: line.line, text: line.raw, findings: [finding] }
  const corrected = correctLine({ ...judged, entry: { ...judged.entry, raw: line.raw } }, [finding])
  const { command: _, ...whole } = corrected ?? { line: '' }
  return { line: line.line, text: line.raw, target: judged.spec.target, findings: [forFile(finding, judged, corrected === undefined ? undefined : whole)], ...(corrected === undefined ? {} : { corrected: whole }) }
}

function distinct(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>()
  return findings.filter(({ code, title }) => {
    const key = `${code} ${title}`
    return !known.has(key) && known.add(key) !== undefined
  })
}
