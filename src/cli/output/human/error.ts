/** A failure: what the kernel said, then what is behind it. */

import type { Finding } from '../../../errors/finding.ts'
import { errnoWords } from '../../../errors/errno.ts'
import { isOvlError } from '../../../errors/ovl-error.ts'
import { escapeText } from '../escape.ts'
import type { View } from '../view.ts'
import { renderFinding } from './finding.ts'
import { typeset } from './words.ts'

/** `who` is what stands before the colon: `ovl mount`. */
export function renderError(error: unknown, who: string, view: View): string {
  if (!isOvlError(error)) return renderBug(error, who, view)
  const { findings, message, details } = error
  const own = findings.some(({ title }) => title === message || message.startsWith(`${title} (and `))
  const said = kernelLine(details)
  const more = (details.kernel ?? []).length + (details.undo ?? []).length > 0
  const head = own ? (said ?? (more ? message : undefined)) : message
  const lines = [
    ...(head === undefined ? [] : [`${view.style.strong(`${who}:`)} ${typeset(escapeText(head), view)}`]),
    ...(own || said === undefined || message.includes(`${details.errno})`) ? [] : [`  ${said}`]),
    ...(details.kernel ?? []).map((line) => `  kernel: ${escapeText(line)}`),
    ...(details.undo ?? []).map((line) => `  could not be undone: ${escapeText(line)}`),
    ...(findings.length === 0 && details.hint !== undefined ? [`  ${typeset(escapeText(details.hint), view)}`] : []),
  ]
  const blocks = [...(lines.length === 0 ? [] : [`${lines.join('\n')}\n`]), ...findings.map((finding) => renderFinding(finding, view))]
  // The program is named once, at the very beginning.
  return (lines.length === 0 ? `${view.style.strong(`${who}:`)} ` : '') + blocks.join('\n') + (error.code === 'internal' ? bugLines(error.cause ?? error, view) : '')
}

/** Warnings after a success. */
export function renderWarnings(warnings: readonly Finding[], view: View): string {
  return warnings.map((finding) => renderFinding(finding, view)).join('\n')
}

function kernelLine({ step, syscall, errno }: { readonly step?: string; readonly syscall?: string; readonly errno?: string }): string | undefined {
  if (errno === undefined) return undefined
  return `${syscall ?? step ?? 'the kernel'} failed: ${errnoWords(errno)} (${errno})`
}

function renderBug(error: unknown, who: string, view: View): string {
  return `${view.style.strong(`${who}:`)} ${escapeText(error instanceof Error ? error.message : String(error))}\n${bugLines(error, view)}`
}

function bugLines(error: unknown, { verbose }: View): string {
  if (!verbose) return '  This is a bug in ovl. With -v it says where.\n'
  const stack = error instanceof Error ? (error.stack ?? '').split('\n').map((line) => `  ${escapeText(line)}\n`) : []
  return `  This is a bug in ovl.\n${stack.join('')}`
}
