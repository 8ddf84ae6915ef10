/**
 * Who makes a trial mount, and where. With the right to mount and with FFI: a worker thread with a mount
 * namespace of its own, which starts in a third of the time of a process (25 against 75 ms), and at once.
 * Else unshare(1) and a process: a user namespace takes no process of several threads, as Node is one.
 */

import { Worker } from 'node:worker_threads'
import type { TrialAnswer } from '../../diagnose/trial-answer.ts'
import { valueOf } from '../../diagnose/suspect.ts'
import { OvlError, isOvlError } from '../../errors/ovl-error.ts'
import { childCommand, childFile } from '../child.ts'
import type { ChildName } from '../child.ts'
import { run } from '../exec.ts'
import { mayMount } from '../facts/system.ts'
import { ffi } from '../ffi.ts'
import type { TrialRequest } from '../trial.ts'

export interface Runner {
  readonly inUserNamespace: boolean
  /** Once only. @throws OvlError interrupted */
  readonly run: (request: TrialRequest) => Promise<TrialAnswer>
  readonly stop: () => void
}

const NAME: ChildName = 'host-trial-child'

/** Ready or getting ready: call `run` or `stop`. */
export function startRunner(signal: AbortSignal | undefined): Runner {
  const inUserNamespace = valueOf(mayMount()) === false
  return inUserNamespace || !hasFfi() ? processRunner(inUserNamespace, signal) : threadRunner(signal)
}

function hasFfi(): boolean {
  try {
    ffi()
    return true
  } catch {
    return false
  }
}

const none = (why: string): TrialAnswer => ({ tried: [], leftOut: [`the trial mount was not made: ${why}`] })

function threadRunner(signal: AbortSignal | undefined): Runner {
  // Node would count the descriptors that it opened itself, and wonder at ours.
  const worker = new Worker(childFile(), { argv: [NAME], execArgv: [], trackUnmanagedFds: false })
  let answer: TrialAnswer | undefined
  worker.once('message', (message: TrialAnswer) => (answer = message))
  worker.once('error', (error) => (answer ??= none(error.message)))
  // Until then its namespace holds every file system of this system.
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  let asked = false
  return {
    inUserNamespace: false,
    run: async (request) => {
      asked = true
      worker.postMessage(request)
      await ended
      // It takes some milliseconds and clears up behind itself: to stop it half-way would save nothing.
      if (signal?.aborted === true) throw new OvlError('interrupted', 'the trial mount was interrupted', { cause: signal.reason })
      return answer ?? none('its thread ended early')
    },
    stop: () => void (asked || worker.terminate()),
  }
}

const ENTER = {
  mount: ['--mount', '--propagation', 'private'],
  user: ['--user', '--map-root-user', '--mount', '--propagation', 'private'],
} as const

function processRunner(inUserNamespace: boolean, signal: AbortSignal | undefined): Runner {
  const runProcess = async (request: TrialRequest): Promise<TrialAnswer> => {
    try {
      const { stdout, stderr } = await run('unshare', [...ENTER[inUserNamespace ? 'user' : 'mount'], '--', ...childCommand(NAME)], { input: JSON.stringify(request), ...(signal === undefined ? {} : { signal }) })
      if (stdout.startsWith('{')) return JSON.parse(stdout) as TrialAnswer
      const words = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '')
      return none(words.find((line) => /^unshare: |Error: /.test(line)) ?? words[0] ?? 'its process ended early')
    } catch (error) {
      if (!isOvlError(error) || error.code === 'interrupted') throw error
      return none(error.message)
    }
  }
  return { inUserNamespace, run: runProcess, stop: () => undefined }
}
