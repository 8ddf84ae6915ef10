/**
 * The whole line as ovl would write it, where it is clear what was meant: escapes that all readers undo,
 * words spelt right, a work directory beside upper, and the words that make boot wait. What only a person
 * can know (which layers, which target) is never made up.
 */

import type { FindingCode } from '../../errors/codes.ts'
import { isOvlError } from '../../errors/ovl-error.ts'
import type { Finding } from '../../errors/finding.ts'
import { isWithin, tidyPath } from '../../names/path.ts'
import { quoteShell } from '../../names/shell.ts'
import { siblingWork } from '../../overlay/builder.ts'
import { formatMountCommand } from '../../overlay/command.ts'
import { splitOptions } from '../../overlay/mount-options.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { validate } from '../../overlay/validate.ts'
import { unmangle } from '../file.ts'
import { formatHelperLine } from '../helper-line.ts'
import { formatLine } from '../line.ts'
import { isOverlayLine, meantBy, wordsOf } from '../overlay-line.ts'
import { NETWORK } from '../words.ts'
import type { LayerMount } from '../words.ts'
import type { BootPath, Judged } from './boot.ts'
import { isRest, meantWord } from './words.ts'

export interface Corrected {
  readonly line: string
  /** Writes it into the file; absent where it has to be put in by hand. */
  readonly command?: string
}

/** Faults that another line would mend. */
const MENDED: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'lower-not-mounted-yet', 'filesystem-type-renamed', 'option-unknown', 'option-syntax', 'option-bad-value', 'option-conflict', 'remount-change-ignored', 'unescaped-comma', 'way-cannot-say',
  'value-too-long', 'work-required', 'work-upper-nested', 'work-other-filesystem', 'work-other-mount', 'layers-overlap', 'path-not-expanded', 'target-missing',
])
const WORK: ReadonlySet<FindingCode> = new Set<FindingCode>(['work-required', 'work-upper-nested', 'work-other-filesystem', 'work-other-mount'])

export function isMended({ code, severity }: Finding, judged: Judged): boolean {
  return severity !== 'note' && (MENDED.has(code) || (/^(upper|work)-missing$/.test(code) && isInMemory(judged)) || (code === 'layer-not-directory' && imagesOf(judged).length > 0))
}

/** Layers that mount.ovl can attach. */
const imagesOf = ({ paths }: Judged): string[] => paths.flatMap(({ fact }) => (fact.image !== undefined && (fact.role === 'lower' || fact.role === 'data') ? [fact.path] : []))

/** Upper and work on a tmpfs of the file, which is empty at boot: mount.ovl makes one with both in it. */
function isInMemory({ paths }: Judged): boolean {
  const own = paths.filter(({ fact }) => fact.role === 'upper' || fact.role === 'work')
  return own.length > 0 && own.every(({ mounts, fact }) => mounts.at(-1)?.type === 'tmpfs' && fact.path !== mounts.at(-1)?.target)
}

/** The line that has none of the findings which a line can mend; undefined when there is none, or it would be the same. */
export function correctLine(judged: Judged, findings: readonly Finding[]): Corrected | undefined {
  const { kind, entry, facts, index } = judged
  if (kind === 'fuse' || !findings.some((one) => isMended(one, judged))) return undefined
  const { spec, faults } = meantBy({ ...entry, options: repairText(entry.fields.options, kind === 'helper') }, kind)
  const mended = mend(spec, judged, findings)
  if (mended === undefined || faults.length > 0 || mended.unknown.some(({ key }) => findings.some((one) => one.code === 'option-unknown' && one.severity === 'error' && one.title.includes(`'${key}`))) || validate(mended).some(({ severity }) => severity === 'error')) return undefined
  const line = write(mended, judged)
  if (line === undefined || line.text === entry.raw.trim().replaceAll(/[ \t]+/g, ' ')) return undefined
  const alone = index.points.get(tidyPath(spec.target))?.length === 1
  const mount = formatMountCommand({ ...mended, mkdir: false })
  if (facts.root !== undefined || !alone || !isOverlayLine(entry) || mount === undefined) return { line: line.text }
  const words = mended.userspace.length === 0 ? '' : ` -o ${quoteShell(mended.userspace.join(','))}`
  return { line: line.text, command: mount.replace('ovl mount', () => `${writeCommand(facts.file)}${line.helper ? ' --helper' : ''}${words}`) }
}

/** `ovl fstab --write`, for this file. */
export const writeCommand = (file: string): string => `ovl fstab --write${file === '/etc/fstab' ? '' : `=${quoteShell(file)}`}`

/** Escapes and words, before anything is read of them. */
function repairText(field: string, helper: boolean): string {
  const text = unmangle(helper ? field : field.replaceAll('\\054', '\\134,'))
  if (helper) return text
  const words = splitOptions(text.replaceAll(/(^|,)["']|["'](?=,|$)/g, '$1').replaceAll(/=["']([^"']*)["']?(?=,|$)/g, '=$1')).filter((word) => word !== 'remount')
  return words.map((word) => {
    if (isRest(word, words)) return `\\,${word}`
    const [key = '', ...rest] = word.split('=')
    const { spec } = meantBy({ source: '', target: '', options: word }, 'kernel')
    const meant = (spec.unknown.length > 0 || /^x-(systemd|initrd)\./i.test(key)) && !/["']/.test(word) ? meantWord(key) : undefined
    return meant === undefined ? word : rest.length > 0 ? `${meant.replace(/=$/, '')}=${rest.join('=')}` : meant
  }).reduce((text, word) => (text === '' || word.startsWith('\\,') ? text + word : `${text},${word}`), '')
}

/** A word that waits for the mount of upper alone. */
function waitsForMemory(word: string, { paths }: Judged): boolean {
  const path = /^x-systemd\.(?:requires|wants)-mounts-for=(.*)$/.exec(word)?.[1]
  const point = paths.find(({ fact }) => fact.role === 'upper')?.mounts.at(-1)?.target
  return path !== undefined && point !== undefined && isWithin(tidyPath(path), tidyPath(point))
}

function mend(said: OverlaySpec & { readonly target: string }, judged: Judged, findings: readonly Finding[]): (OverlaySpec & { readonly target: string }) | undefined {
  const { paths } = judged
  const { upper: _upper, work: _work, ...rest } = said
  const spec: typeof said = isInMemory(judged) && findings.some(({ code, severity }) => code === 'upper-missing' && severity === 'error') ? { ...rest, tmpfs: {}, userspace: rest.userspace.filter((word) => !waitsForMemory(word, judged)) } : said
  const { upper, work } = spec
  const named = [...spec.lower, ...spec.data].map(({ path }) => path).concat([upper, work, spec.target].filter((path) => path !== undefined))
  if (spec.target === '/' || named.some((path) => !path.startsWith('/'))) return undefined
  const needed = upper !== undefined && findings.some(({ code }) => WORK.has(code))
  // Beside a mount point is another file system.
  const point = paths.find(({ fact }) => fact.role === 'upper')
  if (needed && point !== undefined && (point.mounts.some(({ target }) => tidyPath(target) === tidyPath(upper)) || point.unlisted === tidyPath(upper))) return undefined
  const lower = spec.lower.filter(({ path }, at) => spec.lower.findIndex((other) => tidyPath(other.path) === tidyPath(path)) === at)
  const cleaned = spec.unknown.filter(({ key }) => !/^(nobootwait|bootwait)$/.test(key))
  return { ...spec, lower, unknown: cleaned, ...(needed ? { work: siblingWork(tidyPath(upper)) } : {}), userspace: [...new Set(spec.userspace)] }
}

/** As a line of type overlay, or, where that cannot say it, for mount.ovl. */
function write(spec: OverlaySpec, judged: Judged): { readonly text: string; readonly helper: boolean } | undefined {
  const { paths, kind } = judged
  const images = imagesOf(judged)
  const mounts = paths.filter(({ fact: { role } }) => role !== 'target' && (spec.tmpfs === undefined || (role !== 'upper' && role !== 'work'))).flatMap(layerMounts)
  for (const helper of kind === 'helper' ? [true] : [false, true]) {
    try {
      return { text: (helper ? formatHelperLine : formatLine)(spec, { mounts, images }).line, helper }
    } catch (error) {
      if (!isOvlError(error)) throw error
    }
  }
  return undefined
}

function layerMounts({ fact: { path }, mounts, unlisted }: BootPath): LayerMount[] {
  const listed = mounts.map((mount): LayerMount => {
    const words = wordsOf(mount)
    const why = words.find((word) => word === 'nofail' || word === 'noauto')
    return { target: tidyPath(mount.target), layer: path, network: NETWORK.test(mount.type) || words.includes('_netdev'), ...(why === undefined ? {} : { optional: `its own line says ${why}` }) }
  })
  return unlisted === undefined ? listed : [...listed, { target: unlisted, layer: path }]
}
