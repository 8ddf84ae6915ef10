/** `ovl live enter TARGET [-- CMD]`: the status is that of the command. */

import { enter } from '../../ops/live-enter.ts'
import { usageError } from '../usage-error.ts'
import type { Call, Outcome } from '../define.ts'

export async function handler({ positionals, rest = [], signal, flag, list }: Call): Promise<Outcome> {
  const options = { stdout: flag['json'] === true ? 'stderr' : 'inherit', env: variables(list['env'] ?? []), shareHost: flag['share-host'] === true, signal } as const
  const { findings, ...entered } = await enter(positionals[0] as string, rest, options)
  return { data: entered, silent: true, warnings: findings, done: `the command ended with ${entered.status}`, text: () => `${entered.command[0] ?? ''} ended with ${entered.status}\n`, exit: entered.status }
}

/** `NAME=VALUE`, or `NAME` for the value that it has here; what has none here has none there. */
function variables(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.flatMap((word) => {
    const [, name, value] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) throw usageError(`--env wants NAME or NAME=VALUE, and got '${word}'`, undefined, 'live enter')
    const said = value ?? process.env[name]
    return said === undefined ? [] : [[name, said]]
  }))
}
