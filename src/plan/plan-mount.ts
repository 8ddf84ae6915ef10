/**
 * (request, facts) → the steps of a mount, in the order that leaves nothing half-done: the receipt, so that
 * whatever follows is on record; directories; tmpfs, images and mapped clones in ovl's own directory; the overlay last.
 */

import type { LowerLayer, OverlaySpec } from '../overlay/spec.ts'
import { encodeMountData } from '../overlay/encode.ts'
import { absoluteParams, dataLimit } from '../overlay/limits.ts'
import { paramsOf } from '../overlay/params.ts'
import { nameBytes } from '../names/bytes.ts'
import { absolutePath, pathPrefixes } from '../names/path.ts'
import type { Form, ImageType, Plan, Receipt, Step, Via } from './step.ts'

export interface MountRequest {
  readonly spec: OverlaySpec & { readonly target: string }
  /** The ways to try, in order. */
  readonly ways: readonly Via[]
  readonly forms?: readonly Form[]
  /** Keep a receipt even where nothing but the overlay has to be taken down. */
  readonly remember: boolean
}

export interface MountFacts {
  readonly cwd: string
  /** Absolute paths of lowers that are image files. */
  readonly images: ReadonlyMap<string, ImageType>
  /** Absolute paths, among target, upper, work and their parents, that do not exist. */
  readonly missing: ReadonlySet<string>
  /** Bytes; one page is what mount(2) takes of options. */
  readonly pageSize: number
  /** Ids are mapped: overlay can keep its own xattrs on a tmpfs of ours only as user xattrs. */
  readonly inUserNamespace?: boolean
  /** By its place or its layers it would be taken for the mount of a container engine or a service: only a receipt tells it from theirs. */
  readonly looksForeign?: boolean
  /** Where the receipt goes; there whenever {@link needsReceipt} says so. */
  readonly home?: Home
}

/** The place of one mount among ovl's own files, and who makes it. */
export interface Home extends Pick<Receipt, 'pid' | 'pidNamespace' | 'mountNamespace' | 'mountNamespaceId' | 'bootId'> {
  /** Where receipts and parts live, e.g. `/run/ovl`. */
  readonly stateDirectory: string
  /** Name of this mount there; unique. */
  readonly id: string
}

/**
 * Whether there is more to take down than the overlay, or the mount table may show other names than were
 * said (mount(2) shortens them, FUSE shows none), or it would be taken for somebody else's, or the caller wants it remembered.
 */
export function needsReceipt({ spec, remember, ways, forms = [] }: MountRequest, { cwd, images, missing, pageSize, looksForeign }: Omit<MountFacts, 'home'>): boolean {
  if (remember || looksForeign === true || spec.tmpfs !== undefined || images.size > 0 || ways.includes('fuse')) return true
  if (spec.mkdir && missing.has(absolutePath(spec.target, cwd))) return true
  if ([...spec.lower, ...spec.data].some(({ idmap, bind }) => idmap !== undefined || bind === true)) return true
  return forms.some((form) => form === 'relative' || form === 'proc-fd') || nameBytes(encodeMountData(absoluteParams(paramsOf(spec), cwd))) > dataLimit(pageSize)
}

/** Plans a mount. The spec is valid and its paths have been looked at. */
export function planMount(request: MountRequest, facts: MountFacts): Plan {
  const { spec } = request
  const { home } = facts
  const directory = home === undefined ? '' : `${home.stateDirectory}/${home.id}`
  const absolute = (path: string): string => absolutePath(path, facts.cwd)
  const parts: Part[] = []
  const lower = spec.lower.map((layer, index) => placeLayer(layer, `${directory}/lower-${index}`, facts, parts))
  const data = spec.data.map((layer, index) => placeLayer(layer, `${directory}/data-${index}`, facts, parts))
  const writable = placeUpper(spec, directory, facts, parts)
  const target = absolute(spec.target)
  const targetDirs = spec.mkdir ? missingDirs(target, facts) : []
  const options = spec.tmpfs !== undefined && facts.inUserNamespace === true ? { userxattr: true as const, ...spec.options } : spec.options
  const placed: OverlaySpec = { ...spec, options, lower: lower.map((path) => ({ path })), data: data.map((path) => ({ path })), ...writable.paths }
  const known = { target, directory, parts: parts.map(({ at, what, source }) => ({ at, what, source })), madeDirs: targetDirs, layers: { lower, data, ...writable.paths } }
  const steps: Step[] = [
    ...(home === undefined ? [] : firstReceipt(home, known)),
    ...targetDirs.map(makeDir(0o755)),
    ...writable.dirs.map((path) => (path === writable.paths.work ? makeWork(path) : makeDir(0o755)(path))),
    ...(parts.length > 0 ? [makeOwnDir(directory)] : []),
    ...parts.flatMap(({ at, step }) => [makeDir(0o755)(at), ...step]),
    {
      do: 'mount-overlay', target, source: spec.source, params: paramsOf(placed), flags: spec.flags, ways: request.ways,
      ...(request.forms === undefined ? {} : { forms: request.forms }),
      ...(spec.propagation === undefined ? {} : { propagation: spec.propagation }),
      ...(home === undefined ? {} : { receipt: receiptPath(directory) }),
    },
  ]
  return { steps }
}

/** The receipt of the mount whose own directory is `directory`. */
export function receiptPath(directory: string): string {
  return `${directory}.json`
}

function firstReceipt({ stateDirectory, id: _, ...who }: Home, known: Pick<Receipt, 'target' | 'directory' | 'parts' | 'madeDirs' | 'layers'>): Step[] {
  return [makeOwnDir(stateDirectory), { do: 'write-receipt', path: receiptPath(known.directory), receipt: { version: 1, state: 'making', ...who, ...known } }]
}

interface Part {
  readonly at: string
  readonly what: Receipt['parts'][number]['what']
  readonly source: string
  readonly step: readonly Step[]
}

/** Where a layer is in the end: itself, or the place its image or mapped clone is attached at. */
function placeLayer(layer: LowerLayer, at: string, facts: MountFacts, parts: Part[]): string {
  const path = absolutePath(layer.path, facts.cwd)
  const type = facts.images.get(path)
  let placed = path
  if (type !== undefined) {
    parts.push({ at, what: 'image', source: path, step: [{ do: 'attach-image', image: path, type, at }] })
    placed = at
  }
  if (layer.bind === true) {
    parts.push({ at, what: 'bind', source: placed, step: [{ do: 'bind', from: placed, at, readOnly: true }] })
    placed = at
  }
  if (layer.idmap === undefined) return placed
  const mapped = `${at}-mapped`
  parts.push({ at: mapped, what: 'idmap', source: placed, step: [{ do: 'clone-idmapped', from: placed, idmap: layer.idmap, at: mapped, ...(placed === path ? {} : { image: path }) }] })
  return mapped
}

interface Writable {
  readonly paths: { readonly upper?: string; readonly work?: string }
  readonly dirs: readonly string[]
}

function placeUpper(spec: OverlaySpec, directory: string, facts: MountFacts, parts: Part[]): Writable {
  if (spec.tmpfs !== undefined) {
    const at = `${directory}/rw`
    const paths = { upper: `${at}/upper`, work: `${at}/work` }
    const tmpfs: Step = { do: 'mount-tmpfs', at, ...spec.tmpfs }
    parts.push({ at, what: 'tmpfs', source: 'tmpfs', step: [tmpfs, makeDir(0o755)(paths.upper), makeWork(paths.work)] })
    return { paths, dirs: [] }
  }
  const upper = spec.upper === undefined ? undefined : absolutePath(spec.upper, facts.cwd)
  const work = spec.work === undefined ? undefined : absolutePath(spec.work, facts.cwd)
  const wanted = [...(spec.mkdir && upper !== undefined ? [upper] : []), ...((spec.mkdir || spec.workDerived === true) && work !== undefined ? [work] : [])]
  const dirs = [...new Set(wanted.flatMap((path) => missingDirs(path, facts)))]
  return { paths: { ...(upper === undefined ? {} : { upper }), ...(work === undefined ? {} : { work }) }, dirs }
}

/** Ovl's own: what lies in it is believed. */
export const makeOwnDir = (path: string): Step => ({ do: 'make-dir', path, mode: 0o700, own: true })
const makeDir = (mode: number) => (path: string): Step => ({ do: 'make-dir', path, mode })

/** The kernel makes directories of its own in a work directory, and leaves them when the mount then fails. */
const makeWork = (path: string): Step => ({ do: 'make-dir', path, mode: 0o755, holds: ['work', 'index'] })
const missingDirs = (path: string, facts: MountFacts): string[] => pathPrefixes(path).filter((prefix) => facts.missing.has(prefix))
