/** OverlayMount: one live overlay, decoded. The JSON of `ovl list` is an array of these. */

/** Who put a mount up, and what it calls it. */
export interface Maker {
  readonly name: 'docker' | 'containerd' | 'containers-storage' | 'buildkit' | 'systemd' | 'lxc' | 'schroot' | 'live-system' | 'ovl' | 'unknown'
  /** Container id, snapshot id, session, live flavour (casper, live-boot, overlayroot, dracut) … */
  readonly id?: string
}

export interface OverlayMount {
  readonly id: number
  readonly parentId: number
  /** Mount point, as seen from this process’s root. */
  readonly target: string
  readonly source: string
  /** `overlay`, or `fuse.fuse-overlayfs`. */
  readonly type: string
  /** `major:minor` of the superblock. */
  readonly device: string
  /** Topmost first; true paths where they can be known. */
  readonly lower: readonly string[]
  readonly data: readonly string[]
  readonly upper?: string
  readonly work?: string
  /** Names as the table gives them were relative, descriptors or detached, and nothing tells what they stood for. */
  readonly unresolved?: boolean
  /** Layers (as listed above) that the kernel marks as deleted. */
  readonly deleted?: readonly string[]
  /** Overlay options in force that differ from the module’s defaults; a flag is `true`. Both spellings of kernels, `volatile` and `fsync=volatile`, are `volatile: true`. */
  readonly options: Readonly<Record<string, string | true>>
  /** Per-mount flags: rw, nosuid, relatime … */
  readonly flags: readonly string[]
  /** The superblock is read-only, whatever the mount flags say. */
  readonly readOnly: boolean
  readonly propagation: readonly string[]
  readonly maker: Maker
  /** Inode of the mount namespace and a process in it, when it is not our own. */
  readonly namespace?: { readonly inode: string; readonly pid: number }
}
