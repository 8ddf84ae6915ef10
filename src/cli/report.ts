/**
 * The one place where a result or a failure becomes bytes on stdout and stderr, and an exit code.
 * What renders is imported when there is something to show: the usual success says nothing.
 */

import type { Finding } from '../errors/finding.ts'
import { isOvlError, surroundingsError } from '../errors/ovl-error.ts'
import type { OvlError } from '../errors/ovl-error.ts'
import type { CommandDef, Outcome } from './define.ts'
import { exitCodeOf } from './exit-codes.ts'
import type { ColorWish } from './global-options.ts'
import { escapeText } from './output/escape.ts'
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
export async function reportOutcome({ data, text, silent = false, warnings = [], errors: thrown = [], aside, done, exit, kind }: Outcome, how: Answering): Promise<number> {
  const errors = thrown.map(surroundingsError)
  const error = joinErrors(errors)
  const lost = await untilFull(async () => {
    if (how.json) await writeEnvelope({ kind: kind ?? how.command?.kind ?? 'error', ok: error === undefined, data, warnings, error })
    else if (!silent || how.verbose) write('out', text(await view('out', how)))
  })
  if (!how.json || lost !== undefined) {
    if (!how.quiet) await writeWarnings(warnings, how)
    if (!how.quiet && aside !== undefined) write('err', `${aside}\n`)
    await writeErrors(errors, how)
  }
  if (lost !== undefined) writeLost(lost, how, done)
  if (error !== undefined) return exit ?? exitCodeOf(error, how.command?.family)
  return lost === undefined ? (exit ?? 0) : exitCodeOf(lost, how.command?.family)
}

/** Reports that a command, or the reading of its words, failed. What failed first is the exit code, also when it cannot be written. */
export async function reportFailure(thrown: unknown, how: Answering): Promise<number> {
  const error = surroundingsError(thrown)
  if (isLost(error)) writeLost(error, how)
  else {
    const lost = how.json ? await untilFull(() => writeEnvelope({ kind: 'error', ok: false, error })) : undefined
    if (!how.json || lost !== undefined) await writeErrors([error], how)
    if (lost !== undefined) writeLost(lost, how)
  }
  return exitCodeOf(error, how.command?.family)
}

const isLost = (error: unknown): error is OvlError => isOvlError(error) && error.code === 'output-failed'

/** The failure of standard output, if `work` met it. */
async function untilFull(work: () => Promise<void>): Promise<OvlError | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (isLost(error)) return error
    throw error
  }
}

/** One line, and no explanation: it is not what the command was about. */
function writeLost({ code, message }: OvlError, how: Answering, done?: string): void {
  write('err', `${whoOf(how)}: error[${code}]: ${escapeText(`${message}${done === undefined ? '' : `; ${done}`}`)}\n`)
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
  write('err', errors.map((error) => renderError(error, whoOf(how), shown)).join('\n'))
}

const whoOf = ({ who, command }: Answering): string => who ?? (command === undefined ? 'ovl' : `ovl ${command.name}`)

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
