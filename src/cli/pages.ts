/** What the build writes beside the command: pages made from the command table. Nothing of ovl imports this. */

import { COMMANDS } from './commands/index.ts'
import { renderCompletion } from './completion/completion.ts'
import { renderManPage } from './man.ts'

/** Path below dist → content. */
export function renderPages(version: string, date: string): Record<string, string> {
  return {
    'man/ovl.1': renderManPage(COMMANDS, version, date),
    'completions/ovl.bash': renderCompletion('bash', COMMANDS),
    'completions/_ovl': renderCompletion('zsh', COMMANDS),
    'completions/ovl.fish': renderCompletion('fish', COMMANDS),
  }
}
