/** `ovl options`: a spec as each way into the kernel would be told it. Touches nothing. */

import type { Finding } from '../errors/finding.ts'
import { encodeFsconfigAppend, encodeFsconfigFd, encodeMount8, encodeMountData } from '../overlay/encode.ts'
import type { Encoded, FsconfigCall } from '../overlay/encode.ts'
import { escapeLowerForData, escapeUpperForData, escapeUpperForFsconfig } from '../overlay/escape.ts'
import { entriesOf, parseFstab } from '../fstab/file.ts'
import { formatLine } from '../fstab/line.ts'
import { isAppended, mangle } from '../fstab/options-field.ts'
import { absoluteParams, dataLimit, fitMountData } from '../overlay/limits.ts'
import { paramsOf } from '../overlay/params.ts'
import type { OverlayParam } from '../overlay/params.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { validate } from '../overlay/validate.ts'
import { nameBytes } from '../names/bytes.ts'
import { isWithin, relativeTo } from '../names/path.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { finding } from '../errors/make-finding.ts'
import type { Form } from '../plan/step.ts'
import { cwdFor } from '../host/cwd.ts'
import { pageSize } from '../host/system.ts'

/** The encodings that can be asked for. */
export const ENCODINGS = ['mount2', 'fsconfig', 'mount8', 'fstab'] as const
export type Encoding = (typeof ENCODINGS)[number]

export interface OptionsDescription {
  readonly for: Encoding
  /** The option string; absent for `fsconfig`. */
  readonly text?: string
  /** The calls, in order, for `fsconfig`. */
  readonly calls?: readonly FsconfigCall[]
  /** The directory the mount must be made from, when names are relative. */
  readonly cwd?: string
  readonly form: Form
  /** Bytes of a mount(2) string, escapes and label included, and how many the kernel keeps. Only `fsconfig` is not bound by it. */
  readonly bytes: { readonly used: number; readonly limit: number }
  /** Paths that needed escapes, and how this encoding has them. */
  readonly escapes: readonly { readonly path: string; readonly encoded: string }[]
  /** What became of names too long for a page: the directory they are relative to, and the length before and after. Numbers of descriptors stand for names that are too long even so: they are those of the process that mounts, and stand-ins here. */
  readonly shortened?: { readonly directory: string; readonly before: number; readonly after: number }
  /** Everything that is wrong or doubtful about the words. */
  readonly findings: readonly Finding[]
}

/**
 * Encodes a spec without mounting it.
 * @param said what to encode; relative paths are taken from the working directory
 * @param options `for`: which encoding, default `mount2`
 * @throws OvlError with the faults of the spec, or the reason why this encoding cannot say it
 */
export function encode(said: OverlaySpec | OverlayBuilder, options: { readonly for?: Encoding } = {}): OptionsDescription {
  const spec = specOf(said)
  const findings = validate(spec)
  const error = findings.find(({ severity }) => severity === 'error')
  if (error !== undefined) throw new OvlError(error.code, error.title, { findings })
  const params = absoluteParams(paramsOf(spec), cwdFor(pathsIn(spec)))
  const way = options.for ?? 'mount2'
  const described = ENCODE[way](params, spec)
  const note = described.shortened === undefined ? [] : [shortenedNote(described.form, described.shortened)]
  return { for: way, findings: [...findings, ...note], escapes: escapesOf(params, way, described), bytes: { used: nameBytes(encodeMountData(params)), limit: dataLimit(pageSize()) }, ...described }
}

type Described = Pick<OptionsDescription, 'form'> & Partial<Pick<OptionsDescription, 'text' | 'calls' | 'cwd' | 'bytes' | 'shortened'>>

const ENCODE: Readonly<Record<Encoding, (params: readonly OverlayParam[], spec: OverlaySpec) => Described>> = {
  mount2: (params) => {
    const fitting = fitMountData(params, pageSize())
    if (!fitting.ok) throw new OvlError(fitting.why.code, fitting.why.title, { findings: [fitting.why] })
    const { data, form, bytes, cwd = DESCRIPTORS, shortened = { directory: cwd, before: nameBytes(encodeMountData(params)), after: bytes.used } } = fitting.value
    return { text: data, form, bytes, ...(form === 'absolute' ? {} : { cwd, shortened }) }
  },
  // Strings show what a reader wants to see; descriptors are what takes over where a string is too long.
  fsconfig: (params) => {
    const strings = encodeFsconfigAppend(params)
    return strings.ok ? { form: 'lowerdir+', calls: strings.value } : { form: 'fd', calls: value(encodeFsconfigFd(params)) }
  },
  mount8: (params, spec) => ({ form: 'argv', text: value(encodeMount8(inOnePage(params), words(spec))) }),
  fstab: (params, spec) => ({ form: 'argv', text: fstabField(params, spec) }),
}

const pathsIn = ({ lower, data, upper, work, target }: OverlaySpec): (string | undefined)[] => [...[...lower, ...data].map(({ path }) => path), upper, work, target]

/** The field of the line, which is whole only when libmount and systemd can read the line. */
function fstabField(params: readonly OverlayParam[], spec: OverlaySpec): string {
  inOnePage(params)
  const { line } = formatLine({ ...spec, target: spec.target ?? '/target' }, { cwd: cwdFor(pathsIn(spec)) })
  return entriesOf(parseFstab(line))[0]?.fields.options ?? ''
}

/** mount(8) hands on as much as it is given, and the kernel cuts that in silence. */
function inOnePage(params: readonly OverlayParam[]): readonly OverlayParam[] {
  const fitting = fitMountData(params, pageSize(), ['absolute'])
  if (fitting.ok) return params
  throw new OvlError(fitting.why.code, fitting.why.title, { findings: [fitting.why] })
}

const words = ({ flags, userspace }: OverlaySpec): string[] => [...flags, ...userspace]

function value<T>(encoded: Encoded<T>): T {
  if (encoded.ok) return encoded.value
  throw new OvlError(encoded.why.code, encoded.why.title, { findings: [encoded.why] })
}

/** Where numbers stand for layers, they are names in here. */
const DESCRIPTORS = '/proc/self/fd'

/** Text that means nothing from another directory must not be pasted unawares. */
function shortenedNote(form: Form, { directory, before, after }: NonNullable<OptionsDescription['shortened']>): Finding {
  const numbers = form === 'proc-fd'
  return finding('options-too-long', {
    severity: 'note',
    title: numbers ? 'the layers are named by numbers of open descriptors: this text is for the process that has them open' : `the names are relative to '${directory}': the mount must be made from there`,
    evidence: [{ fact: `${before} bytes with absolute names, ${after} so`, source: 'message' }],
    fix: [{ text: 'ovl mount does all of that by itself, or names the layers by descriptor, where there is no such limit.' }],
  })
}

type WriteLayer = (path: string, isLower: boolean) => string
const asData: WriteLayer = (path, isLower) => (isLower ? escapeLowerForData(path) : escapeUpperForData(path))
const asAppended: WriteLayer = (path, isLower) => (isLower ? path : escapeUpperForData(path))

/** As the encoder of this form writes a path; the rest are escapes of the file it goes into. */
function writerOf(way: Encoding, { form, text, cwd }: Described): WriteLayer {
  if (form === 'fd' || form === 'proc-fd') return (path) => path
  if (form === 'lowerdir+') return (path, isLower) => (isLower ? path : escapeUpperForFsconfig(path))
  if (way === 'fstab') return (path, isLower) => mangle((isAppended(text ?? '') ? asAppended : asData)(path, isLower))
  return (path, isLower) => asData(cwd !== undefined && isWithin(path, cwd) ? relativeTo(path, cwd) : path, isLower)
}

function escapesOf(params: readonly OverlayParam[], way: Encoding, described: Described): { path: string; encoded: string }[] {
  const write = writerOf(way, described)
  return params.flatMap((param) => {
    if (param.kind !== 'layer') return []
    const encoded = write(param.path, param.role === 'lower' || param.role === 'data')
    // Escapes make a text longer, and leaving a directory off its front does not.
    return param.path.endsWith(encoded) ? [] : [{ path: param.path, encoded }]
  })
}
