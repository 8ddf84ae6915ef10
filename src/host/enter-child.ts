/**
 * The first process of the namespaces that enter.ts makes: mounts what a system expects to find, lets go of the host,
 * then runs the command in the tree and ends with its status. When it ends the kernel ends all others in it, and takes
 * the mounts. From pivot_root(2) on no file of the host is there: all code that is needed later is loaded before.
 */

import { writeSync } from 'node:fs'
import { errnoWords } from '../errors/errno.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { ENVIRONMENT } from './enter.ts'
import type { EnterFailure, EnterRequest } from './enter.ts'
import { makeView } from './enter-view.ts'
import { loadAttached } from './exec.ts'
import type { AttachedOptions, RunAttached } from './exec.ts'
import { closeInherited, hideProcess, keepCapabilities, pivotRootHere } from './syscalls/confine.ts'
import { CAPABILITIES } from '../live/confinement.ts'

/** The pipe to enter.ts. */
const FAILURES = 3

const request = JSON.parse(process.argv[3] as string) as EnterRequest
/** Process group of the command, where it has no terminal and the keys of ours have to be passed on. */
let group: number | undefined

/** Ctrl-C and the end of the terminal are for the command; the first process of a namespace would not see them anyway. */
for (const name of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.on(name, () => passOn(name))

/**
 * Node’s own listener would open a debugger to everybody who sends this: the programs of the tree could then do in this
 * process, which keeps all rights, what they like.
 */
process.on('SIGUSR1', () => undefined)

void enterTree()

async function enterTree(): Promise<void> {
  try {
    const run = await loadAttached(request.command[0] ?? '')
    process.exitCode = request.shareHost ? await shared(run) : await confined(run)
  } catch (error) {
    const { code, message, details: { errno, syscall, hint } } = isOvlError(error) ? error : new OvlError('internal', String(error))
    const failure: EnterFailure = { code, message, details: { ...(errno === undefined ? {} : { errno }), ...(syscall === undefined ? {} : { syscall }), ...(hint === undefined ? {} : { hint }) } }
    writeSync(FAILURES, JSON.stringify(failure))
    process.exitCode = 1
  }
}

/** The host can be reached by /proc and by devices, so a chroot is enough. */
async function shared(run: RunAttached): Promise<number> {
  makeView(request.root, request)
  const { exitCode } = await run('chroot', [request.root, ...request.command], { stdout: 'inherit' })
  return exitCode
}

async function confined(run: RunAttached): Promise<number> {
  closeInherited(FAILURES + 1)
  hideProcess()
  makeView(request.root, request)
  process.chdir(request.root)
  pivotRootHere()
  keepCapabilities(CAPABILITIES)
  const [program = '', ...args] = request.command
  const env = JSON.parse(process.env[ENVIRONMENT] ?? '{}') as Record<string, string>
  const how: AttachedOptions = { stdout: 'inherit', env, ...(request.ownSession ? { ownSession: (pid) => { group = pid } } : {}) }
  try {
    return (await run(program, args, how)).exitCode
  } catch (error) {
    if (!isOvlError(error) || error.details.syscall !== 'execve') throw error
    writeSync(2, `ovl: cannot run '${program}' in the tree: ${errnoWords(error.errno ?? '')}\n`)
    return error.errno === 'ENOENT' ? 127 : 126
  }
}

function passOn(name: NodeJS.Signals): void {
  try {
    if (group !== undefined) process.kill(-group, name)
  } catch {
    // It has just ended.
  }
}
