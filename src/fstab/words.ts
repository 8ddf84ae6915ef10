/**
 * The words a line needs so that boot waits for its layers, each with the reason why it is there.
 * systemd derives no order from lowerdir, upperdir or workdir, and without one an overlay is tried
 * before its disks are up. What was said with -o is never said twice.
 */

import { isWithin } from '../names/path.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { unitName } from './unit-name.ts'

/** A mount that a layer lies on, `/` left out. */
export interface LayerMount {
  readonly target: string
  /** A layer that lies on it. */
  readonly layer: string
  /** Reached over a network. */
  readonly network?: boolean
  /** Why the machine should boot without it: `a removable disk`, `its own line says nofail`. */
  readonly optional?: string
}

export interface Reason {
  readonly option: string
  readonly why: string
}

export interface OrderWishes {
  /** Mount on first use: `noauto,x-systemd.automount`. */
  readonly automount?: boolean
  /** Boot goes on without it. */
  readonly nofail?: boolean
  /** `_netdev`, `noauto` … as asked for. */
  readonly also?: readonly string[]
}

/** File systems that systemd mounts after the network only (fstype_is_network). */
export const NETWORK: RegExp = /^(fuse\.)?(afs|beegfs|ceph|cifs|davfs2?|gfs2?|glusterfs|lustre|ncpfs|nfs4?|ocfs2|pvfs2|smb3?|smbfs|sshfs)$/

/** Mounted by systemd itself before any line of fstab. */
export const ALWAYS_THERE: readonly string[] = ['/dev', '/proc', '/sys', '/run']

/** The mounts to wait for: a mount above another is waited for by itself. */
export function mountsToWaitFor(mounts: readonly LayerMount[]): LayerMount[] {
  const needed = mounts.filter(({ target }) => target !== '/' && !ALWAYS_THERE.some((there) => isWithin(target, there)))
  return needed.filter(({ target }, at) => needed.every((other, where) => (other.target === target ? where >= at : !isWithin(other.target, target))))
}

/** Words that are to be added, in the order of the line. */
export function orderWords({ target, userspace }: OverlaySpec, mounts: readonly LayerMount[], wishes: OrderWishes = {}): Reason[] {
  const words: Reason[] = mountsToWaitFor(mounts).map(({ target: mount, layer }) => ({ option: waitWord(mount), why: `'${layer}' lies on the mount '${mount}'` }))
  const optional = mounts.find((mount) => mount.optional !== undefined)
  const remote = mounts.find(({ network }) => network === true)
  if (wishes.nofail === true) words.push({ option: 'nofail', why: 'asked for: boot goes on without it' })
  else if (optional !== undefined) words.push({ option: 'nofail', why: `'${optional.target}' may be absent: ${optional.optional as string}` })
  if (remote !== undefined) words.push({ option: '_netdev', why: `'${remote.target}' comes over the network` })
  if (wishes.automount === true) words.push({ option: 'noauto', why: 'asked for: not at boot …' }, { option: 'x-systemd.automount', why: '… but when it is first used' })
  for (const option of wishes.also ?? []) words.push({ option, why: 'asked for' })
  if (target !== undefined && isWithin(target, '/usr')) words.push({ option: 'x-initrd.mount', why: `'${target}' is needed before the initrd hands over` })
  const has = new Set(userspace)
  return words.filter(({ option }) => !has.has(option) && has.add(option))
}

/**
 * systemd unquotes the paths of one directive after it has joined them, and mount(8) splits at a comma
 * even in words that are not its own: a mount point with such characters is named by its unit.
 */
function waitWord(mount: string): string {
  return /^[\w@+:./-]+$/.test(mount) ? `x-systemd.requires-mounts-for=${mount}` : `x-systemd.requires=${unitName(mount, 'mount')}`
}
