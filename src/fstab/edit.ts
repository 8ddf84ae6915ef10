/**
 * An fstab with one overlay line more, other or less: everything else stays byte for byte. A line that
 * mounts something else on the same target is never touched, and of several for one target none is
 * chosen: which of them is meant, only its owner knows.
 */

import { OvlError } from '../errors/ovl-error.ts'
import { tidyPath } from '../names/path.ts'
import { quoteShell } from '../names/shell.ts'
import { entriesOf, formatFile } from './file.ts'
import type { FstabEntry, FstabFile, FstabLine } from './file.ts'
import { isOverlayLine } from './overlay-line.ts'

export interface Edited {
  /** The whole new text. */
  readonly text: string
  readonly did: 'added' | 'replaced' | 'removed' | 'unchanged'
  /** Numbers of the lines that were replaced or removed, or of the one that was added. */
  readonly lines: readonly number[]
}

export interface NewEntry {
  readonly target: string
  readonly line: string
  /** The line above it; it takes the place of an earlier comment of ovl's. */
  readonly comment?: string
}

/** How comments of ovl's begin: those are replaced and removed with their line. */
export const COMMENT_MARK = '# ovl: '

/** Adds the entry at the end, or puts it in the place of the overlay line that the target has. */
export function replaceEntry(file: FstabFile, { target, line, comment }: NewEntry): Edited {
  const [old, second] = entriesAt(file, target)
  const foreign = [old, second].find((entry) => entry !== undefined && !isOverlayLine(entry))
  if (foreign !== undefined) throw refusal(`line ${foreign.line} mounts '${foreign.source}' (${foreign.type}) on '${target}', which would be hidden`, 'Choose another target, or take that line out by hand.')
  if (old !== undefined && second !== undefined) throw refusal(`lines ${old.line} and ${second.line} both mount an overlay on '${target}'`, 'Remove them first: ovl fstab --remove TARGET')
  const end = (old ?? file.lines.at(-1))?.end === '\r\n' ? '\r\n' : '\n'
  if (old === undefined) {
    const text = formatFile(file)
    const lines = [...(comment === undefined ? [] : [comment]), line]
    const gap = text === '' || text.endsWith('\n') ? '' : end
    return { text: text + gap + lines.map((added) => added + end).join(''), did: 'added', lines: [file.lines.length + lines.length] }
  }
  const above = comment === undefined ? undefined : commentAbove(file, old)
  const text = file.lines.flatMap((at) => {
    if (at === above) return []
    return at === old ? [...(comment === undefined ? [] : [comment + end]), line + old.end] : [at.raw + at.end]
  }).join('')
  return { text, did: text === formatFile(file) ? 'unchanged' : 'replaced', lines: [old.line] }
}

/** Takes out every overlay line of the target, and ovl's comment above it. */
export function removeEntry(file: FstabFile, target: string, name: string = '/etc/fstab'): Edited {
  const entries = entriesAt(file, target)
  const foreign = entries.find((entry) => !isOverlayLine(entry))
  if (foreign !== undefined && entries.every((entry) => !isOverlayLine(entry))) throw refusal(`line ${foreign.line} mounts '${foreign.source}' (${foreign.type}) on '${target}', and no overlay`, 'Take it out by hand, if that is meant.')
  const gone = new Set<FstabLine | undefined>(entries.filter(isOverlayLine).flatMap((entry) => [entry, commentAbove(file, entry)]))
  if (gone.size === 0) throw new OvlError('target-missing', `no line of '${name}' mounts an overlay on '${target}'`, { hint: `See which it has: grep -n overlay ${quoteShell(name)}` })
  return { text: file.lines.filter((line) => !gone.has(line)).map(({ raw, end }) => raw + end).join(''), did: 'removed', lines: entries.filter(isOverlayLine).map(({ line }) => line) }
}

const entriesAt = (file: FstabFile, target: string): FstabEntry[] => entriesOf(file).filter((entry) => tidyPath(entry.target) === tidyPath(target))

function commentAbove({ lines }: FstabFile, entry: FstabEntry): FstabLine | undefined {
  const above = lines[entry.line - 2]
  return above?.kind === 'comment' && above.raw.startsWith(COMMENT_MARK) ? above : undefined
}

function refusal(title: string, hint: string): OvlError {
  return new OvlError('option-conflict', title, { hint })
}
