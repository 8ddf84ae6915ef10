/**
 * The mount words of the command line → OverlaySpec: ovl's own (`-l -u -w --tmpfs`) and those of
 * mount(8) (`-t overlay SOURCE TARGET -o lowerdir=…`), which may be mixed as long as nothing is said twice.
 */

import type { Finding } from '../errors/finding.ts'
import { siblingWork } from './builder.ts'
import { fault, refuseFaults } from './fault.ts'
import { isOptionName } from './options.ts'
import { parseMountOptions } from './mount-options.ts'
import type { MountOptions } from './mount-options.ts'
import { EMPTY_SPEC } from './spec.ts'
import type { OverlaySpec } from './spec.ts'
import { validate } from './validate.ts'

/** What the command line said, word for word. */
export interface MountWords {
  readonly lower: readonly string[]
  readonly data: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly tmpfs: boolean
  readonly size?: string
  /** Each text given with -o. */
  readonly options: readonly string[]
  /** The value of -t. */
  readonly type?: string
  readonly readOnly: boolean
  readonly mkdir: boolean
  readonly label?: string
  readonly source?: string
  /** Id mapping for every lower and data layer. */
  readonly idmap?: string
  /** `[SOURCE] TARGET`. */
  readonly positionals: readonly string[]
  /** The typed twins: `--metacopy`, `--redirect-dir=on` … by option name. */
  readonly typed: Readonly<Record<string, string | true>>
}

/**
 * Words → spec.
 * @throws OvlError with every fault found, in `findings`.
 */
export function specFromWords(words: MountWords): OverlaySpec {
  const { spec, faults } = readWords(words)
  refuseFaults([...faults, ...validate(spec).filter(({ severity }) => severity === 'error')])
  return spec
}

/** Words → the spec as far as it can be understood, and the faults of the words themselves. */
export function readWords(words: MountWords): { readonly spec: OverlaySpec; readonly faults: readonly Finding[] } {
  const said = parseMountOptions(words.options.join(','))
  const faults = [...wordFaults(words, said), ...said.faults]
  const layer = (path: string): { path: string; idmap?: string } => (words.idmap === undefined ? { path } : { path, idmap: words.idmap })
  const target = words.positionals.at(-1)
  const upper = words.upper ?? said.upper
  const work = words.work ?? said.work ?? (words.upper === undefined ? undefined : siblingWork(words.upper))
  const source = words.source ?? (words.positionals.length > 1 ? words.positionals[0] : undefined)
  const typed = Object.fromEntries(Object.entries(words.typed).filter(([name]) => isOptionName(name)))
  const label = words.label ?? said.label
  const flags = words.readOnly && !said.flags.includes('ro') ? (['ro', ...said.flags] as const) : said.flags
  return {
    faults,
    spec: {
      ...EMPTY_SPEC,
      lower: (words.lower.length > 0 ? words.lower : (said.lower ?? [])).map(layer),
      data: (words.data.length > 0 ? words.data : (said.data ?? [])).map(layer),
      options: { ...said.options, ...typed },
      unknown: said.unknown,
      flags,
      mkdir: words.mkdir || said.mkdir,
      userspace: said.userspace,
      ...(target === undefined ? {} : { target }),
      ...(source === undefined ? {} : { source }),
      ...(upper === undefined ? {} : { upper }),
      ...(work === undefined ? {} : { work, workDerived: words.work === undefined && said.work === undefined }),
      ...(words.tmpfs ? { tmpfs: words.size === undefined ? {} : { size: words.size } } : {}),
      ...(said.propagation === undefined ? {} : { propagation: said.propagation }),
      ...(label === undefined ? {} : { label }),
    },
  }
}

function wordFaults(words: MountWords, said: MountOptions): Finding[] {
  const faults: Finding[] = []
  const twice = (what: string): void => {
    faults.push(fault('usage', `said twice, with a word of its own and inside -o: ${what}`, [{ text: 'Keep one of them.' }]))
  }
  if (words.lower.length > 0 && said.lower !== undefined) twice('the lower layers')
  if (words.data.length > 0 && said.data !== undefined) twice('the data-only layers')
  if (words.upper !== undefined && said.upper !== undefined) twice('upper')
  if (words.work !== undefined && said.work !== undefined) twice('work')
  if (words.work !== undefined && words.upper === undefined && said.upper === undefined) faults.push(fault('usage', '--work without --upper', [{ text: 'Name the upper too, or leave --work out.' }]))
  if (words.size !== undefined && !words.tmpfs) faults.push(fault('usage', '--size without --tmpfs', [{ text: 'Add --tmpfs.' }]))
  if (words.source !== undefined && words.positionals.length > 1) twice('the source')
  if (words.positionals.length > 2) faults.push(fault('usage', `too many words: ${words.positionals.map((word) => `'${word}'`).join(' ')}`, [{ text: 'Say [SOURCE] TARGET; lower layers go with -l.' }]))
  return [...faults, ...typeFaults(words.type)]
}

function typeFaults(type: string | undefined): Finding[] {
  if (type === undefined || type === 'overlay') return []
  if (type === 'overlayfs') return [fault('filesystem-type-renamed', "type 'overlayfs' is now called 'overlay'", [{ text: 'Write -t overlay: the name was changed when the file system was merged in Linux 3.18.' }])]
  return [fault('usage', `ovl mounts overlays, not '${type}'`, [{ text: 'Use mount(8) for other types.' }])]
}
