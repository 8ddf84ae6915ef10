/**
 * The one place where a result or a failure becomes bytes on stdout and stderr, and an exit code.
 * What renders is imported when there is something to show: the usual success says nothing.
 */

import type { Finding } from '../errors/finding.ts'
import { isOvlError, surroundingsError } from '../errors/ovl-error.ts'
import type { CommandDef, Outcome } from './define.ts'
import { exitCodeOf } from './exit-codes.ts'
import type { ColorWish } from './global-options.ts'
import type { Envelope } from './output/json.ts'
import type { View } from './output/view.ts'
import { write } from './output/write.ts'
import type { Stream } from './output/write.ts'

/** How to answer. */
export interface Answering {
  readonly command?: CommandDef
  /** Who speaks, in place of `ovl NAME`. */
  readonly who?: string
  readonly json: boolean
  readonly color: ColorWish
  readonly verbose: boolean
  readonly quiet: boolean
}

/** Reports what a command returned. */
export async function reportOutcome({ data, text, silent = false, warnings = [], errors: thrown = [], aside, exit, kind }: Outcome, how: Answering): Promise<number> {
  const errors = thrown.map(surroundingsError)
  const error = joinErrors(errors)
  if (how.json) {
    await writeEnvelope({ kind: kind ?? how.command?.kind ?? 'error', ok: error === undefined, data, warnings, error })
  } else {
    if (!silent || how.verbose) write('out', text(await view('out', how)))
    if (!how.quiet) await writeWarnings(warnings, how)
    if (!how.quiet && aside !== undefined) write('err', `${aside}\n`)
    await writeErrors(errors, how)
  }
  return exit ?? (error === undefined ? 0 : exitCodeOf(error, how.command?.family))
}

/** Reports that a command, or the reading of its words, failed. */
export async function reportFailure(thrown: unknown, how: Answering): Promise<number> {
  const error = surroundingsError(thrown)
  if (how.json) await writeEnvelope({ kind: 'error', ok: false, error })
  else await writeErrors([error], how)
  return exitCodeOf(error, how.command?.family)
}

async function writeWarnings(warnings: readonly Finding[], how: Answering): Promise<void> {
  if (warnings.length === 0) return
  const { renderWarnings } = await import('./output/human/error.ts')
  write('err', renderWarnings(warnings, await view('err', how)))
}

async function writeErrors(errors: readonly unknown[], how: Answering): Promise<void> {
  if (errors.length === 0) return
  const { renderError } = await import('./output/human/error.ts')
  const shown = await view('err', how)
  const who = how.who ?? (how.command === undefined ? 'ovl' : `ovl ${how.command.name}`)
  write('err', errors.map((error) => renderError(error, who, shown)).join('\n'))
}

async function writeEnvelope(envelope: Envelope): Promise<void> {
  const { renderEnvelope } = await import('./output/json.ts')
  const { isTerminal } = await import('./output/terminal.ts')
  write('out', renderEnvelope(envelope, (await isTerminal('out')) ? 2 : 0))
}

async function view(stream: Stream, { color, verbose }: Answering): Promise<View> {
  const { viewOf } = await import('./output/terminal.ts')
  return viewOf(stream, { color, verbose })
}

/** The envelope has room for one error: the first, with the findings of all. */
function joinErrors(errors: readonly unknown[]): unknown {
  const [first] = errors
  if (errors.length < 2 || !isOvlError(first)) return first
  return first.with({ message: `${first.message} (and ${errors.length - 1} more)`, findings: errors.flatMap((error) => (isOvlError(error) ? error.findings : [])) })
}
