/**
 * The options of overlayfs as one table. A new kernel option is one more row; validate, help,
 * typed builder, completions and read-back all read from here.
 *
 * Source: Documentation/filesystems/overlayfs.rst and measurement on Linux 6.18 and 6.1.
 * Layer keys (lowerdir, lowerdir+, datadir+, upperdir, workdir) are no options here: they are
 * paths with escapes of their own, see params.ts.
 */

export interface OptionRow {
  readonly name: string
  /** The values the kernel knows; a flag has none. `true` in a spec means the bare flag. */
  readonly values?: readonly string[]
  /** First kernel release that has it, for explanations only: features are backported. */
  readonly since: string
  /** The same of values that came later than the option. */
  readonly valuesSince?: Readonly<Record<string, string>>
  /** What it does, one line. */
  readonly does: string
  /** Excluded by: `[option, values]`, refused by the kernel when both are set so. `own` limits it to these own values. */
  readonly conflicts?: readonly { readonly own: readonly (string | true)[]; readonly option: string; readonly values: readonly (string | true)[]; readonly onlyWithUpper?: boolean; readonly until?: string }[]
  /** What it does nothing without. */
  readonly needs?: 'upper'
  /** In a user namespace: fine, refused with EPERM, or silently dropped. */
  readonly rootless: 'works' | 'refused' | 'dropped'
  /** Which value(s) the row's `rootless` verdict is about; all when absent. */
  readonly rootlessValues?: readonly string[]
  /** Whether the kernel can drop it without an error, so that it must be read back. */
  readonly droppable?: boolean
}

const ON_OFF = ['on', 'off'] as const
const USERXATTR_REFUSES = { option: 'userxattr', values: [true] } as const

export const OPTION_TABLE = [
  { name: 'default_permissions', since: '4.4', rootless: 'works', does: 'check permissions by mode bits only, not by the mounter’s rights on the layers' },
  { name: 'redirect_dir', values: ['on', 'off', 'follow', 'nofollow'], since: '4.10', valuesSince: { follow: '4.15', nofollow: '4.15' }, rootless: 'refused', rootlessValues: ['on', 'follow', 'off'], droppable: true,
    does: 'let directories of a lower layer be renamed, by a redirect xattr',
    conflicts: [{ own: ['on', 'follow', 'off'], ...USERXATTR_REFUSES }] },
  { name: 'index', values: ON_OFF, since: '4.13', rootless: 'dropped', needs: 'upper', droppable: true, does: 'keep hard links over copy-up and refuse an upper that is in use' },
  { name: 'nfs_export', values: ON_OFF, since: '4.16', rootless: 'dropped', droppable: true, does: 'make file handles for NFS export; needs index=on',
    conflicts: [{ own: ['on'], option: 'index', values: ['off'] }, { own: ['on'], option: 'metacopy', values: ['on'] }] },
  { name: 'xino', values: ['on', 'off', 'auto'], since: '4.17', rootless: 'works', does: 'unique inode numbers over layers of several file systems', droppable: true },
  { name: 'metacopy', values: ON_OFF, since: '4.19', rootless: 'refused', rootlessValues: ['on'], droppable: true, does: 'copy up only metadata on chmod and chown; needs redirect_dir=on',
    conflicts: [
      { own: ['on'], option: 'redirect_dir', values: ['off', 'follow'], onlyWithUpper: true },
      { own: ['on'], option: 'redirect_dir', values: ['nofollow'] },
      { own: ['on'], ...USERXATTR_REFUSES },
    ] },
  { name: 'volatile', since: '5.10', rootless: 'works', needs: 'upper', does: 'never sync upper: faster, and unusable after a crash' },
  { name: 'uuid', values: ['null', 'off', 'auto', 'on'], since: '5.11', valuesSince: { null: '6.6', auto: '6.6' }, rootless: 'dropped', rootlessValues: ['on'], droppable: true, does: 'where the mount’s file system id comes from' },
  { name: 'userxattr', since: '5.11', rootless: 'works', does: 'keep overlay’s own xattrs under user. instead of trusted., as user namespaces need' },
  { name: 'verity', values: ['off', 'on', 'require'], since: '6.6', rootless: 'refused', rootlessValues: ['on', 'require'], does: 'check metacopy data against fs-verity digests',
    conflicts: [{ own: ['on', 'require'], ...USERXATTR_REFUSES, until: '6.16' }, { own: ['on', 'require'], option: 'metacopy', values: ['off'], until: '6.16' }] },
  { name: 'override_creds', since: '6.15', rootless: 'works', does: 'act on the layers with the credentials of the mounting task' },
  { name: 'nooverride_creds', since: '6.15', rootless: 'works', does: 'undo override_creds' },
  { name: 'fsync', values: ['volatile', 'auto', 'strict'], since: '7.0, and stable 6.12', rootless: 'works', needs: 'upper', does: 'what copy-up syncs: nothing, data, or data and metadata' },
] as const satisfies readonly OptionRow[]

export type OptionName = (typeof OPTION_TABLE)[number]['name']

const ROWS = new Map<string, OptionRow>(OPTION_TABLE.map((row) => [row.name, row]))

/** The row of an option, or undefined when overlayfs has no such option. */
export function findOption(name: string): OptionRow | undefined {
  return ROWS.get(name)
}

/** Narrows a word to a known option name. */
export function isOptionName(name: string): name is OptionName {
  return ROWS.has(name)
}
