/** Completions from the command table: one generator a shell, and what all three complete after -o. */

import { OPTION_TABLE } from '../../overlay/options.ts'
import type { OptionRow } from '../../overlay/options.ts'
import { MOUNT_FLAGS } from '../../overlay/spec.ts'
import type { CommandDef } from '../define.ts'
import { usageError } from '../usage-error.ts'
import { renderBash } from './bash.ts'
import { renderFish } from './fish.ts'
import { renderZsh } from './zsh.ts'

/** Words after -o: layer keys (a path follows), options with their values, and bare words. */
export interface MountOptionWords {
  readonly layers: readonly string[]
  readonly values: readonly { readonly name: string; readonly words: readonly string[] }[]
  readonly bare: readonly string[]
}

const SHELLS: Readonly<Record<string, (commands: readonly CommandDef[], words: MountOptionWords) => string>> = { bash: renderBash, zsh: renderZsh, fish: renderFish }

/**
 * The script for a shell.
 * @throws OvlError usage for a shell that is not known
 */
export function renderCompletion(shell: string, commands: readonly CommandDef[]): string {
  const render = SHELLS[shell]
  if (render === undefined) throw usageError(`completions are there for ${Object.keys(SHELLS).join(', ')}, not for '${shell}'`, undefined, 'completion')
  return render(commands, mountOptionWords())
}

function mountOptionWords(): MountOptionWords {
  const rows: readonly OptionRow[] = OPTION_TABLE
  return {
    layers: ['lowerdir', 'lowerdir+', 'datadir+', 'upperdir', 'workdir'],
    values: rows.flatMap(({ name, values }) => (values === undefined ? [] : [{ name, words: values }])),
    bare: [...rows.filter(({ values }) => values === undefined).map(({ name }) => name), 'rw', ...MOUNT_FLAGS],
  }
}
