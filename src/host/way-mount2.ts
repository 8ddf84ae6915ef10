/**
 * mount(2): all options in one page of text. Names too long for it are made relative to a common
 * directory, or replaced by descriptor numbers; both need a working directory of their own, so such
 * mounts are made by a child process (mount-child.ts) and never by moving ours.
 */

import { OvlError } from '../errors/ovl-error.ts'
import type { FindingCode } from '../errors/codes.ts'
import { fault } from '../overlay/fault.ts'
import { fitMountData } from '../overlay/limits.ts'
import type { FittedData } from '../overlay/limits.ts'
import { childCommand } from './child.ts'
import { run } from './exec.ts'
import { propagate } from './propagate.ts'
import { legacyBits } from './syscalls/mount-flags.ts'
import { mountLegacy } from './syscalls/mount-legacy.ts'
import { pageSize } from './system.ts'
import type { BeforeAttach, OverlayStep, WayAnswer } from './ways.ts'

/** What the child is asked to do, as JSON on its standard input. */
export interface ChildRequest {
  readonly step: OverlayStep
  readonly form: FittedData['form']
  readonly cwd?: string
}

/** What it answers on its standard output. */
export type ChildAnswer = { readonly ok: true } | { readonly ok: false; readonly code: FindingCode; readonly message: string; readonly errno?: string; readonly syscall?: string }

/** Mounts with the first spelling that fits a page. */
export async function mountByMount2(step: OverlayStep, _beforeAttach: BeforeAttach, signal?: AbortSignal): Promise<WayAnswer> {
  const forms = (['absolute', 'relative', 'proc-fd'] as const).filter((form) => step.forms === undefined || step.forms.includes(form))
  if (forms.length === 0) return { closed: fault('way-cannot-say', `mount(2) has no form ${step.forms?.join(', ')}`) }
  const fitting = fitMountData(step.params, pageSize(), forms)
  if (!fitting.ok) return { closed: fitting.why }
  const { form, data, cwd, bytes } = fitting.value
  if (form === 'absolute') mountLegacy(step.source, step.target, 'overlay', legacyBits(step.flags), data)
  else await mountInChild({ step, form, ...(cwd === undefined ? {} : { cwd }) }, signal)
  propagate(step)
  return { taken: { via: 'mount2', form, bytes: bytes.used } }
}

async function mountInChild(request: ChildRequest, signal: AbortSignal | undefined): Promise<void> {
  const [program, ...words] = childCommand('host-mount-child')
  const { stdout, stderr } = await run(program, words, { input: JSON.stringify(request), ...(signal === undefined ? {} : { signal }) })
  const answer = parseAnswer(stdout)
  if (answer === undefined) throw new OvlError('internal', `the mounting child gave no answer: ${stderr.trim().split('\n').at(-1) ?? ''}`, { step: 'mount-overlay' })
  if (answer.ok) return
  const { code, message, errno, syscall } = answer
  throw new OvlError(code, message, { step: 'mount-overlay', ...(errno === undefined ? {} : { errno }), ...(syscall === undefined ? {} : { syscall }) })
}

function parseAnswer(text: string): ChildAnswer | undefined {
  try {
    return JSON.parse(text) as ChildAnswer
  } catch {
    return undefined
  }
}
