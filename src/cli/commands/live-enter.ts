/** `ovl live enter TARGET [-- CMD]`: the status is that of the command. */

import { enter } from '../../ops/live-enter.ts'
import type { Call, Outcome } from '../define.ts'

export async function handler({ positionals, rest = [], signal, flag }: Call): Promise<Outcome> {
  const entered = await enter(positionals[0] as string, rest, { stdout: flag['json'] === true ? 'stderr' : 'inherit', signal })
  return { data: entered, silent: true, done: `the command ended with ${entered.status}`, text: () => `${entered.command[0] ?? ''} ended with ${entered.status}\n`, exit: entered.status }
}
