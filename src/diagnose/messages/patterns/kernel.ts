/** Sentences of the kernel as hints: decisive where the kernel refuses, a remark where it goes on. Which of several meanings holds is told by the path and the option it names. */

import type { FindingCode } from '../../../errors/codes.ts'
import { tidyPath } from '../../../names/path.ts'
import { findOption } from '../../../overlay/options.ts'
import { bare } from '../option-strings.ts'
import type { Reading } from '../read.ts'
import type { Heard } from '../sentences.ts'
import { KERNEL, ranked } from './hint.ts'
import type { Family } from './hint.ts'

export const byKernel: Family = (reading) => reading.sentences.flatMap((heard, i) => {
  const codes = orderCodes(heard, reading)
  const weight = heard.refuses ? KERNEL - Math.min(i, 9) / 10 : remarkWeight(codes[0] ?? 'unknown', reading)
  const hints = ranked(codes, weight, heard.text, { ...(heard.path === undefined ? {} : { path: heard.path }), ...(heard.option === undefined ? {} : { option: heard.option }) })
  return isSettled(heard, codes, reading) ? hints.map((hint, at) => (at === 0 ? { ...hint, sure: true } : hint)) : hints
})

/** How else a word can have got lost; it is lost all the same. */
const CUT: readonly FindingCode[] = ['options-too-long', 'option-syntax']

/** The sentence has one meaning, or the options beside it leave only one. */
function isSettled({ codes, path, option, text }: Heard, [best]: readonly FindingCode[], { layers }: Reading): boolean {
  if (codes.slice(1).every((code) => CUT.includes(code)) || /^(?:conflicting|overlapping) lowerdir path/.test(text)) return true
  if (path !== undefined && codes.includes('lower-missing')) return best === 'path-not-expanded' || [...layers.lower, layers.upper ?? '', layers.work ?? ''].some((layer) => tidyPath(bare(layer)) === tidyPath(path))
  return option !== undefined && (best === 'option-needs-newer-kernel' || best === 'option-bad-value' || best === 'option-conflict')
}

/** A remark weighs more than an errno that it explains, and less than one that it does not. */
function remarkWeight(code: FindingCode, { errno, sentences }: Reading): number {
  const explains = EXPLAINS[code]
  if (errno === undefined || explains === undefined) return errno === undefined ? WORTH[code] ?? 70 : 44
  return explains.includes(errno) ? 90 - sentences.length / 100 : 44
}

const EXPLAINS: Readonly<Partial<Record<FindingCode, readonly string[]>>> = {
  'upper-no-d-type': ['EINVAL', 'ENXIO'],
  'upper-in-use': ['EBUSY', 'ESTALE'], 'work-in-use': ['EBUSY', 'ESTALE'], 'lower-in-use': ['EBUSY', 'ESTALE'],
  'work-dir-unusable': ['EROFS'],
  'upper-no-xattr': ['EOPNOTSUPP', 'EEXIST'],
  'userns-needs-userxattr': ['EEXIST', 'EPERM'],
}

/** Among remarks alone: what is wrong goes before what follows from it. */
const WORTH: Readonly<Partial<Record<FindingCode, number>>> = {
  'work-dir-unusable': 90, 'upper-in-use': 84, 'work-in-use': 82, 'lower-in-use': 80, 'upper-no-d-type': 86, 'upper-no-xattr': 76, 'userns-needs-userxattr': 72, 'feature-dropped': 66, 'upper-unsupported': 64,
}

/** What a sentence can mean, the likeliest first: by the path or option it names, and the options beside it. */
export function orderCodes(heard: Heard, reading: Reading): readonly FindingCode[] {
  const { path, option } = heard
  if (heard.codes.includes('lower-missing') && path !== undefined) return missing(path, heard.codes, reading).filter((code) => code !== 'path-not-expanded' || isUnexpanded(path))
  if (option !== undefined && heard.codes.some((code) => code === 'option-unknown' || code === 'option-bad-value')) return refused(option, heard.codes).filter((code) => code !== 'option-needs-newer-kernel' || isOption(option))
  if (heard.codes[0] === 'upper-on-overlay') return notAnUpper(heard.path ?? '', heard.codes, reading)
  return heard.codes
}

const first = (code: FindingCode, codes: readonly FindingCode[]): FindingCode[] => [code, ...codes.filter((other) => other !== code)]

const SIGNS = /^~|^["']|["']$|\$[A-Za-z_{(]|^%[A-Z]/

/** The kernel shows a name as it got it: one that was not expanded has what a shell would have expanded. */
export const isUnexpanded = (path: string): boolean => SIGNS.test(path) || /["'~$`]/.test(path)

const isOption = (word: string): boolean => findOption(word.split('=', 1)[0] ?? '') !== undefined || /^(?:lower|data)dir\+/.test(word)

/** Which layer is the missing path? The options tell, else its name. */
function missing(path: string, codes: readonly FindingCode[], { layers, lines, tools, options }: Reading): readonly FindingCode[] {
  if (SIGNS.test(path)) return first('path-not-expanded', codes)
  // A backslash before a comma, and the next option became part of the name.
  if (/,(?:lower|upper|work)dir=/.test(path)) return first('option-syntax', codes)
  const isIt = (other: string | undefined): boolean => other !== undefined && tidyPath(bare(other)) === tidyPath(path)
  const begins = (other: string): boolean => other.startsWith(path) && other !== path
  if (isIt(layers.upper)) return first('upper-missing', codes)
  if (isIt(layers.work)) return first('work-missing', codes)
  if (!layers.lower.some(isIt)) {
    if (options.some(({ raw }) => raw.length > 3900) || lines.some(({ text }) => /\b(?:one|a|the) page\b|page[- ]?size|\b409[56] ?(?:bytes|char)/i.test(text.slice(0, 2000)))) return first('options-too-long', codes)
    if ([...layers.lower, layers.upper ?? '', layers.work ?? ''].some(begins)) return first('unescaped-colon', codes)
    const role = ROLES.find(({ name }) => name.test(path))
    if (role !== undefined) return first(role.code, codes)
  }
  const early = tools.has('boot') || (tools.has('fstab') && lines.some(({ process }) => process === 'systemd'))
  return early ? ['lower-missing', 'lower-not-mounted-yet', ...codes.filter((code) => code !== 'lower-missing')] : first('lower-missing', codes)
}

const ROLES: readonly { readonly name: RegExp; readonly code: FindingCode }[] = [
  { name: /(?:^|\/)\.?(?:ovl|overlay)?-?work(?:dir|ing)?s?\d{0,3}$/i, code: 'work-missing' },
  { name: /(?:^|\/)\.?(?:upper(?:dir)?|rw|cow|changes|persist(?:ence)?)\d{0,3}$/i, code: 'upper-missing' },
]

/** A word that the kernel did not take: cut off a path, of a newer kernel, with a wrong value, or unknown. */
function refused(word: string, codes: readonly FindingCode[]): readonly FindingCode[] {
  const [key = '', value] = word.split('=', 2)
  const row = findOption(key)
  if (row !== undefined) {
    const values = row.values
    const isValue = value === undefined ? !codes.includes('option-bad-value') || codes[0] !== 'option-bad-value' : values?.includes(value) === true
    return first(isValue ? 'option-needs-newer-kernel' : 'option-bad-value', codes)
  }
  if (/^(?:lowerdir|datadir)\+$/.test(key)) return first('option-needs-newer-kernel', codes)
  if (/^(?:lower|upper|work)dir$/.test(key)) return first(value === undefined || value === '' ? 'option-bad-value' : 'option-syntax', codes)
  if (/[/]|^ | {1,4}\w|^\.{1,2}$|\.\w{1,5}$/.test(key)) return first('unescaped-comma', codes)
  return first(codes[0] === 'option-bad-value' ? 'option-bad-value' : 'option-unknown', codes)
}

const REMOTE = /\b(?:nfs\d?|cifs|smb|sshfs|fuse|virtiofs|9p|gvfs|rclone|gluster\w{0,3}|ceph)\b/i
const UNSUPPORTED = /\b(?:v?fat|exfat|ntfs|zfs|ecryptfs|squashfs|usb-vfat)\b/i

/** Not an upper: an overlay, as containers and live systems are, unless path or text name another file system. */
function notAnUpper(path: string, codes: readonly FindingCode[], { lines }: Reading): readonly FindingCode[] {
  const whole = lines.map(({ text }) => text.slice(0, 1000))
  if (UNSUPPORTED.test(path) || whole.some((line) => UNSUPPORTED.test(line))) return first('upper-unsupported', codes)
  return REMOTE.test(path) || whole.some((line) => REMOTE.test(line)) ? first('upper-remote', codes) : codes
}
