/** What is looked at before a mount: the paths it names, once each. Whether they fit together is for the kernel to say, and for diagnose to explain. */

import { finding } from '../errors/make-finding.ts'
import { OvlError, syscallError } from '../errors/ovl-error.ts'
import { absoluteHere, cwdFor } from '../host/cwd.ts'
import { identityOf, realName, statName } from '../host/files.ts'
import { readImageType } from '../host/image.ts'
import { homeOf } from '../host/receipts.ts'
import { inUserNamespace, pageSize } from '../host/system.ts'
import { identifyMaker } from '../mounts/maker.ts'
import { ownerOf } from '../mounts/owner.ts'
import { absolutePath, pathPrefixes, relativeTo, tidyPath } from '../names/path.ts'
import { needsReceipt } from '../plan/plan-mount.ts'
import type { MountFacts, MountRequest } from '../plan/plan-mount.ts'
import type { ImageType } from '../plan/step.ts'
import type { Identities } from './verify.ts'

/** Looks at the paths once. A layer that is not there fails here, before anything has been put up. */
export function look(request: MountRequest): { readonly facts: MountFacts; readonly seen: Identities } {
  const { spec } = request
  const cwd = cwdFor([...[...spec.lower, ...spec.data].map(({ path }) => path), spec.upper, spec.work, spec.target])
  const images = new Map<string, ImageType>()
  const seen = new Map<string, string | undefined>()
  for (const { path } of [...spec.lower, ...spec.data]) {
    const absolute = absolutePath(path, cwd)
    const found = statName(absolute)
    if (typeof found === 'string') throw syscallError('stat', found, `cannot use the lower layer '${path}'`).with({ step: 'look' })
    seen.set(absolute, identityOf(found))
    if (found.kind !== 'file') continue
    const type = readImageType(absolute)
    if (type !== undefined) images.set(absolute, type)
  }
  const facts = { cwd, images, missing: missingPaths(spec, cwd), pageSize: pageSize(), ...(looksForeign(spec, cwd) ? { looksForeign: true } : {}), ...(spec.tmpfs === undefined ? {} : { inUserNamespace: isMapped() }) }
  if (!needsReceipt(request, facts)) return { facts, seen }
  return { seen, facts: { ...facts, home: homeOf(absolutePath(spec.target, cwd)) } }
}

/** As the mount table will show it: symlinks resolved, as far as the path exists. */
export function realTarget(target: string): string {
  const absolute = absoluteHere(target)
  try {
    return realName(absolute)
  } catch {
    const there = pathPrefixes(absolute).findLast((prefix) => typeof statName(prefix) === 'object')
    return there === undefined ? absolute : tidyPath(`${realName(there)}/${relativeTo(absolute, there)}`)
  }
}

/** Its names as they are said, and as the kernel may show them. */
function looksForeign({ target, source, lower, upper, work }: MountRequest['spec'], cwd: string): boolean {
  const said = (path: string): string => absolutePath(path, cwd)
  const [first] = lower
  return [said, realTarget].some((name) => {
    const layers = { lower: first === undefined ? [] : [name(first.path)], ...(upper === undefined ? {} : { upper: name(upper) }), ...(work === undefined ? {} : { work: name(work) }) }
    return ownerOf({ target, maker: identifyMaker({ target, source }, layers) }) !== undefined
  })
}

function isMapped(): boolean {
  const mapped = inUserNamespace()
  return mapped.known && mapped.value
}

function missingPaths(spec: MountRequest['spec'], cwd: string): Set<string> {
  const made = [...(spec.mkdir ? [spec.target, spec.upper] : []), ...(spec.mkdir || spec.workDerived === true ? [spec.work] : [])]
  const prefixes = made.flatMap((path) => (path === undefined ? [] : pathPrefixes(absolutePath(path, cwd))))
  return new Set(prefixes.filter((prefix) => statName(prefix) === 'ENOENT'))
}

/**
 * The mount point, symlinks resolved.
 * @throws OvlError when there is none, and none is to be made
 */
export function requireTarget(target: string, mkdir: boolean): string {
  if (target === '') throw new OvlError('usage', 'no target: where shall it be mounted?', { hint: 'Name the mount point last.' })
  const at = realTarget(target)
  const found = statName(at)
  if (typeof found === 'object' && found.kind === 'directory') return at
  if (typeof found === 'object') throw new OvlError('target-not-directory', `the target '${target}' is no directory`)
  if (found === 'ENOENT' && mkdir) return at
  const title = `the target '${target}' does not exist`
  throw new OvlError(found === 'ENOENT' ? 'target-missing' : 'path-unreadable', title, { findings: [finding(found === 'ENOENT' ? 'target-missing' : 'path-unreadable', { title, fix: [{ text: 'Let ovl make it, and remove it again on umount: --mkdir.' }] })] })
}
