/**
 * Each option of overlay with each of its values: said to a scratch context, which knows its words from
 * Linux 6.5 on, and mounted, which tells what is refused, and what is taken and dropped without an error.
 */

import type { ProbePart, Probed } from '../../diagnose/doctor.ts'
import { OPTION_TABLE } from '../../overlay/options.ts'
import type { OptionRow } from '../../overlay/options.ts'
import { lookFile } from '../facts/look.ts'
import { fsSetFlag, fsSetString } from '../syscalls/mount-api.ts'
import type { Ground, Tried } from './ground.ts'
import { tryOverlay, writable } from './ground.ts'
import { inContext, isLegacyContext } from './overlay.ts'
import { heard } from './probe.ts'
import type { MountProbe } from './probe.ts'

export const OPTION_PROBES: readonly MountProbe[] = OPTION_TABLE.map((row) => ({ id: `option-${row.name}`, group: 'options', what: row.name, where: 'inside', probe: (ground) => probeOption(row, ground) }))

interface Value extends ProbePart {
  readonly evidence: Probed['evidence']
}

async function probeOption(row: OptionRow, ground: Ground): Promise<Probed> {
  const native = ground.hasFfi && !isLegacyContext()
  const values: Value[] = []
  for (const value of row.values ?? [true as const]) values.push(await probeValue(row, value, native, ground))
  const of = (state: ProbePart['state']): Value[] => values.filter((value) => value.state === state)
  const state = of('refused').length > 0 ? 'refused' : of('works').length > 0 ? 'works' : 'missing'
  const parts = values.map(({ evidence: _, ...part }) => part)
  return { state, detail: sayOption(row, of), evidence: values.flatMap(({ evidence }) => evidence), ...(row.values === undefined ? {} : { parts }) }
}

/** `on, off; not null, auto (6.6)` */
function sayOption(row: OptionRow, of: (state: ProbePart['state']) => readonly Value[]): string {
  const [good, bad, no] = [of('works'), of('refused'), of('missing')] as const
  if (row.values === undefined) return bad[0]?.detail ?? (no.length > 0 ? `came with Linux ${row.since}` : 'as a flag')
  if (good.length + bad.length === 0) return `came with Linux ${row.since}`
  const names = (list: readonly Value[]): string => list.map(({ name }) => name).join(', ')
  const since = row.valuesSince?.[no[0]?.name ?? '']
  return [
    ...(good.length === 0 ? [] : [names(good)]),
    ...(bad.length === 0 ? [] : [`${names(bad)}: ${bad[0]?.detail ?? 'refused'}`]),
    ...(no.length === 0 ? [] : [`not ${names(no)}${since === undefined ? '' : ` (Linux ${since})`}`]),
  ].join('; ')
}

async function probeValue(row: OptionRow, value: string | true, native: boolean, ground: Ground): Promise<Value> {
  const name = value === true ? row.name : value
  const word = value === true ? row.name : `${row.name}=${value}`
  const unknown = native ? inContext((context) => (value === true ? fsSetFlag(context, row.name) : fsSetString(context, row.name, value))) : undefined
  if (unknown !== undefined && unknown.errno !== 'EPERM') return { name, state: 'missing', evidence: heard('fs-context', unknown.log) }
  const tried = await tryOption(ground, row.name, word)
  const evidence = heard('kernel-log', tried.said)
  if (!tried.ok) {
    const state = tried.errno === 'EPERM' ? 'refused' : 'missing'
    return { name, state, detail: state === 'refused' ? 'refused without root' : tried.errno, evidence: [...heard('probe', [`${word}: ${tried.errno}`]), ...evidence] }
  }
  return isDropped(row.name, value, tried.options) ? { name, state: 'refused', detail: 'dropped without an error', evidence: [...heard('mountinfo', [`${word} was taken, and is not in force`]), ...evidence] } : { name, state: 'works', evidence: [] }
}

/** In a user namespace with userxattr, as it is used there, unless the two exclude each other. */
async function tryOption(ground: Ground, name: string, word: string): Promise<Tried<unknown>> {
  const attempt = (words: string): Promise<Tried<unknown>> => {
    const place = ground.place()
    const data = writable(place, words)
    // Inode numbers are unique by themselves on one file system: xino is a question of two.
    return tryOverlay(ground, place, name === 'xino' ? data.replace(`${place}/l2`, `${ground.second}/l`) : data, () => undefined)
  }
  if (!ground.inUserNamespace || name === 'userxattr') return attempt(word)
  const tried = await attempt(`userxattr,${word}`)
  return tried.ok ? tried : attempt(word)
}

/** The kernel prints these where they differ from the default of the module, by this parameter. `xino` has no default `on`. */
const PRINTED: Readonly<Record<string, string | undefined>> = { redirect_dir: 'redirect_dir', index: 'index', nfs_export: 'nfs_export', metacopy: 'metacopy', xino: undefined }

function isDropped(name: string, value: string | true, shown: ReadonlyMap<string, string | true>): boolean {
  if (value !== 'on') return false
  if (name === 'uuid') return shown.get(name) === 'null' || shown.get(name) === 'off'
  if (!(name in PRINTED)) return false
  return shown.has(name) ? shown.get(name) !== 'on' : !isDefault(PRINTED[name])
}

function isDefault(parameter: string | undefined): boolean {
  const text = lookFile(`/sys/module/overlay/parameters/${parameter ?? ''}`)
  return text.known && text.value === 'Y'
}
