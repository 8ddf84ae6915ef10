/** `ovl completion bash|zsh|fish`: the script, made from the command table. */

import { renderCompletion } from '../completion/completion.ts'
import type { Call, Outcome } from '../define.ts'
import { COMMANDS } from './index.ts'

export async function handler({ positionals }: Call): Promise<Outcome> {
  const [shell] = positionals as readonly [string]
  const script = renderCompletion(shell, COMMANDS)
  return { data: { shell, script }, text: () => script }
}
