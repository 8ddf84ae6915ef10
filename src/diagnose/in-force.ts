/** Which options are on: said, or by the module’s own default. */

import type { OptionName } from '../overlay/options.ts'
import type { Facts } from './facts.ts'
import { valueOf } from './suspect.ts'

/** The default of an option on this system, as mountinfo would spell it; undefined when it cannot be told. */
export function defaultOf(option: string, { system }: Facts): string | undefined {
  const parameters = valueOf(system.moduleParameters)
  if (option === 'xino') return parameters?.['xino_auto'] === undefined ? undefined : parameters['xino_auto'] === 'Y' ? 'auto' : 'off'
  const parameter = parameters?.[option]
  if (parameter === undefined) return undefined
  if (option !== 'redirect_dir') return parameter === 'Y' ? 'on' : 'off'
  return parameter === 'Y' ? 'on' : parameters?.['redirect_always_follow'] === 'Y' ? 'follow' : 'nofollow'
}

/** Whether the kernel keeps an index for this mount, and therefore refuses what is in use; undefined when unknown. */
export function isIndexed(facts: Facts): boolean | undefined {
  const said = (name: OptionName): string | true | undefined => facts.spec?.options[name]
  if (said('index') !== undefined) return said('index') === 'on'
  if (said('nfs_export') === 'on') return true
  const usual = defaultOf('index', facts)
  return usual === undefined ? undefined : usual === 'on'
}
