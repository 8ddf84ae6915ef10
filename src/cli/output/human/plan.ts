/** A plan for --dry-run: what would be done, and the same by hand. */

import { escapeText } from '../escape.ts'
import type { View } from '../view.ts'

/** `steps` in words, `shell` as commands. Neither is wrapped: a command must stay one line to be pasted. */
export function renderPlan(steps: readonly string[], shell: readonly string[], { style }: View): string {
  if (steps.length === 0) return 'Nothing is to be done.\n'
  const digits = String(steps.length).length
  const numbered = steps.map((step, at) => `  ${String(at + 1).padStart(digits)}  ${escapeText(step)}`)
  const commands = shell.map((line) => `  ${style.command(escapeText(line))}`)
  return [style.strong('Would do'), '', ...numbered, '', style.strong('The same by hand'), '', ...commands, ''].join('\n')
}
