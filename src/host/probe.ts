/**
 * Probes this system: what can be read is read here, what has to be mounted is mounted by children in
 * private namespaces (probe-child.ts), because Node never changes its own. Two of them at once where there
 * are rights: one with these, one with those of a user namespace only. Judges nothing.
 */

import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { ClosedNamespace, DoctorFacts, ProbeNamespace, ProbeRow } from '../diagnose/doctor.ts'
import type { PathFact, SystemFact } from '../diagnose/facts.ts'
import { valueOf } from '../diagnose/suspect.ts'
import { OvlError, isOvlError } from '../errors/ovl-error.ts'
import { isWithin } from '../names/path.ts'
import { holdDirectory } from './beneath.ts'
import { childCommand, childFile } from './child.ts'
import { run } from './exec.ts'
import { statName } from './files.ts'
import type { GroundPlan } from './probe/ground.ts'
import { rowFrom, unknown } from './probe/probe.ts'
import type { MountProbe, Probe, Seen } from './probe/probe.ts'
import { PROBES } from './probe/table.ts'
import { makeScratch } from './scratch.ts'
import type { Scratch } from './scratch.ts'

/** What a child is asked to do, as JSON on its standard input. */
export interface ProbeRequest extends GroundPlan {
  readonly where: readonly MountProbe['where'][]
}

export interface ProbeOptions {
  readonly system: SystemFact
  /** Its absolute path is real: symlinks followed. */
  readonly directory: PathFact
  /** Why nothing is to be asked of the directory. */
  readonly silent?: string
  readonly signal?: AbortSignal
}

/** Makes every probe of the table. @throws OvlError interrupted */
export async function probe(options: ProbeOptions): Promise<DoctorFacts> {
  const { system, directory, silent } = options
  const own = silent === undefined ? scratchIn(directory.absolute) : { errno: 'ETIMEDOUT' }
  const end = announce()
  try {
    const seen: Seen = { ...options, scratch: 'ref' in own ? own.ref : own }
    const [inside, here] = await together([probeInside(seen), probeHere(seen)])
    if (options.signal?.aborted === true) throw new OvlError('interrupted', 'the probes were interrupted')
    const rows = PROBES.map((probe) => {
      const named = { id: probe.id, group: probe.group, what: probe.what }
      if (silent !== undefined && probe.group === 'directory' && probe.id !== 'dir-type') return { ...named, ...unknown(silent) }
      return here.get(probe.id) ?? inside.rows.get(probe.id) ?? { ...named, ...unknown(inside.why(probe)) }
    })
    return { system, directory, ...(silent === undefined ? {} : { silent }), ...(inside.namespace === undefined ? {} : { namespace: inside.namespace }), closed: inside.closed, rows }
  } finally {
    end()
    if ('ref' in own) own.remove()
  }
}

/** Promise.all that leaves nobody running behind a failure: the scratch directory is theirs until they end. */
async function together<A, B>(promises: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

async function probeHere(seen: Seen): Promise<Map<string, ProbeRow>> {
  const rows = await Promise.all(PROBES.flatMap((probe) => (probe.where === 'here' ? [rowFrom(probe, () => probe.probe(seen))] : [])))
  return new Map(rows.map((row) => [row.id, row]))
}

interface Inside {
  readonly rows: ReadonlyMap<string, ProbeRow>
  /** Of the probes that ask for the most rights there are. */
  readonly namespace?: ProbeNamespace
  readonly closed: readonly ClosedNamespace[]
  readonly why: (probe: Probe) => string
}

/** The child of the user namespace takes over all probes where a mount namespace alone is refused. */
async function probeInside(seen: Seen): Promise<Inside> {
  const mayMount = valueOf(seen.system.capSysAdmin) !== false
  const [mount, user] = await together([
    mayMount ? runChild('mount', ['inside'], seen) : Promise.resolve(undefined),
    runChild('user', mayMount ? ['userns'] : ['inside', 'userns'], seen),
  ])
  const again = mount?.closed === undefined || user.closed !== undefined ? undefined : await runChild('user', ['inside'], seen)
  const children = [mount, user, again].filter((child) => child !== undefined)
  const main = mount !== undefined && mount.closed === undefined ? mount : (again ?? (mayMount ? undefined : user))
  const rows = new Map(children.flatMap((child) => child.rows.map((row) => [row.id, row] as const)))
  const closed = children.flatMap((child) => (child.closed === undefined ? [] : [child.closed]))
  const why = ({ where }: Probe): string => {
    const child = where === 'userns' ? user : (main ?? mount ?? user)
    return `not tried: ${child.closed === undefined ? (child.broken ?? 'the probing child said nothing') : child.closed.missing === true ? 'unshare(1) is not installed' : `no ${child.closed.namespace} namespace can be made`}`
  }
  return { rows, ...(main === undefined || main.closed !== undefined ? {} : { namespace: main.namespace }), closed, why }
}

interface Child {
  readonly namespace: ProbeNamespace
  readonly rows: readonly ProbeRow[]
  /** The namespace could not be had. */
  readonly closed?: ClosedNamespace
  /** Last words of a child that did not get to its end. */
  readonly broken?: string
}

const ENTER: Readonly<Record<ProbeNamespace, readonly string[]>> = {
  mount: ['--mount', '--propagation', 'private'],
  user: ['--user', '--map-root-user', '--mount', '--propagation', 'private'],
}

async function runChild(namespace: ProbeNamespace, where: ProbeRequest['where'], { directory, scratch, system, silent, signal }: Seen): Promise<Child> {
  const request: ProbeRequest = { where, cover: pickCover(directory.absolute), directory: silent === undefined ? directory.absolute : '/', scratch, inUserNamespace: namespace === 'user' || valueOf(system.inUserNamespace) === true }
  try {
    const { stdout, stderr } = await run('unshare', [...ENTER[namespace], '--', ...childCommand('host-probe-child')], { input: JSON.stringify(request), cwd: '/', ...(signal === undefined ? {} : { signal }) })
    const rows = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as ProbeRow)
    const words = stderr.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    const refusal = words.find((line) => line.startsWith('unshare: '))
    if (refusal !== undefined) return { namespace, rows: [], closed: { namespace, why: refusal.slice('unshare: '.length) } }
    return { namespace, rows, broken: words.find((line) => /Error: /.test(line)) ?? words[0] ?? 'it ended early' }
  } catch (error) {
    if (isOvlError(error) && error.code === 'tool-missing') return { namespace, rows: [], closed: { namespace, why: error.message, missing: true } }
    throw error
  }
}

/** Directories that are nearly everywhere, and that nobody needs for a moment: nothing of the host is touched by the tmpfs over it. */
const COVERS = ['/mnt', '/media', '/srv', '/opt', '/var/tmp', '/tmp', '/sys'] as const

function pickCover(directory: string): string {
  const free = COVERS.filter((cover) => [directory, childFile(), process.execPath].every((path) => !isWithin(path, cover)))
  return free.find(isDirectory) ?? '/tmp'
}

function isDirectory(path: string): boolean {
  const found = statName(path)
  return typeof found === 'object' && found.kind === 'directory'
}

function scratchIn(directory: string): Scratch | { readonly errno: string } {
  try {
    return makeScratch(holdDirectory(directory), `.ovl-doctor-${randomBytes(6).toString('hex')}`)
  } catch (error) {
    if (isOvlError(error) && error.code === 'unsafe-path') return { errno: 'ESTALE' }
    if (isOvlError(error) && error.errno !== undefined) return { errno: error.errno }
    throw error
  }
}

/** Probes that fail leave lines in the kernel log. Who reads it at night should know where they come from. */
function announce(): () => void {
  const say = (words: string): void => {
    try {
      const fd = openSync('/dev/kmsg', constants.O_WRONLY)
      try {
        // Without the newline the line would wait for the next one.
        writeSync(fd, `<6>ovl doctor[${process.pid}]: ${words}\n`)
      } finally {
        closeSync(fd)
      }
    } catch {
      // Not root, or no kernel log.
    }
  }
  say('begin of probes: overlayfs messages from here on are tests')
  return () => say('end of probes')
}
