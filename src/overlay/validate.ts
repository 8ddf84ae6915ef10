/**
 * Spec → every fault it has, all at once, without asking any system. What needs the file system or
 * the kernel (missing paths, overlaps, rights) is judged by diagnose/rules.
 */

import type { Finding } from '../errors/finding.ts'
import { fault } from './fault.ts'
import { isName } from '../names/bytes.ts'
import { tidyPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { siblingWork } from './builder.ts'
import { mountAgain } from './command.ts'
import { findOption } from './options.ts'
import type { OptionRow } from './options.ts'
import { nearestOption } from './nearest.ts'
import { MOUNT_FLAGS, PROPAGATIONS } from './spec.ts'
import type { OverlaySpec } from './spec.ts'

/** Layers the kernel takes, normal and data-only together (OVL_MAX_STACK, since 4.0). */
export const MAX_LAYERS = 500

/** All faults of a spec: severity error for what no kernel takes, warning for what the kernel must judge. */
export function validate(spec: OverlaySpec): Finding[] {
  return [...nameFaults(spec), ...layerFaults(spec), ...duplicateFaults(spec), ...optionFaults(spec), ...flagFaults(spec), ...conflictFaults(spec), ...unknownFaults(spec)]
}

function layerFaults(spec: OverlaySpec): Finding[] {
  const faults: Finding[] = []
  const writable = spec.upper !== undefined || spec.tmpfs !== undefined
  if (spec.lower.length === 0) {
    faults.push(fault('lowerdir-required', spec.data.length > 0 ? 'only data-only layers were given: at least one normal lower is required' : 'no lowerdir: at least one lower layer is required', [{ text: 'Name the directory to build on with -l, or with lowerdir= inside -o.' }]))
  } else if (spec.lower.length === 1 && spec.data.length === 0 && !writable && spec.lower[0]?.path !== '') {
    faults.push(fault('single-lower-without-upper', `one lower ('${spec.lower[0]?.path}') and no upper: there is nothing to overlay`, [
      { text: 'Add an upper to write to; a tmpfs will do, if changes need not last.', ...mountAgain({ ...spec, tmpfs: {} }) },
      { text: 'Or name a second lower to merge.' },
      { text: 'For a read-only view of one directory, a bind mount does it.', ...bindReadOnly(spec) },
    ]))
  }
  const count = spec.lower.length + spec.data.length
  if (count > MAX_LAYERS) faults.push(fault('too-many-layers', `${count} layers: the kernel’s limit is ${MAX_LAYERS}`, [{ text: 'Merge some of the lower layers into one.' }]))
  if (spec.upper !== undefined && spec.work === undefined) {
    faults.push(fault('work-required', `upperdir '${spec.upper}' without workdir`, [{ text: `Name an empty directory on the same mount as upper: workdir=${siblingWork(spec.upper)}`, ...mountAgain({ ...spec, work: siblingWork(spec.upper), mkdir: true }) }]))
  }
  if (spec.upper !== undefined && spec.tmpfs !== undefined) faults.push(fault('usage', 'an upper was said twice: by path and as a tmpfs', [{ text: 'Keep one of --upper and --tmpfs.' }]))
  if (spec.upper === undefined && spec.workDerived === false && spec.tmpfs !== undefined) faults.push(fault('usage', 'a tmpfs upper brings its own work directory', [{ text: 'Leave out the work directory.' }]))
  if (spec.tmpfs?.size !== undefined && !/^\d+[kmgKMG%]?$/.test(spec.tmpfs.size)) faults.push({ ...fault('option-bad-value', `the size of a tmpfs cannot be '${spec.tmpfs.size}'`, [{ text: 'Say bytes with k, m or g, or a percentage of memory: 64m, 50%.' }]), explanation: 'A tmpfs holds at most so much, and the kernel takes a number with a letter for it.' })
  return faults
}

/** A bind mount takes its flags only when it is remounted. */
function bindReadOnly({ lower: [first], target }: OverlaySpec): { readonly command?: string } {
  if (first === undefined || target === undefined) return {}
  return { command: `mount --bind ${quoteShell(first.path)} ${quoteShell(target)} && mount -o remount,bind,ro ${quoteShell(target)}` }
}

/** The same words twice are the same directory on any system; nesting is for the kernel, as a mount point may lie between. */
function duplicateFaults(spec: OverlaySpec): Finding[] {
  const said: [string, string | undefined][] = [...spec.lower.map(({ path }): [string, string] => ['lower', path]), ...spec.data.map(({ path }): [string, string] => ['data layer', path]), ['upper', spec.upper], ['work', spec.work]]
  const seen = new Map<string, string>()
  return said.flatMap(([role, path]) => {
    if (path === undefined || path === '') return []
    const tidy = tidyPath(path)
    const before = seen.get(tidy)
    seen.set(tidy, role)
    if (before === undefined) return []
    if (role === 'work' && before === 'upper') return [fault('work-upper-nested', `'${path}' was given as upper and as work`, [{ text: `Use a directory beside upper as work: workdir=${siblingWork(tidy)}`, ...mountAgain({ ...spec, work: siblingWork(tidy), mkdir: true }) }])]
    return [fault('layers-overlap', before === role ? `'${path}' was given twice as ${role}` : `'${path}' was given as ${before} and as ${role}`, [{ text: 'Name each layer once.' }])]
  })
}

function nameFaults(spec: OverlaySpec): Finding[] {
  const named: [string, string | undefined][] = [
    ...spec.lower.map(({ path }): [string, string] => ['lower', path]),
    ...spec.data.map(({ path }): [string, string] => ['data layer', path]),
    ['upper', spec.upper], ['work', spec.work], ['target', spec.target], ['source', spec.source], ['label', spec.label],
  ]
  return named.flatMap(([what, path]) => {
    if (path === '') return [badName(`${what} is an empty string`, 'Give a path, or leave the word out. A variable of the shell may have been empty.')]
    if (path !== undefined && !isName(path)) return [badName(`${what} is no file name: it holds half a character`, 'Give the name as bytes.')]
    if (path?.includes('\0') === true) return [badName(`${what} holds a NUL byte, which no path can`, 'Check how the path was made.')]
    return []
  })
}

const badName = (title: string, text: string): Finding => ({ ...fault('option-bad-value', title, [{ text }]), explanation: 'Names on Linux are one or more bytes of any kind but NUL, and this one is not.' })

function optionFaults(spec: OverlaySpec): Finding[] {
  return entries(spec).flatMap(([row, value]) => {
    if (row.values === undefined) return value === true ? [] : [fault('option-bad-value', `${row.name} is a flag and takes no value: '${row.name}=${value}'`, [{ text: `Write ${row.name} alone.` }])]
    if (value !== true && row.values.includes(value)) return []
    return [fault('option-bad-value', value === true ? `${row.name} needs a value` : `${row.name} cannot be '${value}'`, [{ text: `It takes ${row.values.join(', ')}.` }])]
  })
}

/** What TypeScript would not let through, and times of access said in two ways: mount(2) picks one in silence. */
function flagFaults({ flags, propagation }: OverlaySpec): Finding[] {
  const unknown = flags.filter((flag) => !MOUNT_FLAGS.includes(flag))
  const times = [...new Set(flags)].filter((flag) => flag === 'noatime' || flag === 'relatime' || flag === 'strictatime')
  return [
    ...unknown.map((flag) => fault('option-bad-value', `'${flag}' is no mount flag`, [{ text: `The flags are ${MOUNT_FLAGS.join(', ')}.` }])),
    ...(times.length > 1 ? [fault('option-conflict', `conflicting flags: ${times.join(',')}`, [{ text: 'Keep one of them.' }])] : []),
    ...(propagation === undefined || PROPAGATIONS.includes(propagation) ? [] : [fault('option-bad-value', `'${String(propagation)}' is no propagation of a mount`, [{ text: `It is one of ${PROPAGATIONS.join(', ')}.` }])]),
  ]
}

function conflictFaults(spec: OverlaySpec): Finding[] {
  const writable = spec.upper !== undefined || spec.tmpfs !== undefined
  return entries(spec).flatMap(([row, value]) =>
    (row.conflicts ?? [])
      .filter(({ own, option, values, onlyWithUpper }) => {
        const other = spec.options[option as keyof OverlaySpec['options']]
        return own.includes(value) && other !== undefined && values.includes(other) && (onlyWithUpper !== true || writable)
      })
      .map(({ option, until }) => {
        const without = (name: string): OverlaySpec => ({ ...spec, options: Object.fromEntries(Object.entries(spec.options).filter(([key]) => key !== name)) })
        const pair = `${word(row.name, value)},${word(option, spec.options[option as keyof OverlaySpec['options']])}`
        return until === undefined
          ? fault('option-conflict', `conflicting options: ${pair}`, [{ text: `Leave out ${row.name}.`, ...mountAgain(without(row.name)) }, { text: `Or leave out ${option}.`, ...mountAgain(without(option)) }])
          : fault('option-conflict', `kernels before ${until} refuse ${pair}`, [{ text: `Leave out ${row.name} or ${option} there.` }], 'warning')
      }),
  )
}

/** Words no table knows: the kernel decides, because a newer one may know them. */
function unknownFaults(spec: OverlaySpec): Finding[] {
  return spec.unknown.map(({ key }) => {
    const nearest = nearestOption(key)
    return fault('option-unknown', `'${key}' is no overlay option that ovl knows`, nearest === undefined ? [] : [{ text: `Did you mean ${nearest}?` }], 'warning')
  })
}

function entries(spec: OverlaySpec): [OptionRow, string | true][] {
  return Object.entries(spec.options).map(([name, value]) => [findOption(name) as OptionRow, value])
}

const word = (name: string, value: string | true | undefined): string => (value === true || value === undefined ? name : `${name}=${value}`)
