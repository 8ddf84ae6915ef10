/**
 * A Plan is a readonly list of Steps: data, made by pure functions, shown by --dry-run, executed and
 * undone in reverse by the one interpreter in host/execute.ts.
 */

import type { MountFlag, Propagation } from '../overlay/spec.ts'
import type { OverlayParam } from '../overlay/params.ts'

/** The ways into the kernel, by program interface. */
export const VIAS = ['auto', 'fsconfig', 'mount2', 'mount8', 'fuse'] as const
export type Via = (typeof VIAS)[number]

/** How the layers are named on that way. */
export type Form =
  | 'fd' /* fsconfig: each layer by descriptor, Linux ≥ 6.13 */
  | 'lowerdir+' /* fsconfig: one string a layer, ≥ 6.7 */
  | 'lowerdir' /* fsconfig: one string for all, ≥ 5.2, 255 bytes */
  | 'absolute' | 'relative' | 'proc-fd' /* mount(2): how the names were fitted into one page */
  | 'argv' /* mount(8), fuse-overlayfs */

export type ImageType = 'squashfs' | 'erofs' | 'ext4' | 'xfs' | 'btrfs' | 'iso9660'

/** One thing done to the system. Each has exactly one undo, known to the interpreter. */
export type Step =
  | { readonly do: 'hold-dir'; /** A directory of somebody else, without symlinks in its path: held open until the plan is done. What lies below it is reached from there, and through no symlink. */ readonly path: string; /** Device and inode, as it was looked at. */ readonly identity?: string }
  | { readonly do: 'make-dir'; readonly path: string; readonly mode: number; /** Empty directories that others may have made in it, removed before it is. */ readonly holds?: readonly string[]; /** Below this directory no component may be a symlink: the tree is somebody else's, and must not lead out of itself. */ readonly within?: string; /** When it is made it gets the owner and mode of this directory below another, or belongs to this user. */ readonly like?: { readonly path: string; readonly within: string }; readonly owner?: number; /** One that is there already must be of this user, and nobody else may write it. */ readonly own?: true }
  | { readonly do: 'write-receipt'; readonly path: string; readonly receipt: Receipt }
  | { readonly do: 'mount-tmpfs'; readonly at: string; readonly size?: string; readonly flags?: readonly MountFlag[] }
  | { readonly do: 'attach-image'; readonly image: string; readonly type: ImageType; readonly at: string; /** Where in the file it lies, as inside an ISO, and its name there; all of the file when absent. */ readonly slices?: readonly Slice[]; readonly name?: string; /** Besides `ro`. */ readonly flags?: readonly MountFlag[]; /** Device and inode that the file must have. */ readonly identity?: string }
  | { readonly do: 'mount-disk'; /** A block device, or a file for a loop device; mounted writable. */ readonly disk: string; readonly type: ImageType; readonly at: string; readonly flags: readonly MountFlag[]; /** Device and inode of the file, as it was looked at. */ readonly identity?: string }
  | { readonly do: 'make-disk'; readonly path: string; /** Bytes; sparse. */ readonly size: number; readonly label: string; /** Name → text of files in its root. */ readonly files: Readonly<Record<string, string>> }
  | { readonly do: 'copy-image'; readonly image: string; readonly slices?: readonly Slice[]; /** Device and inode that the file must have. */ readonly identity?: string; readonly to: string }
  | { readonly do: 'copy-tree'; /** A directory, copied with all its attributes to where there is none yet. No symlink is followed below `tree`, where it lies, nor below `within`, where it goes. */ readonly from: string; readonly tree: string; readonly to: string; readonly within: string }
  | { readonly do: 'link-tree'; /** Each file below it becomes a symlink at the same place below `at`, in directories that are made as they are there. Both lie in `within`, and no symlink is followed. */ readonly from: string; readonly at: string; readonly within: string }
  | { readonly do: 'bind'; readonly from: string; readonly at: string; /** What lies below these directories is reached through no symlink. */ readonly below?: readonly string[]; /** Read-only, and apart from what becomes of the mount it is taken from. */ readonly readOnly?: true }
  | { readonly do: 'clone-idmapped'; readonly from: string; readonly idmap: string; readonly at: string; /** The image attached at `from`, as it was said. */ readonly image?: string }
  | { readonly do: 'mount-overlay'; readonly target: string; readonly source: string; readonly params: readonly OverlayParam[]; readonly flags: readonly MountFlag[]; readonly propagation?: Propagation; readonly ways: readonly Via[]; readonly forms?: readonly Form[]; /** What lies below these directories is reached through no symlink, and layers there are handed over by descriptor. */ readonly below?: readonly string[]; /** Receipt to complete just before the mount is attached. */ readonly receipt?: string; /** More is to be put up before anybody shall see it: `attach-tree` follows, and says that it is mounted. */ readonly staged?: true }
  | { readonly do: 'attach-tree'; /** A staged overlay with what stands in it: shown at `at` all at once, and taken down where it was. */ readonly from: string; readonly at: string; readonly inside: readonly string[]; readonly receipt: string }
  | { readonly do: 'unmount'; readonly path: string; readonly lazy: boolean; /** It may be gone already: somebody else takes the same remains down. */ readonly part?: true; /** It belongs to a mount that comes down next: should that stay, it is put back. */ readonly putBack?: true }
  | { readonly do: 'remove-dir'; readonly path: string }
  | { readonly do: 'remove-receipt'; readonly path: string }
  | { readonly do: 'remount'; readonly target: string; readonly set: readonly MountFlag[]; readonly clear: readonly MountFlag[] }

/** A run of bytes in a file. */
export interface Slice {
  readonly offset: number
  readonly length: number
}

export interface Plan {
  readonly steps: readonly Step[]
}

/** What ovl remembers of a mount it made, kept under /run/ovl until `umount`. */
export interface Receipt {
  readonly version: 1
  /** `making` until the overlay is attached. */
  readonly state: 'making' | 'mounted'
  /** Who is making it; 0 when a failed mount could not be undone. */
  readonly pid: number
  /** Inode number of the maker’s pid namespace. Receipts of old have none. */
  readonly pidNamespace?: string
  /** Inode number of the mount namespace; the number that is never used again, where the kernel tells it (Linux 6.11); and the boot it belongs to. */
  readonly mountNamespace: string
  readonly mountNamespaceId?: string
  readonly bootId: string
  readonly target: string
  /** Own directory of this mount under the state directory; its mounts lie below it. */
  readonly directory: string
  /** Mount points of the parts, in the order they were put up. */
  readonly parts: readonly { readonly at: string; readonly what: 'tmpfs' | 'image' | 'idmap' | 'disk' | 'bind' | 'overlay'; readonly source: string }[]
  /** Directories that ovl made and that `umount` removes again, by rmdir. */
  readonly madeDirs: readonly string[]
  /** The layers as they were said, for mounts whose table line cannot tell them. */
  readonly layers: { readonly lower: readonly string[]; readonly data: readonly string[]; readonly upper?: string; readonly work?: string }
  readonly via?: Via
  readonly form?: Form
  /** `major:minor` of the overlay, to know it again. */
  readonly device?: string
  /** Mount points inside the target that came up with it, in that order; `umount` takes them down first. */
  readonly inside?: readonly string[]
  /** Of a live system: what it was taken from. */
  readonly live?: LiveRecord
}

/** Which live system is mounted, for those who work on it: status, enter, pack. Its upper and work stand among the layers of the receipt. */
export interface LiveRecord {
  /** The medium, absolute: an ISO file, a directory, or one image. */
  readonly source: string
  readonly medium: 'iso' | 'directory' | 'images'
  readonly system: 'casper' | 'live-boot' | 'plain'
  /** The kernel command line it was planned for. */
  readonly cmdline: string
  /** Topmost first: the name and path of each on the medium, and the directory that shows its tree. */
  readonly layers: readonly { readonly name: string; readonly path: string; readonly at: string }[]
  /** Where changes are kept: what was said, and where it is mounted (a directory is used where it is). Absent: on a tmpfs, lost with the mount. */
  readonly persist?: { readonly what: 'directory' | 'image' | 'device'; readonly source: string; readonly at: string }
}
