/**
 * What mount(8) and umount(8) ask of their helpers for the type `ovl`, by the same paths as `ovl mount`, `umount` and `remount`.
 *
 * A mount has parts beside the overlay (tmpfs, images, directories, the receipt), and plain umount(8) must not leave
 * them. There are two ways. The parts could be detached as soon as the overlay is up, which keeps clones of its own:
 * they would then vanish with it whatever takes it down, but until then nobody could look into an upper on tmpfs or
 * name a layer, and `inspect`, `diff` and `explain` would be blind. So the parts stay in sight, and umount(8) is told,
 * by `helper=ovl` in libmount's own table, to leave the work to `umount.ovl` (also for -l, -R, a systemd stop and the
 * shutdown). Who goes round helpers (`umount -i`, umount2(2)) leaves parts that their receipt names: the next mount at
 * the same place clears them, or `ovl umount --stale`; and a reboot, as all of it lies in /run.
 */

import type { Finding } from '../errors/finding.ts'
import { rememberHelper } from '../host/utab.ts'
import { readHelperWords } from '../overlay/helper-options.ts'
import { refuseFaults } from '../overlay/fault.ts'
import { specFromWords } from '../overlay/words.ts'
import { parseVia } from '../plan/via.ts'
import { mount, planOfMount } from './mount.ts'
import { planOfRemount, remount } from './remount.ts'
import { unmountRemains } from './unmount.ts'

/** A call of mount.ovl, read. */
export interface HelperCall {
  readonly source: string
  readonly target: string
  /** Each text after -o. */
  readonly options: readonly string[]
  /** Do all but the mount. */
  readonly fake?: boolean
  /** Do not write to libmount's table. */
  readonly noMtab?: boolean
  readonly signal?: AbortSignal
}

/**
 * Mounts, or remounts, what a line of fstab says.
 * @returns warnings for what the kernel silently did otherwise
 * @throws OvlError as `mount` and `remount` do
 */
export async function mountByHelper({ source, target, options, fake = false, noMtab = false, signal }: HelperCall): Promise<readonly Finding[]> {
  const { words, strict, via, remount: changes, faults } = readHelperWords(source, target, options)
  if (changes !== undefined) {
    if (fake) planOfRemount(target, changes)
    else await remount(target, changes)
    return []
  }
  refuseFaults(faults)
  const spec = specFromWords(words)
  const how = { ...(via === undefined ? {} : parseVia(via)), strict, remember: true, ...(signal === undefined ? {} : { signal }) }
  if (fake) {
    await planOfMount(spec, how)
    return []
  }
  await unmountRemains(target)
  const mounted = await mount(spec, how)
  if (!noMtab) await rememberHelper(spec.source, mounted.target)
  return mounted.warnings
}
