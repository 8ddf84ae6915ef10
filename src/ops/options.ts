/** `ovl options`: a spec as each way into the kernel would be told it. Touches nothing. */

import type { Finding } from '../errors/finding.ts'
import { encodeFsconfigAppend, encodeFsconfigFd, encodeMount8, encodeMountData } from '../overlay/encode.ts'
import type { Encoded, FsconfigCall } from '../overlay/encode.ts'
import { escapeLowerForData, escapeUpperForData } from '../overlay/escape.ts'
import { entriesOf, parseFstab } from '../fstab/file.ts'
import { formatLine } from '../fstab/line.ts'
import { absoluteParams, dataLimit, fitMountData } from '../overlay/limits.ts'
import { paramsOf } from '../overlay/params.ts'
import type { OverlayParam } from '../overlay/params.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { validate } from '../overlay/validate.ts'
import { nameBytes } from '../names/bytes.ts'
import { OvlError } from '../errors/ovl-error.ts'
import type { Form } from '../plan/step.ts'
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
  /** Bytes of a mount(2) string, escapes and label included, and how many the kernel keeps. Only mount2 and mount8 are bound by it. */
  readonly bytes: { readonly used: number; readonly limit: number }
  /** Paths that needed escapes. */
  readonly escapes: readonly { readonly path: string; readonly encoded: string }[]
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
  const params = absoluteParams(paramsOf(spec), process.cwd())
  return { for: options.for ?? 'mount2', findings, escapes: escapesOf(params), bytes: { used: nameBytes(encodeMountData(params)), limit: dataLimit(pageSize()) }, ...ENCODE[options.for ?? 'mount2'](params, spec) }
}

type Described = Pick<OptionsDescription, 'form'> & Partial<Pick<OptionsDescription, 'text' | 'calls' | 'cwd' | 'bytes' | 'shortened'>>

const ENCODE: Readonly<Record<Encoding, (params: readonly OverlayParam[], spec: OverlaySpec) => Described>> = {
  mount2: (params) => {
    const fitting = fitMountData(params, pageSize())
    if (!fitting.ok) throw new OvlError(fitting.why.code, fitting.why.title, { findings: [fitting.why] })
    const { data, ...rest } = fitting.value
    return { text: data, ...rest }
  },
  // Strings show what a reader wants to see; descriptors are what takes over where a string is too long.
  fsconfig: (params) => {
    const strings = encodeFsconfigAppend(params)
    return strings.ok ? { form: 'lowerdir+', calls: strings.value } : { form: 'fd', calls: value(encodeFsconfigFd(params)) }
  },
  mount8: (params, spec) => ({ form: 'argv', text: value(encodeMount8(inOnePage(params), words(spec))) }),
  fstab: (params, spec) => ({ form: 'argv', text: fstabField(params, spec) }),
}

/** The field of the line, which is whole only when libmount and systemd can read the line. */
function fstabField(params: readonly OverlayParam[], spec: OverlaySpec): string {
  inOnePage(params)
  const { line } = formatLine({ ...spec, target: spec.target ?? '/target' }, { cwd: process.cwd() })
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

function escapesOf(params: readonly OverlayParam[]): { path: string; encoded: string }[] {
  return params.flatMap((param) => {
    if (param.kind !== 'layer') return []
    const encoded = param.role === 'lower' || param.role === 'data' ? escapeLowerForData(param.path) : escapeUpperForData(param.path)
    return encoded === param.path ? [] : [{ path: param.path, encoded }]
  })
}
