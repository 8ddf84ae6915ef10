/**
 * The new mount API: a context is filled parameter by parameter, the superblock made, the mount
 * created detached, and attached last. Layers by descriptor first, then by name.
 */

import { fstatSync } from 'node:fs'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { Finding } from '../errors/finding.ts'
import { nameBytes } from '../names/bytes.ts'
import { FSCONFIG_VALUE_MAX, encodeFsconfigAppend, encodeFsconfigFd, encodeFsconfigLowerdir } from '../overlay/encode.ts'
import type { Encoded, FsconfigCall } from '../overlay/encode.ts'
import { fault } from '../overlay/fault.ts'
import type { OverlayParam } from '../overlay/params.ts'
import type { Form } from '../plan/step.ts'
import type { OwnedFd } from './fd.ts'
import { propagate } from './propagate.ts'
import { openPath } from './syscalls/files.ts'
import { fsCreate, fsMount, fsOpen, fsSetFd, fsSetFlag, fsSetString, moveMount, readContextLog } from './syscalls/mount-api.ts'
import { superblockFlags } from './syscalls/mount-flags.ts'
import type { BeforeAttach, OverlayStep, WayAnswer } from './ways.ts'

type FsconfigForm = Extract<Form, 'fd' | 'lowerdir+' | 'lowerdir'>

const ENCODERS: Readonly<Record<FsconfigForm, (params: readonly OverlayParam[]) => Encoded<FsconfigCall[]>>> = {
  fd: encodeFsconfigFd,
  'lowerdir+': encodeFsconfigAppend,
  lowerdir: encodeFsconfigLowerdir,
}

/** Tries the forms in order; the kernel itself says which of them it does not know. */
export function mountByFsconfig(step: OverlayStep, beforeAttach: BeforeAttach): WayAnswer {
  const forms = (Object.keys(ENCODERS) as FsconfigForm[]).filter((form) => step.forms === undefined || step.forms.includes(form))
  const sourceBytes = nameBytes(step.source)
  if (sourceBytes > FSCONFIG_VALUE_MAX) return { closed: fault('value-too-long', `source= is ${sourceBytes} bytes long, fsconfig takes ${FSCONFIG_VALUE_MAX}`) }
  let closed: Finding | undefined
  for (const form of forms) {
    const encoded = ENCODERS[form](step.params)
    if (!encoded.ok) {
      closed = encoded.why
      continue
    }
    const answer = attempt(step, form, encoded.value, beforeAttach)
    if ('taken' in answer) return answer
    closed = answer.closed
    if (answer.noApi) break
  }
  return { closed: closed ?? fault('way-cannot-say', `fsconfig has no form ${step.forms?.join(', ')}`) }
}

/** The source and the superblock's own flags come before the layers. */
function preamble({ source, flags }: OverlayStep, calls: readonly FsconfigCall[]): FsconfigCall[] {
  return [{ set: 'string', key: 'source', value: source }, ...superblockFlags(flags).map((key): FsconfigCall => ({ set: 'flag', key })), ...calls]
}

type Attempt = WayAnswer & { readonly noApi?: boolean }

function attempt(step: OverlayStep, form: FsconfigForm, calls: readonly FsconfigCall[], beforeAttach: BeforeAttach): Attempt {
  using context = openContext()
  if (context === undefined) return { closed: fault('option-needs-newer-kernel', 'this kernel has no fsopen(2): it came with Linux 5.2'), noApi: true }
  if (form === 'lowerdir+' && isLegacy(context)) return { closed: notHere(form, 'the overlay of this kernel takes fsconfig words unchecked (before Linux 6.5)') }
  for (const call of preamble(step, calls)) {
    const refused = setParameter(context, call)
    if (refused === undefined) continue
    if (isUnknownForm(form, call, refused)) return { closed: notHere(form, refused.details.kernel?.[0] ?? 'the kernel does not know it') }
    throw refused
  }
  withLog(context, () => fsCreate(context))
  using mount = withLog(context, () => fsMount(context, step.flags))
  // Without a receipt nobody wants to know.
  if (step.receipt !== undefined) beforeAttach(formatDevice(fstatSync(mount.fd, { bigint: true }).dev), { via: 'fsconfig', form })
  moveMount(mount, step.target)
  propagate(step)
  return { taken: { via: 'fsconfig', form } }
}

/** A context, or undefined where the API itself is missing. */
function openContext(): OwnedFd | undefined {
  try {
    return fsOpen('overlay')
  } catch (error) {
    if (isOvlError(error) && error.errno === 'ENOSYS') return undefined
    throw error
  }
}

/** Sets one parameter. A layer is opened first, so that a bad path is named before the kernel sees it. */
function setParameter(context: OwnedFd, call: FsconfigCall): OvlError | undefined {
  if (call.set === 'fd') {
    using layer = openPath(call.path)
    return caught(context, () => fsSetFd(context, call.key, layer.fd))
  }
  return caught(context, () => (call.set === 'flag' ? fsSetFlag(context, call.key) : fsSetString(context, call.key, call.value)))
}

function caught(context: OwnedFd, set: () => void): OvlError | undefined {
  try {
    set()
    return undefined
  } catch (error) {
    if (!isOvlError(error)) throw error
    return error.with({ kernel: words(context) })
  }
}

function withLog<T>(context: OwnedFd, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw isOvlError(error) ? error.with({ kernel: words(context) }) : error
  }
}

const words = (context: OwnedFd): string[] => readContextLog(context).map(({ text }) => text)

/** Kernels before 6.5 collect fsconfig words into a mount(2) string, and so accept any key. */
function isLegacy(context: OwnedFd): boolean {
  if (caught(context, () => fsSetFlag(context, 'ovl-is-there-a-check')) !== undefined) return false
  return true
}

/** Whether a refused layer means that this kernel lacks the form, and not that the layer is bad. */
function isUnknownForm(form: FsconfigForm, call: FsconfigCall, error: OvlError): boolean {
  // Before 6.5 overlay takes strings and flags only, and says so without a word.
  if (call.set === 'fd' && error.errno === 'EOPNOTSUPP') return true
  if (error.errno !== 'EINVAL') return false
  const words = error.details.kernel?.join('\n') ?? ''
  if (/VFS: Legacy:/.test(words)) return true
  if (form === 'fd') return call.set === 'fd' && /Bad value for '(lowerdir\+|datadir\+|upperdir|workdir)'|Unknown parameter/.test(words)
  return form === 'lowerdir+' && /Unknown parameter '(lowerdir|datadir)\+'/.test(words)
}

const notHere = (form: FsconfigForm, why: string): Finding => fault('way-cannot-say', `fsconfig cannot take layers as '${form}' here: ${why}`, [{ text: 'Use --via auto, which takes the next way.' }])

/** `major:minor` as mountinfo prints it, from a st_dev in the kernel’s userspace encoding. */
export function formatDevice(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn)
  return `${major}:${minor}`
}
