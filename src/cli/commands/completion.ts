/** `ovl completion bash|zsh|fish`: the script, made from the command table. */

import { renderCompletion } from '../completion/completion.ts'
import type { Call, Outcome } from '../define.ts'

export async function handler({ positionals }: Call): Promise<Outcome> {
  const [shell] = positionals as readonly [string]
  const { COMMANDS } = await import('./index.ts')
  const script = renderCompletion(shell, COMMANDS)
  return { data: { shell, script }, text: () => script }
}
