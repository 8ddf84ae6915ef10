/**
 * The mount words: the options of every command that is told what to mount (mount, options, diagnose,
 * fstab, unit, fsck …), and their way into src/overlay/words.ts, which reads them.
 */

import { OPTION_TABLE } from '../overlay/options.ts'
import type { OptionRow } from '../overlay/options.ts'
import type { MountWords } from '../overlay/words.ts'
import { given } from './define.ts'
import type { OptionDef, Words } from './define.ts'

const LAYERS = 'Layers'
const MOUNT = 'Mount'

/** The typed twin of an overlay option: `--redirect-dir=on`, and `--metacopy` for `--metacopy=on`. */
function twin({ name, values, does }: OptionRow): OptionDef {
  const option = { name: name.replaceAll('_', '-'), does, group: 'Overlay options' }
  if (values === undefined) return option
  return { ...option, value: { name: 'VALUE', kind: 'word', words: values }, ...(values.includes('on') ? { bare: 'on' } : {}) }
}

const TWINS: readonly OptionDef[] = OPTION_TABLE.map(twin)

export const MOUNT_WORDS: readonly OptionDef[] = [
  { name: 'lower', short: 'l', group: LAYERS, many: true, value: { name: 'PATH', kind: 'file' }, does: 'a lower layer, topmost first: a directory or an image' },
  { name: 'data', group: LAYERS, many: true, value: { name: 'PATH', kind: 'file' }, does: 'a data-only layer, below all others' },
  { name: 'upper', short: 'u', group: LAYERS, value: { name: 'DIR', kind: 'directory' }, does: 'where changes go' },
  { name: 'work', short: 'w', group: LAYERS, value: { name: 'DIR', kind: 'directory' }, does: 'overlay’s own directory beside upper; default UPPER.work' },
  { name: 'tmpfs', group: LAYERS, does: 'upper and work on a fresh tmpfs: changes are lost on umount' },
  { name: 'size', group: LAYERS, value: { name: 'SIZE', kind: 'text' }, does: 'size of that tmpfs: 64m, 2g, 50%' },
  { name: 'idmap', group: LAYERS, value: { name: 'MAP', kind: 'text' }, does: 'id mapping of the lowers, in the words of X-mount.idmap' },
  { name: 'options', short: 'o', group: MOUNT, many: true, value: { name: 'OPTIONS', kind: 'mount-options' }, does: 'options as mount(8) takes them, with its escapes' },
  { name: 'type', aliases: ['types'], short: 't', group: MOUNT, value: { name: 'TYPE', kind: 'word', words: ['overlay'] }, does: 'as mount(8) wants it; never needed' },
  { name: 'read-only', short: 'r', group: MOUNT, does: 'the same as -o ro' },
  { name: 'mkdir', group: MOUNT, does: 'make TARGET, upper and work' },
  { name: 'source', group: MOUNT, value: { name: 'NAME', kind: 'text' }, does: 'first field in the mount table; default overlay' },
  { name: 'label', group: MOUNT, value: { name: 'CONTEXT', kind: 'text' }, does: 'SELinux context of the whole mount' },
  ...TWINS,
]

/** What a target, or the SOURCE TARGET of mount(8), is. */
export const MOUNT_POSITIONALS = { min: 1, value: { name: 'TARGET', kind: 'directory' } } as const

/** The words of a call → what words.ts reads. */
export function mountWords({ flag, text, list, positionals }: Words): MountWords {
  const { upper, work, size, type, label, source, idmap } = text
  return {
    lower: list['lower'] ?? [], data: list['data'] ?? [], options: list['options'] ?? [],
    tmpfs: flag['tmpfs'] === true, readOnly: flag['read-only'] === true, mkdir: flag['mkdir'] === true,
    positionals, typed: typedOptions({ flag, text }),
    ...given({ upper, work, size, type, label, source, idmap }),
  }
}

/** The twins that were said, by the kernel’s name. */
function typedOptions({ flag, text }: Pick<Words, 'flag' | 'text'>): Record<string, string | true> {
  const said = OPTION_TABLE.map(({ name }) => [name, text[name.replaceAll('_', '-')] ?? flag[name.replaceAll('_', '-')]] as const)
  return Object.fromEntries(said.filter((entry): entry is readonly [(typeof entry)[0], string | true] => entry[1] !== undefined))
}
