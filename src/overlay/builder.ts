/**
 * The typed way to say an overlay: `overlay().lower(a, b).upper(u).at(target)`. Every call returns a
 * new builder; `.spec` is the plain data. It does not check anything: validate.ts does.
 */

import { EMPTY_SPEC } from './spec.ts'
import type { LowerLayer, MountFlag, OverlaySpec, Propagation } from './spec.ts'
import { OvlError } from '../errors/ovl-error.ts'
import { decodeName } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'
import type { OptionName } from './options.ts'

/** A path: a string, or raw bytes for a name that is no UTF-8. */
export type PathInput = string | Uint8Array

/** A lower layer: a path, or a path with an id mapping of its own. */
export type LowerInput = PathInput | { readonly path: PathInput; readonly idmap?: string }

export interface OverlayBuilder {
  readonly spec: OverlaySpec
  /** Adds lower layers below those said before: topmost first, the order of `lowerdir=`. A path to an image file is attached read-only. */
  lower(...layers: readonly LowerInput[]): OverlayBuilder
  /** Adds data-only layers (`::`), which serve file contents to metacopy files and show no names. Linux ≥ 6.5. */
  data(...layers: readonly LowerInput[]): OverlayBuilder
  /** The writable layer. Without {@link OverlayBuilder.work}, `<upper>.work` beside it is used and made if missing. */
  upper(path: PathInput): OverlayBuilder
  /** The kernel’s scratch directory: same mount as upper, not inside it. */
  work(path: PathInput): OverlayBuilder
  /** Upper and work on a fresh tmpfs of at most `size` (`64m`, `50%`; default half of the memory). */
  tmpfs(size?: string): OverlayBuilder
  /** Any overlay option by name; a flag has no value. */
  option(name: OptionName, value?: string): OverlayBuilder
  /** `metacopy=on|off`: copy up only metadata on chmod and chown. */
  metacopy(on?: boolean): OverlayBuilder
  /** `redirect_dir=`: whether directories of a lower layer can be renamed. */
  redirectDir(value: 'on' | 'off' | 'follow' | 'nofollow'): OverlayBuilder
  /** `index=on|off`: keep hard links over copy-up, refuse an upper in use. */
  index(on?: boolean): OverlayBuilder
  /** `xino=`: unique inode numbers over several file systems. */
  xino(value: 'on' | 'off' | 'auto'): OverlayBuilder
  /** `nfs_export=on|off`. */
  nfsExport(on?: boolean): OverlayBuilder
  /** `verity=`: check metacopy data against fs-verity digests. Linux ≥ 6.6. */
  verity(value: 'off' | 'on' | 'require'): OverlayBuilder
  /** `uuid=`: where the mount’s file system id comes from. */
  uuid(value: 'null' | 'off' | 'auto' | 'on'): OverlayBuilder
  /** `volatile`: never sync upper; after a crash upper must be thrown away. */
  volatile(): OverlayBuilder
  /** `userxattr`: what a mount inside a user namespace needs. */
  userxattr(): OverlayBuilder
  /** Mount flags of the overlay itself: `nosuid`, `nodev`, `noexec`, `noatime`, `ro` … */
  flags(...flags: readonly MountFlag[]): OverlayBuilder
  /** Propagation of the new mount. */
  propagation(value: Propagation): OverlayBuilder
  /** SELinux context of everything in the mount (`context=`). */
  label(context: string): OverlayBuilder
  /** First field of the mount table; default `overlay`. */
  source(name: string): OverlayBuilder
  /** Make target, upper and work where they are missing; `unmount` removes a target made so. */
  mkdir(): OverlayBuilder
  /** The mount point. */
  at(target: PathInput): OverlayBuilder
}

/** Starts an overlay: `overlay().lower('/base').upper('/changes').at('/merged')`. */
export function overlay(): OverlayBuilder {
  return builderOf(EMPTY_SPEC)
}

/**
 * What may be handed to the verbs of the library: a builder, or its plain data.
 * @throws OvlError `usage` for anything else, which JavaScript does not keep out
 */
export function specOf(said: OverlaySpec | OverlayBuilder): OverlaySpec {
  const spec: unknown = isRecord(said) && 'spec' in said ? said.spec : said
  if (!isSpec(spec)) throw new OvlError('usage', 'this says no overlay: it is neither a builder nor a whole spec', { hint: "Build one: overlay().lower('/base').upper('/changes').at('/merged')" })
  return spec
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
const isLayer = (value: unknown): boolean => isRecord(value) && typeof value['path'] === 'string'
const isPath = (value: unknown): boolean => value === undefined || typeof value === 'string'

function isSpec(value: unknown): value is OverlaySpec {
  if (!isRecord(value)) return false
  const { lower, data, flags, unknown, userspace, options, target, upper, work, source } = value
  return [lower, data].every((layers) => Array.isArray(layers) && layers.every(isLayer)) && [flags, unknown, userspace].every(Array.isArray) && isRecord(options) && typeof source === 'string' && [target, upper, work].every(isPath)
}

/** The work directory that belongs to an upper when none is said: its sibling. */
export function siblingWork(upper: string): string {
  return `${tidyPath(upper)}.work`
}

const nameOf = (path: PathInput): string => (typeof path === 'string' ? path : decodeName(path))

function layerOf(input: LowerInput): LowerLayer {
  if (typeof input === 'string' || input instanceof Uint8Array) return { path: nameOf(input) }
  return input.idmap === undefined ? { path: nameOf(input.path) } : { path: nameOf(input.path), idmap: input.idmap }
}

function builderOf(spec: OverlaySpec): OverlayBuilder {
  const change = (part: Partial<OverlaySpec>): OverlayBuilder => builderOf({ ...spec, ...part })
  const option = (name: OptionName, value?: string): OverlayBuilder => change({ options: { ...spec.options, [name]: value ?? true } })
  const onOff = (name: OptionName) => (on = true): OverlayBuilder => option(name, on ? 'on' : 'off')
  return {
    spec,
    lower: (...layers) => change({ lower: [...spec.lower, ...layers.map(layerOf)] }),
    data: (...layers) => change({ data: [...spec.data, ...layers.map(layerOf)] }),
    upper: (path) => {
      const upper = nameOf(path)
      return change(spec.work === undefined || spec.workDerived === true ? { upper, work: siblingWork(upper), workDerived: true } : { upper })
    },
    work: (path) => change({ work: nameOf(path), workDerived: false }),
    tmpfs: (size) => change({ tmpfs: size === undefined ? {} : { size } }),
    option,
    metacopy: onOff('metacopy'),
    redirectDir: (value) => option('redirect_dir', value),
    index: onOff('index'),
    xino: (value) => option('xino', value),
    nfsExport: onOff('nfs_export'),
    verity: (value) => option('verity', value),
    uuid: (value) => option('uuid', value),
    volatile: () => option('volatile'),
    userxattr: () => option('userxattr'),
    flags: (...flags) => change({ flags: [...spec.flags, ...flags] }),
    propagation: (propagation) => change({ propagation }),
    label: (label) => change({ label }),
    source: (source) => change({ source }),
    mkdir: () => change({ mkdir: true }),
    at: (target) => change({ target: nameOf(target) }),
  }
}
