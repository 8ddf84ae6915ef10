/** The words of an overlay line: its type and numbers, what the options lack, what nobody knows, what belongs elsewhere. */

import { fault } from '../../overlay/fault.ts'
import { finding } from '../../errors/make-finding.ts'
import type { Finding, Severity } from '../../errors/finding.ts'
import { editDistance, nearestOption } from '../../overlay/nearest.ts'
import { validate } from '../../overlay/validate.ts'
import { isLibmountWord } from '../readers.ts'
import type { Judged } from './boot.ts'

export function wordFindings(judged: Judged): Finding[] {
  return [...typeFindings(judged), ...meaning(judged), ...unknownWords(judged), ...systemdWords(judged), ...shellWords(judged), ...numbers(judged)]
}

function typeFindings({ entry: { type }, kind }: Judged): Finding[] {
  if (type === 'overlayfs') return [fault('filesystem-type-renamed', "the type 'overlayfs' is called 'overlay' since Linux 3.18", [{ text: "Write 'overlay' in the third field." }])]
  if (kind === 'kernel' && type !== 'overlay') return [fault('option-conflict', `the type is '${type}', and lowerdir= and upperdir= are options of an overlay`, [{ text: "Write 'overlay' in the third field." }])]
  return []
}

/** Faults of the options and of what they say together. A lowerdir that is missing is told with what else the line lacks: see root.ts. */
function meaning({ faults, spec, kind }: Judged): Finding[] {
  const own = kind === 'fuse' ? [] : validate(spec).filter(({ code }) => code !== 'option-unknown' && code !== 'lowerdir-required' && code !== 'layers-overlap' && code !== 'work-upper-nested')
  const volatile = spec.options.volatile === undefined && spec.options.fsync !== 'volatile' ? [] : [fault('volatile-leftover', 'the upper is volatile: after a crash this line cannot be mounted again until work/work/incompat is removed', [{ text: 'Leave volatile out of lines for boot, or let a tmpfs be the upper: ovl fstab --helper --tmpfs.' }], 'note')]
  return [...faults.map(asRemount), ...own, ...volatile]
}

/** fstab has no line for it. */
function asRemount(finding: Finding): Finding {
  if (finding.code !== 'usage' || !finding.title.includes("'remount'")) return finding
  return fault('remount-change-ignored', "'remount' changes a mount that is there already; in fstab it makes mount -a fail", [{ text: 'Leave it out: the line says how the overlay is to be mounted.' }])
}

/** What older systems or other file systems call it. */
const MEANT: Readonly<Record<string, string>> = { nobootwait: 'nofail', bootwait: 'auto', optional: 'nofail', 'no-fail': 'nofail', 'no-auto': 'noauto', netdev: '_netdev', readonly: 'ro', rdonly: 'ro' }
const USERSPACE = ['nofail', 'noauto', 'auto', '_netdev', 'defaults', 'user', 'users']

/** The word that was meant by one that is none, or undefined. */
export function meantWord(key: string): string | undefined {
  const userspace = USERSPACE.find((word) => key.length > 4 && editDistance(key, word) === (word.length > 4 ? Math.min(2, editDistance(key, word)) : 1))
  return MEANT[key] ?? (key.startsWith('x-') || key.startsWith('X-') ? nearestSystemd(key) : (userspace ?? nearestOption(key)))
}

function unknownWords({ spec, kind, facts, entry, words }: Judged): Finding[] {
  if (kind === 'fuse') return []
  const cut = new Set([...entry.fields.options.matchAll(/\\054([^,\\]+)/g)].map(([, rest]) => rest as string).concat(facts.joined.filter(({ line, joined }) => line === entry.line && joined.separator === ',').flatMap(({ joined }) => joined.parts)))
  return spec.unknown.map(({ key, value }) => ({ key, word: value === undefined ? key : `${key}=${value}` })).filter(({ word }) => !cut.has(word) && !isLibmountWord(word)).map(({ key, word }) => {
    const meant = meantWord(key)
    if (meant === undefined && isRest(word, words)) return fault('unescaped-comma', `the comma before '${word}' ends the name before it, as nobody escaped it`, [{ text: 'Write a comma that belongs to a name \\134, in fstab.' }])
    if (/^["'“”]|["'“”]$/.test(word)) return fault('option-syntax', `'${word}': quotes are no syntax in fstab, they become part of the word`, [{ text: 'Leave the quotes out; a blank in a name is written \\040.' }])
    // Without a near word it may be one of a newer kernel.
    const severity: Severity = meant === undefined && !key.includes('/') && !/^(uid|gid|umask|errors|user_xattr|acl|data|commit|discard|compress|subvol|size|mode)$/.test(key) ? 'warning' : 'error'
    const fix = meant === undefined ? [{ text: 'Leave it out: the kernel refuses the whole mount for one unknown word.' }] : [{ text: `Write ${meant}${meant.endsWith('=') ? '…' : ''}.` }]
    return fault('option-unknown', `overlay has no option '${word}'${meant === undefined ? '' : `; did you mean ${meant}?`}`, fix, severity)
  })
}

/** A word with a slash in it that follows a layer: what is left of a name after its comma. */
export function isRest(word: string, words: readonly string[]): boolean {
  return /^[^=]*\//.test(word) && /^(lowerdir\+?|upperdir|workdir|datadir\+)=/.test(words[words.indexOf(word) - 1] ?? '')
}

/** systemd.mount(5), and what other readers of fstab define. */
const SYSTEMD = [
  'x-systemd.requires', 'x-systemd.after', 'x-systemd.before', 'x-systemd.wants', 'x-systemd.requires-mounts-for', 'x-systemd.wants-mounts-for', 'x-systemd.automount', 'x-systemd.idle-timeout',
  'x-systemd.device-timeout', 'x-systemd.device-bound', 'x-systemd.mount-timeout', 'x-systemd.makefs', 'x-systemd.growfs', 'x-systemd.pcrfs', 'x-systemd.rw-only', 'x-systemd.wanted-by',
  'x-systemd.required-by', 'x-systemd.validatefs', 'x-initrd.mount', 'x-initrd.attach',
]

const nearestSystemd = (key: string): string | undefined => SYSTEMD.map((word) => ({ word, far: editDistance(key, word) })).sort((a, b) => a.far - b.far).find(({ far }) => far <= 4)?.word

/** systemd leaves out in silence what it does not know, and with it the order it was to make. */
function systemdWords({ words }: Judged): Finding[] {
  return words.map((word) => word.split('=', 1)[0] as string).filter((key) => /^x-(systemd|initrd)\./i.test(key) && !SYSTEMD.includes(key)).map((key) => {
    const meant = nearestSystemd(key)
    return finding('option-unknown', {
      title: `systemd has no option '${key}', and ignores it without a word${meant === undefined ? '' : `; did you mean ${meant}?`}`, severity: 'warning', evidence: [{ fact: `'${key}' is not in systemd.mount(5)`, source: 'message' }],
      explanation: 'Whatever begins with x- is left to whom it is for, so a misspelt word has no effect and no one complains.', fix: [{ text: meant === undefined ? 'Leave it out; systemd.mount(5) lists them.' : `Write ${meant}.` }],
    })
  })
}

/** No shell reads an fstab. */
function shellWords({ paths, spec }: Judged): Finding[] {
  return paths.filter(({ fact }) => fact.role !== 'target' && !fact.path.startsWith('/')).map(({ fact: { role, path } }) => (/^(~|\$)/.test(path)
    ? fault('path-not-expanded', `${role} '${path}': nobody expands “${path[0]}” in an fstab`, [{ text: 'Write the whole path, from / on.' }])
    : /^["'“”‘’]/.test(path)
      ? fault('path-not-expanded', `${role} '${path}': quotes are no syntax in fstab, they become part of the name`, [{ text: 'Leave the quotes out; a blank in a name is written \\040.' }])
      : fault('option-bad-value', `${role} '${path}' is relative: to whatever directory mount(8) was started in`, [{ text: 'Write the whole path, from / on.' }], 'warning')))
    .concat(spec.target.startsWith('/') ? [] : [fault('option-bad-value', `the mount point '${spec.target}' is no absolute path`, [{ text: 'Write the whole path, from / on.' }])])
}

/** Of `/` findmnt asks for 1. */
function numbers({ entry: { passno }, spec: { target } }: Judged): Finding[] {
  return passno === 0 || target === '/' ? [] : [finding('option-bad-value', {
    title: `the sixth field is ${passno}: an overlay has no disk that fsck could check`, severity: 'warning', evidence: [{ fact: `the sixth field is ${passno}`, source: 'message' }],
    explanation: 'The sixth field is the order in which file systems are checked at boot. systemd complains that the source of an overlay is no device.', fix: [{ text: 'Write 0 0 at the end of the line.' }],
  })]
}
