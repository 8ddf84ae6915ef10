/** Where the readers of a line come to different overlays, or one of them to none: mount(8) of two ages, and systemd. */

import type { FindingCode } from '../../errors/codes.ts'
import type { Evidence, Finding, Fix } from '../../errors/finding.ts'
import { finding } from '../../errors/make-finding.ts'
import { nameBytes } from '../../names/bytes.ts'
import { encodeMountData } from '../../overlay/encode.ts'
import { dataLimit } from '../../overlay/limits.ts'
import { fault } from '../../overlay/fault.ts'
import { paramsOf } from '../../overlay/params.ts'
import type { OverlaySpec } from '../../overlay/spec.ts'
import { compare } from '../options-field.ts'
import { LIBMOUNTS, readAsLibmount, readAsSystemd, readCall } from '../readers.ts'
import type { Libmount, Reading } from '../readers.ts'
import { bySystemd } from './boot.ts'
import type { Judged } from './boot.ts'

const NAMES: Readonly<Record<Libmount, string>> = { '2.38': 'mount(8) up to 2.38', '2.39': 'mount(8) since 2.39' }

/** Which mount(8) will read it; the newer one when that is not known. */
export function libmountOf({ facts: { mountVersion } }: Pick<Judged, 'facts'>): Libmount {
  const [, major, minor] = (mountVersion.known ? /^(\d+)\.(\d+)/.exec(mountVersion.value) : null) ?? []
  return major !== undefined && (Number(major) < 2 || (Number(major) === 2 && Number(minor) < 39)) ? '2.38' : '2.39'
}

interface Misreading {
  readonly reader: string
  readonly why: string
  readonly path: string
  readonly counts: boolean
}

export function readerFindings(judged: Judged): Finding[] {
  const { kind, entry, spec, faults, facts } = judged
  // mount.ovl and fuse-overlayfs read their words themselves, and faults of the words are told already.
  if (kind !== 'kernel' || faults.length > 0) return []
  const used = libmountOf(judged)
  const call = readAsSystemd(entry)
  const misread = [
    ...LIBMOUNTS.flatMap((version) => misreadings(NAMES[version], spec, readAsLibmount(entry, version), version === used)),
    ...(bySystemd(facts) ? (call.ok ? misreadings('systemd', spec, readCall(call.value, used), true) : [{ reader: 'systemd', why: call.why, path: '', counts: true }]) : []),
  ]
  return [...byReader(misread).map((some) => misreadFinding(some, judged)), ...pageFindings(judged, used)]
}

/** One finding for all that readers take amiss in the same way. */
function byReader(misread: readonly Misreading[]): (readonly [Misreading, ...Misreading[]])[] {
  const merged = new Map<string, Misreading>()
  for (const one of misread) {
    const before = merged.get(`${one.path}\0${one.why}`)
    merged.set(`${one.path}\0${one.why}`, before === undefined ? one : { ...one, reader: before.reader === one.reader ? one.reader : `${before.reader} and ${one.reader}`, counts: before.counts || one.counts })
  }
  const groups = new Map<string, [Misreading, ...Misreading[]]>()
  for (const one of merged.values()) {
    const group = groups.get(one.reader)
    if (group === undefined) groups.set(one.reader, [one])
    else group.push(one)
  }
  return [...groups.values()]
}

function misreadings(reader: string, spec: OverlaySpec, reading: Reading<OverlaySpec>, counts: boolean): Misreading[] {
  if (!reading.ok) return [{ reader, why: reading.why, path: '', counts }]
  return compare(spec, reading.value).filter(({ role, said, read }) => role !== 'source' && said !== read).map(({ role, said = '', read }) => ({ reader, counts, path: said, why: read === undefined ? `${role} '${said}' is lost` : said === '' ? `there is one ${role} more: '${read}'` : `${role} '${said}' becomes '${read}'` }))
}

function misreadFinding([{ reader, why, path, counts }, ...more]: readonly [Misreading, ...Misreading[]], { entry, facts }: Judged): Finding {
  const code: FindingCode = entry.fields.options.includes('\\054') ? 'unescaped-comma' : /can hand over/.test(why) ? 'value-too-long' : /first 4095 bytes/.test(why) ? 'options-too-long' : path.includes(',') ? 'unescaped-comma' : 'way-cannot-say'
  const unsure = code === 'value-too-long' && !facts.mountVersion.known
  return finding(code, {
    title: code === 'unescaped-comma' && path !== '' && entry.fields.options.includes('\\054') ? `\\054 is a comma to mount(8) and none to systemd: ${why} there` : why.startsWith(reader) ? why : `${reader}: ${why}`, severity: counts ? 'error' : 'warning', confidence: unsure ? 'likely' : 'certain',
    evidence: [...more.map((one): Evidence => ({ fact: `${one.reader}: ${one.why}`, source: 'message' })), { fact: facts.mountVersion.known ? `mount(8) here is ${facts.mountVersion.value}` : 'which mount(8) will read it is not known', source: 'message' }],
    explanation: EXPLAIN[code] ?? (why.includes("'") ? 'mount -a and mount(8) read this line by libmount, boot by systemd, and the two undo escapes differently. The line must be written so that both come to the same directories.' : 'One of the programs that read this line cannot make the overlay of it that was meant.'),
    fix: [...escapes(entry.fields.options), ...(WAYS_OUT[code] ?? [])],
  })
}

const EXPLAIN: Readonly<Partial<Record<FindingCode, string>>> = {
  'value-too-long': 'mount(8) since 2.39 hands each option to the kernel by fsconfig(2), which takes 255 bytes; a longer one is refused without a word in the kernel log.',
  'options-too-long': 'systemd reads fstab by getmntent(3), which cuts a line after 4095 bytes.',
}
const WAYS_OUT: Readonly<Partial<Record<FindingCode, readonly Fix[]>>> = {
  'value-too-long': [{ text: 'Name each layer by itself: lowerdir+=/a,lowerdir+=/b (Linux 6.7 and newer); or let mount.ovl do it: ovl fstab --helper.' }],
  'options-too-long': [{ text: 'Give the layers shorter names, by symlinks; ovl mount itself has no such limit.' }],
  'way-cannot-say': [{ text: 'Rename the directory or name it by a symlink, or let mount.ovl mount it: ovl fstab --helper.' }],
}

/** What is safe for both: `\134,` for a comma, and never `\054`. */
function escapes(options: string): Fix[] {
  return [
    ...(options.includes('\\054') ? [{ text: 'Write the comma of a name \\134, instead of \\054: mount(8) undoes \\054 before it splits the options, systemd never.' }] : []),
    ...(/\\134\\134|\\\\\\\\/.test(options) ? [{ text: 'A backslash in a name is halved by systemd and not by mount(8): no line can carry it.' }] : []),
  ]
}

function pageFindings({ spec }: Judged, used: Libmount): Finding[] {
  const bytes = nameBytes(encodeMountData(paramsOf(spec)))
  if (used !== '2.38' || bytes <= dataLimit(4096)) return []
  return [fault('options-too-long', `the options are ${bytes} bytes long, and mount(2) takes ${dataLimit(4096)}`, [{ text: 'Give the layers shorter names, or let mount.ovl mount it: ovl fstab --helper.' }])]
}
