/** Inspection: one live overlay and all that could be found out about it. The JSON of `ovl inspect` is one of these. */

import type { Finding } from '../errors/finding.ts'
import type { LayerRole } from '../overlay/params.ts'
import type { Room } from './health.ts'
import type { ContainerName } from './identity.ts'
import type { OptionInForce } from './in-force.ts'
import type { OverlayMount } from './overlay-mount.ts'
import type { StorePlace } from './store-path.ts'

export interface Inspection extends OverlayMount {
  /** Lowers from the top, data-only layers, upper, work. */
  readonly layers: readonly LayerView[]
  /** Room on the file system of upper; absent without an upper. Bytes are those an ordinary user may take. */
  readonly room?: Room
  /** Every option with its value now, and where the value comes from. */
  readonly inForce: readonly OptionInForce[]
  /** The container whose root this is. */
  readonly container?: ContainerName
  /** Mounts on the same target that this one hides, the nearest first. */
  readonly hides: readonly MountRef[]
  /** What is wrong with it, root cause first, then notes. */
  readonly findings: readonly Finding[]
}

export interface LayerView {
  readonly role: LayerRole
  /** Position among its role, topmost 0. */
  readonly index: number
  readonly path: string
  /** The directory behind symlinks, where it is another: Docker and podman mount short links. */
  readonly realPath?: string
  /** Absent where it could not be told: no right to look, no true path known, or `covered`. */
  readonly exists?: boolean
  /** The kernel marked it as removed when it became a layer. */
  readonly deleted?: true
  /** The path now leads into the overlay itself, which lies over the layer. */
  readonly covered?: true
  /** A layer can only be a directory; anything else has taken the name since. */
  readonly kind?: string
  /** The mount it lies on. */
  readonly mount?: MountRef & { readonly readOnly: boolean }
  readonly identity?: LayerIdentity
  /** Mount points below it. An overlay shows the directories they are on, never what is mounted there. */
  readonly mountsBelow: readonly string[]
}

export interface MountRef {
  readonly id: number
  readonly target: string
  readonly fsType: string
  readonly source: string
  /** `major:minor`. */
  readonly device: string
}

/** What the layer is called by those who made it. */
export interface LayerIdentity {
  readonly store?: StorePlace['store']
  /** Its id there: layer id, cache id, number of the snapshot. */
  readonly layer?: string
  /** The images it is part of. */
  readonly images: readonly string[]
  /** The container it is the writable layer of. */
  readonly container?: ContainerName
  /** The image file that is attached here. */
  readonly file?: string
}
