/**
 * A thread or a process of its own for a trial mount, in a mount namespace that goes when it ends. Started by
 * trial/runner.ts; mounts by the ways that `ovl mount` takes, reads back, writes through the mount, takes it down,
 * answers. Judges nothing.
 */

import { mkdirSync, readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { TrialFact } from '../diagnose/facts.ts'
import type { Refusal, TrialAnswer } from '../diagnose/trial-answer.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import type { OverlayMount } from '../mounts/overlay-mount.ts'
import { absolutePath } from '../names/path.ts'
import { needsReceipt, planMount } from '../plan/plan-mount.ts'
import type { MountFacts } from '../plan/plan-mount.ts'
import type { ImageType } from '../plan/step.ts'
import type { HeldDirectory } from './held-directory.ts'
import { cwdOfPrograms } from './cwd.ts'
import { run } from './exec.ts'
import { execute } from './execute.ts'
import { makeDirectory, statName } from './files.ts'
import { readImageType } from './image.ts'
import { closeKernelLog, markKernelLog } from './kmsg.ts'
import { readMountAt } from './mount-table.ts'
import { attachTmpfs } from './parts.ts'
import { enterMountNamespace } from './syscalls/own-namespace.ts'
import { homeOf } from './receipts.ts'
import { openScratch } from './scratch.ts'
import { inUserNamespace, pageSize } from './system.ts'
import type { TrialRequest } from './trial.ts'
import { renameAll } from './trial/names.ts'
import { carryState } from './trial/state.ts'
import { probeUpper } from './trial/upper-probe.ts'
import { findWorkTrouble } from './trial/work-trouble.ts'

if (parentPort === null) void answer(JSON.parse(readFileSync(0, 'utf8')) as TrialRequest).then((answered) => process.stdout.write(JSON.stringify(answered)))
else answerThread(parentPort)

/** Goes into its namespace while the parent still gathers facts; one request, one answer. */
function answerThread(parent: NonNullable<typeof parentPort>): void {
  let closed: string | undefined
  try {
    enterMountNamespace()
  } catch (error) {
    closed = error instanceof Error ? error.message : String(error)
  }
  parent.once('message', (request: TrialRequest) => {
    const answered = closed === undefined ? answer(request) : Promise.resolve<TrialAnswer>({ tried: [], leftOut: [`the trial mount was not made: ${closed}`] })
    void answered.then((answer) => {
      closeKernelLog()
      parent.postMessage(answer)
    })
  })
}

/** Upper and work are reached by descriptors of this namespace, so that nobody can lay another directory under their names. */
async function answer({ scratch, ...request }: TrialRequest): Promise<TrialAnswer> {
  const held: HeldDirectory[] = []
  try {
    const names = scratch.map((ref): readonly [string, string] => {
      const directory = openScratch(ref)
      held.push(directory)
      return [ref.path, `/proc/${process.pid}/fd/${directory.fd}`]
    })
    return renameAll(await tryOut(renameAll(request, names)), names.map(([path, byDescriptor]) => [byDescriptor, path]))
  } catch (error) {
    return { tried: [], leftOut: [`the trial mount was not made: ${error instanceof Error ? error.message : String(error)}`] }
  } finally {
    for (const directory of held) directory.close()
  }
}

async function tryOut({ spec, ground, real, probe }: Omit<TrialRequest, 'scratch'>): Promise<TrialAnswer> {
  const tried: string[] = []
  const leftOut: string[] = []
  await cover(ground)
  for (const name of ['upper', 'work', 'm']) mkdirSync(`${ground}/${name}`)
  if (real !== undefined && spec.upper !== undefined && spec.work !== undefined) leftOut.push(...carryState(real, { upper: spec.upper, work: spec.work }, spec, ground))
  const work = real === undefined ? undefined : findWorkTrouble(real.work)
  const upper = probe === undefined ? undefined : probeUpper(probe)
  using log = markKernelLog()
  const attempt = (rest: Partial<TrialFact>, context: readonly string[] = []): TrialFact => ({ step: 'mount-overlay', context, kernel: log.lines(), ...rest })
  const more = { tried, leftOut, ...(work === undefined ? {} : { work }), ...(upper === undefined ? {} : { upper }) }
  try {
    const { taken, undo } = await execute(planMount({ spec, ways: ['auto'], remember: false }, look(spec, ground)))
    if (taken === undefined) throw new OvlError('internal', 'the plan had no overlay in it')
    tried.push(`mounted by ${taken.via} (${taken.form}) at '${spec.target}' in a private mount namespace`)
    const mounted = readMountAt(spec.target)?.overlay
    if (mounted !== undefined) tried.push(...use(mounted))
    const trial = attempt({ step: 'verify', form: taken.form })
    const left = await undo()
    tried.push(left.length === 0 ? 'unmounted' : `not unmounted, but gone with its namespace: ${left.join('; ')}`)
    return { ...more, trial, ...(mounted === undefined ? {} : { mounted }) }
  } catch (error) {
    const { code, message, findings, details: { step = 'mount-overlay', syscall, errno, kernel = [], hint } } = isOvlError(error) ? error : new OvlError('internal', String(error))
    tried.push(`mounting at '${spec.target}' in a private mount namespace: refused`)
    if (code !== 'unknown' || findings.length > 0) return { ...more, refused: { code, message, findings, ...(hint === undefined ? {} : { hint }) } satisfies Refusal }
    return { ...more, trial: attempt({ step, ...(syscall === undefined ? {} : { syscall }), ...(errno === undefined ? {} : { errno }) }, kernel) }
  }
}

/** A tmpfs of our own: it takes along what the trial makes. Without it the directory is cleared by the parent. */
async function cover(ground: string): Promise<void> {
  try {
    attachTmpfs(ground)
  } catch (error) {
    if (isOvlError(error) && error.code === 'ffi-unavailable') await run('mount', ['-t', 'tmpfs', 'ovl-trial', ground])
  }
}

function look(spec: TrialRequest['spec'], ground: string): MountFacts {
  const cwd = cwdOfPrograms()
  const images = new Map<string, ImageType>()
  for (const { path } of [...spec.lower, ...spec.data]) {
    const absolute = absolutePath(path, cwd)
    const found = statName(absolute)
    const type = typeof found === 'object' && found.kind === 'file' ? readImageType(absolute) : undefined
    if (type !== undefined) images.set(absolute, type)
  }
  const mapped = inUserNamespace()
  const facts = { cwd, images, missing: new Set<string>(), pageSize: pageSize(), inUserNamespace: mapped.known && mapped.value }
  if (!needsReceipt({ spec, ways: ['auto'], remember: false }, facts)) return facts
  return {
    ...facts,
    home: homeOf('trial', `${ground}/state`),
  }
}

/** Upper is a stand-in, so what is written through the mount goes with it. */
function use({ target, upper, readOnly }: OverlayMount): string[] {
  if (upper === undefined || readOnly) return ['read it back from the mount table']
  try {
    makeDirectory(`${target}/.ovl-trial`)
    return ['made a directory through it']
  } catch (error) {
    return [`could not make a directory through it: ${error instanceof Error ? error.message : String(error)}`]
  }
}
