/**
 * Every option of an overlay with the value it has now. The mount table names only what differs from
 * the module's defaults of this moment; the rest is filled in from those.
 */

import type { OptionRow } from '../overlay/options.ts'
import type { OverlayMount } from './overlay-mount.ts'

export interface OptionInForce {
  readonly name: string
  /** As the kernel spells it; a flag is true or false. */
  readonly value: string | boolean
  /**
   * Where it comes from: `mount`, asked for when it was mounted; `implied`, set by the kernel because of
   * what else was asked; `module`, the default in /sys/module/overlay/parameters; `kernel`, built in.
   */
  readonly origin: 'mount' | 'implied' | 'module' | 'kernel'
}

/** The files of /sys/module/overlay/parameters, by name; empty where it cannot be read. */
export type ModuleParameters = Readonly<Record<string, string>>

/** The options of `table` that can be known, in its order, then those the table has no row for. */
export function optionsInForce(overlay: OverlayMount, table: readonly OptionRow[], parameters: ModuleParameters): OptionInForce[] {
  const inForce: OptionInForce[] = []
  for (const { name } of table) {
    const shown = overlay.options[name]
    const standard = MODULE_DEFAULTS[name]?.(parameters)
    if (shown !== undefined) inForce.push({ name, value: shown, origin: isImplied(overlay, name, shown) ? 'implied' : 'mount' })
    else if (standard !== undefined) inForce.push({ name, value: standard, origin: 'module' })
    else if (name in KERNEL_DEFAULTS) inForce.push({ name, value: KERNEL_DEFAULTS[name] as string | boolean, origin: 'kernel' })
  }
  const known = new Set(table.map(({ name }) => name))
  const others = Object.entries(overlay.options).filter(([name]) => !known.has(name))
  return [...inForce, ...others.map(([name, value]) => ({ name, value, origin: 'mount' }) as const)]
}

type Default = (parameters: ModuleParameters) => string | undefined

const chosen = (value: string | undefined, yes: string, no: string | undefined): string | undefined => (value === undefined ? undefined : value === 'Y' ? yes : no)

const MODULE_DEFAULTS: Readonly<Record<string, Default>> = {
  redirect_dir: ({ redirect_dir, redirect_always_follow }) => chosen(redirect_dir, 'on', chosen(redirect_always_follow, 'follow', 'nofollow')),
  index: ({ index }) => chosen(index, 'on', 'off'),
  nfs_export: ({ nfs_export }) => chosen(nfs_export, 'on', 'off'),
  xino: ({ xino_auto }) => chosen(xino_auto, 'auto', 'off'),
  metacopy: ({ metacopy }) => chosen(metacopy, 'on', 'off'),
}

/** Without a parameter. uuid and fsync are missing: their defaults differ between kernels. */
const KERNEL_DEFAULTS: Readonly<Record<string, string | boolean>> = { default_permissions: false, userxattr: false, volatile: false, verity: 'off' }

/** What the table shows though nobody asked: measured on Linux 6.18. An upper that takes no xattrs loses redirect_dir and uuid together. */
function isImplied({ upper, options }: OverlayMount, name: string, value: string | true): boolean {
  if (name === 'redirect_dir') return (value === 'on' && (upper === undefined || options['metacopy'] === 'on')) || (value === 'nofollow' && (options['userxattr'] === true || (upper !== undefined && options['uuid'] === 'null')))
  if (name === 'index') return value === 'on' && options['nfs_export'] === 'on'
  return name === 'uuid'
}
