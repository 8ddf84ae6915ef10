/**
 * The ways into the kernel for one overlay, tried in order: each either mounts, says that it cannot
 * say this here (then the next is tried), or fails for a reason that no other way would cure.
 *
 * It mounts and nothing else: directories, parts and receipts are steps of their own (execute.ts).
 */

import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { Finding } from '../errors/finding.ts'
import { encodeFuse, encodeMount8 } from '../overlay/encode.ts'
import { fault } from '../overlay/fault.ts'
import { fitMountData } from '../overlay/limits.ts'
import type { Form, Step, Via } from '../plan/step.ts'
import { run } from './exec.ts'
import { pageSize } from './system.ts'
import { propagate } from './propagate.ts'
import { mountByFsconfig } from './way-fsconfig.ts'
import { mountByMount2 } from './way-mount2.ts'

export type OverlayStep = Extract<Step, { do: 'mount-overlay' }>

/** How it was mounted. */
export interface WayTaken {
  /** Bytes of options handed to mount(2). */
  readonly bytes?: number
  readonly via: Exclude<Via, 'auto'>
  readonly form: Form
}

/** A way’s answer: taken, or not open here, with the reason as a finding. */
export type WayAnswer = { readonly taken: WayTaken } | { readonly closed: Finding }

/** Called with the overlay’s device when it exists but is not attached yet, where the way knows that moment. */
export type BeforeAttach = (device: string, taken: WayTaken) => void

const WAYS: Readonly<Record<Exclude<Via, 'auto'>, (step: OverlayStep, beforeAttach: BeforeAttach, signal?: AbortSignal) => WayAnswer | Promise<WayAnswer>>> = {
  fsconfig: mountByFsconfig,
  mount2: mountByMount2,
  mount8: mountByMount8,
  fuse: mountByFuse,
}

/** The order of `auto`. mount(8) comes in where FFI is not to be had; FUSE only where it is asked for. */
const AUTO: readonly Exclude<Via, 'auto'>[] = ['fsconfig', 'mount2', 'mount8']

/**
 * Mounts the overlay by the first of the step’s ways that can. Aborting ends a program that is at it; what that has
 * mounted by then stays, for the caller to find.
 */
export async function mountOverlay(step: OverlayStep, beforeAttach: BeforeAttach, signal?: AbortSignal): Promise<WayTaken> {
  const closed: Finding[] = []
  let noFfi: OvlError | undefined
  for (const way of step.ways.flatMap((via) => (via === 'auto' ? AUTO : [via]))) {
    try {
      const answer = await WAYS[way](step, beforeAttach, signal)
      if ('taken' in answer) return answer.taken
      closed.push(answer.closed)
    } catch (error) {
      if (!isOvlError(error) || error.code !== 'ffi-unavailable') throw error
      noFfi ??= error
    }
  }
  const [first] = closed
  if (first === undefined) throw noFfi ?? new OvlError('internal', 'no way into the kernel was tried')
  // The last refusal is that of the widest way; the first ones only say why narrower ways were passed over.
  const widest = closed.find(({ code }) => code === 'options-too-long') ?? closed.at(-1) ?? first
  throw new OvlError(widest.code, widest.title, { step: 'mount-overlay', findings: [widest, ...closed.filter((finding) => finding !== widest), ...(noFfi === undefined ? [] : [withoutFfi(noFfi)])], ...(noFfi === undefined ? {} : { cause: noFfi }) })
}

/** Why the wider ways are closed. */
function withoutFfi({ message, details: { hint } }: OvlError): Finding {
  return fault('ffi-unavailable', message, hint === undefined ? [] : [{ text: hint }])
}

async function mountByMount8(step: OverlayStep, _beforeAttach: BeforeAttach, signal?: AbortSignal): Promise<WayAnswer> {
  if (step.forms?.includes('argv') === false) return { closed: noForm('mount(8)', step.forms) }
  const encoded = encodeMount8(step.params, [...step.flags, ...(step.propagation === undefined ? [] : [step.propagation])])
  if (!encoded.ok) return { closed: encoded.why }
  // It would hand on a longer text, and the kernel would cut it.
  const fitting = fitMountData(step.params, pageSize(), ['absolute'])
  if (!fitting.ok) return { closed: fitting.why }
  // libmount ≥ 2.39 would hand lowerdir to fsconfig, which takes 255 bytes.
  await runMount('mount', ['--types', 'overlay', '--options', encoded.value, '--source', step.source, '--target', step.target], { LIBMOUNT_FORCE_MOUNT2: 'always' }, signal)
  return { taken: { via: 'mount8', form: 'argv' } }
}

async function mountByFuse(step: OverlayStep, _beforeAttach: BeforeAttach, signal?: AbortSignal): Promise<WayAnswer> {
  if (step.forms?.includes('argv') === false) return { closed: noForm('fuse-overlayfs', step.forms) }
  const encoded = encodeFuse(step.params, step.flags)
  if (!encoded.ok) return { closed: encoded.why }
  await runMount('fuse-overlayfs', ['-o', encoded.value, step.target], {}, signal)
  propagate(step)
  return { taken: { via: 'fuse', form: 'argv' } }
}

/** The caller allowed only forms that a way does not have. */
function noForm(way: string, forms: readonly Form[]): Finding {
  return fault('way-cannot-say', `${way} has no form ${forms.join(', ')}`)
}

async function runMount(command: string, args: string[], env: Record<string, string>, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stderr } = await run(command, args, { env: { ...env, LC_ALL: 'C' }, ...(signal === undefined ? {} : { signal }) })
  if (exitCode === 0) return
  const words = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const device = words.find((line) => line.includes('/dev/fuse'))
  if (device !== undefined) throw new OvlError('not-permitted', `${command} may not use /dev/fuse: ${device}`, { step: 'mount-overlay', syscall: command, kernel: words, hint: 'Ask for the right to open /dev/fuse, or load the module: modprobe fuse.' })
  throw new OvlError('unknown', `${command} failed with status ${exitCode}: ${words[0] ?? 'no message'}`, { step: 'mount-overlay', syscall: command, kernel: words })
}
