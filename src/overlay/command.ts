/**
 * A spec as a command that mounts it, to be pasted from a fix. `ovl mount` takes each layer as a word
 * of its own, so nothing has to be escaped but for the shell.
 */

import { quoteShell } from '../names/shell.ts'
import type { OverlaySpec } from './spec.ts'

/** The command, or undefined when there is no target yet. */
export function formatMountCommand(spec: OverlaySpec): string | undefined {
  const { target, source, lower, data, upper, work, workDerived, tmpfs, label, mkdir } = spec
  if (target === undefined) return undefined
  return [
    'ovl mount',
    ...lower.flatMap(({ path }) => ['-l', pathWord(path)]),
    ...data.flatMap(({ path }) => ['--data', pathWord(path)]),
    ...(upper === undefined ? [] : ['-u', pathWord(upper)]),
    ...(work === undefined || workDerived === true ? [] : ['-w', pathWord(work)]),
    ...(tmpfs === undefined ? [] : ['--tmpfs', ...(tmpfs.size === undefined ? [] : ['--size', quoteShell(tmpfs.size)])]),
    ...optionWords(spec),
    ...(label === undefined ? [] : ['--label', quoteShell(label)]),
    ...(source === 'overlay' ? [] : ['--source', quoteShell(source)]),
    ...(mkdir ? ['--mkdir'] : []),
    pathWord(target),
  ].join(' ')
}

/** A path that begins with a dash would be taken for an option. */
const pathWord = (path: string): string => quoteShell(path.startsWith('-') ? `./${path}` : path)

/** The command as part of a fix, when there is one. */
export function mountAgain(spec: OverlaySpec | undefined): { readonly command?: string } {
  const command = spec === undefined ? undefined : formatMountCommand(spec)
  return command === undefined ? {} : { command }
}

function optionWords({ options, unknown, flags }: OverlaySpec): string[] {
  const pairs = [...Object.entries(options), ...unknown.map(({ key, value }) => [key, value ?? true] as const)]
  const words = [...flags, ...pairs.map(([key, value]) => (value === true ? key : `${key}=${value}`))]
  return words.length === 0 ? [] : ['-o', quoteShell(words.join(','))]
}
