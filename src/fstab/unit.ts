/**
 * A spec as a systemd `.mount` unit, and `.automount` if wished. Options= is not read as it stands:
 * before it calls mount(8), systemd halves each `\\` (readers.ts), so a backslash of overlayfs is
 * doubled once more here, as is a dollar, and a unit can carry names that no fstab line can. What it cannot carry (a
 * line break, bytes that are no UTF-8) is refused. Units of systemd before 250 are not read so.
 *
 * Of type `ovl`, for the mount helper, it can say what `ovl mount` can, and has none of the 4095 bytes of a line of fstab.
 */

import type { Finding } from '../errors/finding.ts'
import { isUtf8Name, nameBytes } from '../names/bytes.ts'
import { isWithin, parentPath } from '../names/path.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { absoluteSpec, cannotSay, helperOptions } from './helper-line.ts'
import { forFile } from './line.ts'
import type { FstabFacts } from './line.ts'
import { mountOptionsText, refuseOther } from './options-field.ts'
import { LIBMOUNTS, readCall, readUnitMount } from './readers.ts'
import type { MountCall, Reading } from './readers.ts'
import { UNIT_NAME_MAX, unitName } from './unit-name.ts'
import { mountsToWaitFor, orderWords } from './words.ts'
import type { OrderWishes, Reason } from './words.ts'

export interface UnitFile {
  readonly name: string
  readonly text: string
}

export interface Unit {
  /** The `.mount`, then the `.automount`. */
  readonly files: readonly UnitFile[]
  /** The one to enable. */
  readonly start: string
  readonly reasons: readonly Reason[]
  readonly findings: readonly Finding[]
}

export interface UnitWishes extends OrderWishes {
  /** Of type `ovl`, which mount(8) leaves to mount.ovl: images, tmpfs, made directories, any name. Default false. */
  readonly helper?: boolean
}

/** execve(2) takes words of 32 pages, the NUL at the end included (MAX_ARG_STRLEN). */
const WORD_MAX = 32 * 4096 - 1

/**
 * Spec → units.
 * @throws OvlError `way-cannot-say` when systemd or mount(8) would read something else
 */
export function formatUnit(said: OverlaySpec, facts: FstabFacts = {}, { helper = false, ...wishes }: UnitWishes = {}): Unit {
  const spec = helper ? absoluteSpec(said, facts.cwd ?? '/', 'unit') : forFile(said, facts, 'unit')
  // Order is said by RequiresMountsFor=, what is left are words for the kind of mount.
  const reasons = orderWords(spec, facts.mounts ?? [], { ...wishes, automount: false }).filter(({ option }) => !option.startsWith('x-'))
  const words = [...spec.userspace.filter((word) => word !== 'noauto' && word !== 'auto' && word !== 'x-systemd.automount'), ...reasons.map(({ option }) => option)]
  const automount = wishes.automount === true || spec.userspace.includes('x-systemd.automount')
  const plain = helper ? helperOptions(spec, words) : mountOptionsText(spec, words)
  const options = plain.replaceAll('\\\\', '\\\\\\\\').replaceAll('$', () => '$$')
  const source = spec.source.replaceAll('$', () => '$$')
  const name = unitName(spec.target, 'mount')
  const call = readUnitMount({ what: source, where: spec.target, unit: options })
  if (helper) refuseForHelper(call)
  else for (const version of LIBMOUNTS) refuseOther(spec, call.ok ? readCall(call.value, version) : call, call.ok ? `mount(8) ${version === '2.38' ? 'up to 2.38' : 'since 2.39'}` : 'systemd', 'unit')
  if (name.length > UNIT_NAME_MAX - 'auto'.length) refuseOther(spec, { ok: false, why: `its name would have ${name.length} characters, and ${UNIT_NAME_MAX} are the limit` }, 'systemd', 'unit')
  const remote = words.includes('_netdev')
  const install = spec.userspace.includes('noauto') && !automount ? [] : ['', '[Install]', `WantedBy=${remote ? 'remote' : 'local'}-fs.target`]
  const description = `Description=${specifiers(plainText(`Overlay on ${spec.target}`))}`
  const waits = pathsToWaitFor(spec, facts).map((path) => `RequiresMountsFor=${specifiers(quoteWord(path))}`)
  const mount = [
    '[Unit]', description, 'Documentation=man:ovl(1) https://docs.kernel.org/filesystems/overlayfs.html', ...waits, '',
    '[Mount]', `What=${specifiers(source)}`, `Where=${specifiers(spec.target)}`, `Type=${helper ? 'ovl' : 'overlay'}`, `Options=${specifiers(options)}`, ...(automount ? [] : install), '',
  ]
  const auto = ['[Unit]', description, 'Documentation=man:ovl(1)', '', '[Automount]', `Where=${specifiers(spec.target)}`, ...install, '']
  const start = automount ? unitName(spec.target, 'automount') : name
  return {
    files: [{ name, text: mount.join('\n') }, ...(automount ? [{ name: start, text: auto.join('\n') }] : [])], start, findings: [],
    reasons: [...mountsToWaitFor(facts.mounts ?? []).map(({ target, layer }) => ({ option: `RequiresMountsFor=${target}`, why: `'${layer}' lies on the mount '${target}'` })), ...reasons],
  }
}

function refuseForHelper(call: Reading<MountCall>): void {
  if (!call.ok) throw cannotSay('unit', call.why)
  const bytes = nameBytes(call.value.options)
  if (bytes > WORD_MAX) throw cannotSay('unit', `the options have ${bytes} bytes, and a program can be given ${WORD_MAX} in one word`)
}

/** The layers, and mounts behind symlinks that their names do not tell; what lies above another is waited for with it. */
function pathsToWaitFor({ lower, data, upper }: OverlaySpec, { mounts = [] }: FstabFacts): string[] {
  const said = [...lower, ...data].map(({ path }) => path).concat(upper ?? [], mountsToWaitFor(mounts).map(({ target }) => target))
  const paths = [...new Set(said.map(sayable))]
  return paths.filter((path) => path !== '/' && !paths.some((other) => other !== path && isWithin(other, path)))
}

/** As far down as a unit can name it. */
function sayable(path: string): string {
  return isUtf8Name(path) && !/[\u0000-\u001f\u007f]/.test(path) ? path : sayable(parentPath(path))
}

const specifiers = (value: string): string => value.replaceAll('%', '%%')

/** A word of a list: blanks and quotes are syntax there. */
function quoteWord(path: string): string {
  return /[\s"'\\;]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path
}

/** For people only. */
const plainText = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f\\]/g, '?').trim()
