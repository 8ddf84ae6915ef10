/** `ovl mount`: validate → look → plan → execute → read back. */

import { fixMounted } from '../diagnose/again.ts'
import { notClean } from '../diagnose/rules/images.ts'
import type { Finding } from '../errors/finding.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { execute } from '../host/execute.ts'
import { readImageState } from '../host/image.ts'
import { markKernelLog } from '../host/kmsg.ts'
import type { KernelLogMark } from '../host/kmsg.ts'
import { findOwnerOfUpper } from '../host/owner.ts'
import { pageSize } from '../host/system.ts'
import { finding } from '../errors/make-finding.ts'
import { borrowedUpper } from '../mounts/owner.ts'
import { nameBytes } from '../names/bytes.ts'
import { specOf } from '../overlay/builder.ts'
import type { OverlayBuilder } from '../overlay/builder.ts'
import { encodeMountData } from '../overlay/encode.ts'
import { isOptionName } from '../overlay/options.ts'
import { refuseFaults } from '../overlay/fault.ts'
import type { LayerRole } from '../overlay/params.ts'
import { dataLimit } from '../overlay/limits.ts'
import type { OverlaySpec } from '../overlay/spec.ts'
import { validate } from '../overlay/validate.ts'
import { planMount } from '../plan/plan-mount.ts'
import type { WayTaken } from '../host/ways.ts'
import type { MountRequest } from '../plan/plan-mount.ts'
import { VIAS } from '../plan/step.ts'
import type { Form, Plan, Receipt, Step, Via } from '../plan/step.ts'
import { look, realTarget } from './preflight.ts'
import { unmount, unmountAlone } from './unmount.ts'
import { verifyMount } from './verify.ts'
import type { Checks } from './verify.ts'

export interface MountOptions {
  /** Which way into the kernel; default `auto`. */
  readonly via?: Via
  /** Restricts how that way names the layers. */
  readonly forms?: readonly Form[]
  /** What would be a warning after the mount (read-only superblock, dropped feature, upper in use) undoes it and fails. */
  readonly strict?: boolean
  /** Keep a receipt, so that `list` knows the mount as ovl's, even where `unmount` needs none. Default false. */
  readonly remember?: boolean
  /** Aborting undoes what was done so far and rejects with code `interrupted`. */
  readonly signal?: AbortSignal
}

/** What is mounted. */
export interface MountResult {
  readonly target: string
  /** Topmost first; an image stands as the directory it is attached at. */
  readonly lower: readonly string[]
  readonly data: readonly string[]
  readonly upper?: string
  readonly work?: string
  readonly options: OverlaySpec['options']
  /** The superblock is read-only: nothing can be written through the mount. */
  readonly readOnly: boolean
  /** The way that was taken, and how it names layers. */
  readonly via: Exclude<Via, 'auto'>
  readonly form: Form
  /** Bytes a mount(2) string of these options has, and how many the kernel would keep. */
  readonly bytes: { readonly used: number; readonly limit: number }
  /** What was put up beside the overlay and will be taken down with it. */
  readonly parts: Receipt['parts']
  readonly warnings: readonly Finding[]
}

/** A mount that takes itself down: `await using m = await mount(spec)`. */
export interface Mounted extends MountResult, AsyncDisposable {
  /** Takes down the overlay and all that was put up for it. */
  unmount(): Promise<void>
}

/**
 * Mounts an overlay.
 * @param said a builder or a spec, with a target; relative paths are taken from the working directory
 * @returns what is mounted, read back from the kernel, with warnings for what it silently did otherwise
 * @throws OvlError whose `findings` name the cause, root cause first; nothing stays mounted
 */
export async function mount(said: OverlaySpec | OverlayBuilder, options: MountOptions = {}): Promise<Mounted> {
  const request = requestOf(said, options)
  try {
    return await mountOnce(request, options)
  } catch (error) {
    if (!isHearsay(error)) throw error
    return await mountOnce(request, options)
  }
}

/** A mount that `strict` undid for lines of the kernel log that may be about somebody else's mount: ours says it again. */
function isHearsay(error: unknown): boolean {
  if (!isOvlError(error) || error.details.step !== 'verify' || error.details.undo !== undefined) return false
  return error.findings.every(({ severity, confidence, evidence }) => severity === 'note' || (confidence === 'likely' && evidence.every(({ source }) => source === 'kernel-log')))
}

async function mountOnce(request: MountRequest, { signal, strict = false }: MountOptions): Promise<Mounted> {
  const log = markKernelLog()
  try {
    const { facts, seen } = look(request)
    const plan = planMount(request, facts)
    const { taken, undo } = await execute(plan, { signal })
    const { result, device } = await checked(request, plan, taken, undo, { log, strict, seen })
    const alone = overlayStep(plan).receipt === undefined
    const down = async (): Promise<void> => {
      await (alone ? unmountAlone(result.target, device) : unmount(result.target))
    }
    return Object.assign(result, { unmount: down, [Symbol.asyncDispose]: down })
  } catch (error) {
    throw await explained(error, request.spec, log)
  } finally {
    log.close()
  }
}

/** Reads the mount back; a mount that is not what was said, or under `strict` not all of it, is undone. */
export async function checked({ spec }: Pick<MountRequest, 'spec'>, plan: Plan, taken: WayTaken | undefined, undo: () => Promise<string[]>, checks: Checks): Promise<{ readonly result: MountResult; readonly device: string }> {
  // What was staged has moved to its target by now.
  const step = { ...overlayStep(plan), target: spec.target }
  try {
    if (taken === undefined) throw new OvlError('internal', 'the plan had no overlay in it')
    const placed = placedSpec(spec, step)
    const read = await verifyMount(placed, step, taken, checks)
    const verified = { ...read, warnings: [...imageWarnings(plan), ...read.warnings, ...upperWarnings(spec.upper, read.warnings)] }
    const worst = verified.warnings.find(({ severity }) => severity !== 'note')
    if (checks.strict && worst !== undefined) throw new OvlError(worst.code, `undone, because nothing may be amiss under strict: ${worst.title}`, { step: 'verify', findings: verified.warnings })
    const warnings = fixMounted(verified.warnings, step.target, directoryOf(plan))
    return { result: resultOf(placed, step, taken, { ...verified, warnings }, partsOf(plan)), device: read.device }
  } catch (error) {
    const left = await undo()
    throw isOvlError(error) && left.length > 0 ? error.with({ undo: left }) : error
  }
}

/** They were attached without their journal. */
function imageWarnings({ steps }: Plan): Finding[] {
  return steps.flatMap((step) => (step.do === 'attach-image' ? notClean(step.image, step.image, step.type, readImageState(step.image, step.type)).map(({ finding }) => finding) : []))
}

/** One that a stopped container will use again; a running one is told by what it has mounted. */
export function upperWarnings(upper: string | undefined, others: readonly Finding[]): Finding[] {
  const owner = upper === undefined || others.some(({ code }) => code === 'upper-in-use') ? undefined : findOwnerOfUpper(upper)
  return upper === undefined || owner === undefined ? [] : [borrowedUpper(upper, owner)]
}

/**
 * The plan that {@link mount} would execute, for `--dry-run`. Looks at the paths, changes nothing.
 * @throws OvlError as {@link mount} does for what can be seen beforehand
 */
export async function planOfMount(said: OverlaySpec | OverlayBuilder, options: MountOptions = {}): Promise<Plan> {
  const request = requestOf(said, options)
  try {
    return planMount(request, look(request).facts)
  } catch (error) {
    throw await explained(error, request.spec, undefined)
  }
}

function requestOf(said: OverlaySpec | OverlayBuilder, { via = 'auto', forms, remember = false }: MountOptions): MountRequest {
  const spec = specOf(said)
  refuseFaults(validate(spec))
  const { target } = spec
  if (target === undefined) throw new OvlError('usage', 'no target: where shall it be mounted?', { hint: 'Name the mount point last.' })
  if (!VIAS.includes(via)) throw new OvlError('usage', `there is no way '${String(via)}' into the kernel`, { hint: `Say one of ${VIAS.join(', ')}.` })
  return { spec: { ...spec, target: realTarget(target) }, ways: [via], remember, ...(forms === undefined ? {} : { forms }) }
}

type OverlayStep = Extract<Step, { do: 'mount-overlay' }>

function overlayStep({ steps }: Plan): OverlayStep {
  const step = steps.find((step) => step.do === 'mount-overlay')
  if (step === undefined) throw new OvlError('internal', 'the plan had no overlay in it')
  return step
}

function directoryOf({ steps }: Plan): string | undefined {
  return steps.find((step) => step.do === 'write-receipt')?.receipt.directory
}

function partsOf({ steps }: Plan): Receipt['parts'] {
  return steps.find((step) => step.do === 'write-receipt')?.receipt.parts ?? []
}

/** The spec with its layers where the plan put them: images attached, paths absolute. */
function placedSpec({ tmpfs: _, ...spec }: OverlaySpec, { params }: OverlayStep): OverlaySpec {
  const layers: Record<LayerRole, { path: string }[]> = { lower: [], data: [], upper: [], work: [] }
  const options: Record<string, string | true> = {}
  for (const param of params) {
    if (param.kind === 'layer') layers[param.role].push({ path: param.path })
    else if (isOptionName(param.key)) options[param.key] = param.value ?? true
  }
  const { lower, data, upper: [upper], work: [work] } = layers
  return { ...spec, options, lower, data, ...(upper === undefined ? {} : { upper: upper.path }), ...(work === undefined ? {} : { work: work.path }) }
}

function resultOf(spec: OverlaySpec, step: OverlayStep, taken: WayTaken, verified: { readOnly: boolean; warnings: readonly Finding[] }, parts: Receipt['parts']): MountResult {
  return {
    target: step.target,
    lower: spec.lower.map(({ path }) => path),
    data: spec.data.map(({ path }) => path),
    ...(spec.upper === undefined ? {} : { upper: spec.upper }),
    ...(spec.work === undefined ? {} : { work: spec.work }),
    options: spec.options,
    readOnly: verified.readOnly,
    via: taken.via,
    form: taken.form,
    bytes: { used: taken.bytes ?? nameBytes(encodeMountData(step.params)), limit: dataLimit(pageSize()) },
    parts,
    warnings: verified.warnings,
  }
}

/** The error with its cause named: by itself where the code says it, else from the facts as they are now. */
export async function explained(error: unknown, spec: OverlaySpec, log: KernelLogMark | undefined): Promise<OvlError> {
  if (!isOvlError(error)) return new OvlError('internal', error instanceof Error ? error.message : String(error), { cause: error })
  if (error.findings.length > 0) return error
  if (error.code !== 'unknown') return error.with({ findings: [finding(error.code, { title: error.message, fix: error.details.hint === undefined ? [] : [{ text: error.details.hint }] })] })
  const { step = 'mount-overlay', syscall, errno, kernel: context = [] } = error.details
  const kernel = log?.lines() ?? ({ known: false, why: 'nothing was tried' } as const)
  const trial = { step, context, kernel, ...(syscall === undefined ? {} : { syscall }), ...(errno === undefined ? {} : { errno }) }
  // Loaded when something failed: most mounts do not.
  const [{ collectFacts }, { judgeFailure }] = await Promise.all([import('../host/facts.ts'), import('../diagnose/judge.ts')])
  const findings = judgeFailure(collectFacts(spec, { trial, everywhere: errno === 'EBUSY' }))
  const words = [...context, ...(kernel.known ? kernel.value : [])]
  const [first] = findings
  return error.with({ findings, kernel: words, ...(first === undefined ? {} : { code: first.code, message: first.title }) })
}
