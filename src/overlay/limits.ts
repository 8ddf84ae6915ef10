/**
 * Fitting a mount(2) data string into one page, as Docker's driver does and done right: measured
 * after escaping and after the label, against one page less the NUL. Too long: names relative to a
 * common directory; still too long: names of descriptors; else a refusal that says what took the room.
 */

import { nameBytes } from '../names/bytes.ts'
import { absolutePath, commonDirectory, relativeTo, tidyPath } from '../names/path.ts'
import type { Finding } from '../errors/finding.ts'
import { encodeMountData } from './encode.ts'
import type { LayerName } from './encode.ts'
import { fault } from './fault.ts'
import type { OverlayParam } from './params.ts'

export interface FittedData {
  readonly form: 'absolute' | 'relative' | 'proc-fd'
  /** The data string. For `proc-fd` the numbers are stand-ins: they are known when the files are open. */
  readonly data: string
  /** Directory the mount must be made from, for `relative`; the mounting process’s cwd, never ours. */
  readonly cwd?: string
  readonly bytes: { readonly used: number; readonly limit: number }
  /** What shortening did. */
  readonly shortened?: { readonly directory: string; readonly before: number; readonly after: number }
}

export type Fitting = { readonly ok: true; readonly value: FittedData } | { readonly ok: false; readonly why: Finding }

/** Bytes of mount(2) data that the kernel keeps: copy_mount_options forces a NUL at the page’s end. */
export function dataLimit(pageSize: number): number {
  return pageSize - 1
}

/** Fits the parameters (absolute, tidy paths) into a page, in the first of `forms` that is short enough. */
export function fitMountData(params: readonly OverlayParam[], pageSize: number, forms: readonly FittedData['form'][] = ['absolute', 'relative', 'proc-fd']): Fitting {
  const limit = dataLimit(pageSize)
  const candidates = forms.flatMap((form) => CANDIDATES[form](params))
  for (const { form, data, cwd } of candidates) {
    const used = nameBytes(data)
    if (used > limit) continue
    const before = nameBytes(encodeMountData(params))
    const shortened = cwd === undefined ? {} : { cwd, shortened: { directory: cwd, before, after: used } }
    return { ok: true, value: { form, data, bytes: { used, limit }, ...shortened } }
  }
  return { ok: false, why: tooLong(params, limit, candidates.map(({ form, data }) => ({ form, length: nameBytes(data) }))) }
}

interface Candidate {
  readonly form: FittedData['form']
  readonly data: string
  readonly cwd?: string
}

const CANDIDATES: Readonly<Record<FittedData['form'], (params: readonly OverlayParam[]) => Candidate[]>> = {
  absolute: (params) => [{ form: 'absolute', data: encodeMountData(params) }],
  relative: (params) => relativeCandidates(params).sort((a, b) => nameBytes(a.data) - nameBytes(b.data)),
  'proc-fd': (params) => [{ form: 'proc-fd', data: encodeMountData(params, descriptorName) }],
}

/** Layers are opened in order in a fresh process: no number will have more than three digits for 500 of them. */
const descriptorName: LayerName = ({ index }) => String(index + 100)

/** Relative to what all layers share, or to what only the lowers share: uppers often lie elsewhere. */
function relativeCandidates(params: readonly OverlayParam[]): Candidate[] {
  const layers = params.filter((param) => param.kind === 'layer')
  const lowers = layers.filter(({ role }) => role === 'lower' || role === 'data')
  const directories = new Set([layers, lowers].map((some) => commonDirectory(some.map(({ path }) => tidyPath(path)))).filter((directory) => directory !== undefined))
  return [...directories].map((cwd) => ({ form: 'relative', cwd, data: encodeMountData(params, ({ path }) => nameFrom(cwd, tidyPath(path))) }))
}

function nameFrom(cwd: string, path: string): string {
  return path.startsWith(`${cwd}/`) ? relativeTo(path, cwd) : path
}

/** Makes every layer path absolute and tidy, against the caller’s working directory. */
export function absoluteParams(params: readonly OverlayParam[], cwd: string): OverlayParam[] {
  return params.map((param) => (param.kind === 'layer' ? { ...param, path: absolutePath(param.path, cwd) } : param))
}

function tooLong(params: readonly OverlayParam[], limit: number, tried: readonly { form: string; length: number }[]): Finding {
  const size = (some: readonly OverlayParam[]): number => (some.length === 0 ? 0 : nameBytes(encodeMountData(some)))
  const lowers = params.filter((param) => param.kind === 'layer' && (param.role === 'lower' || param.role === 'data'))
  const uppers = params.filter((param) => param.kind === 'layer' && (param.role === 'upper' || param.role === 'work'))
  const label = params.find((param) => param.kind === 'option' && param.key === 'context')
  const room = [`${lowers.length} lower layers ${size(lowers)} bytes`, `upper and work ${size(uppers)}`, ...(label?.kind === 'option' ? [`label ${nameBytes(label.value ?? '') + 10}`] : [])]
  const forms = tried.map(({ form, length }) => `${form} ${length}`).join(', ')
  return fault('options-too-long', `the mount options are too long for mount(2): ${forms} bytes, the limit is ${limit} (${room.join(', ')})`, [
    { text: 'Let ovl use the new mount API, which has no such limit: --via auto or --via fsconfig (Linux ≥ 6.7).' },
    { text: 'Or bring the layers under one directory with short names.' },
  ])
}
