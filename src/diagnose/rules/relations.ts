/**
 * How layers lie to each other: the same directory twice, one inside another, on other mounts, on too
 * many levels, held by another overlay. Compared by place inside the file system and by inode, as the
 * kernel does, so bind mounts and symlinks make no difference.
 */

import { quoteShell } from '../../names/shell.ts'
import type { Fix } from '../../errors/finding.ts'
import { formatMountCommand, mountAgain } from '../../overlay/command.ts'
import { validate } from '../../overlay/validate.ts'
import type { Facts, PathFact } from '../facts.ts'
import { ancestorKeys, isInside, isSame, placeIndex, selfKeys } from '../place.ts'
import { quote, seen, suspect, valueOf } from '../suspect.ts'
import type { Suspect } from '../suspect.ts'
import { ROLE_WORDS } from './paths.ts'

export function relationSuspects(facts: Facts): Suspect[] {
  return [...workSuspects(facts), ...depthSuspects(facts), ...overlapSuspects(facts), ...upperInsideLower(facts)]
}

const byRole = (facts: Facts, ...roles: readonly PathFact['role'][]): PathFact[] => facts.paths.filter(({ role }) => roles.includes(role))
const called = ({ role, path }: PathFact): string => `${ROLE_WORDS[role]} ${quote(path)}`
const about = (...facts: readonly PathFact[]): string[] => facts.flatMap(({ path, absolute }) => [path, absolute])

/** Upper and work: one mount, two trees. */
function workSuspects(facts: Facts): Suspect[] {
  const [upper] = byRole(facts, 'upper')
  const [work] = byRole(facts, 'work')
  if (upper === undefined || work === undefined) return []
  return [...nested(upper, work, facts), ...otherMount(upper, work, facts)]
}

function nested(upper: PathFact, work: PathFact, facts: Facts): Suspect[] {
  const how = isSame(upper, work) ? 'are the same directory' : isInside(work, upper) ? 'lie one inside the other: work is inside upper' : isInside(upper, work) ? 'lie one inside the other: upper is inside work' : undefined
  if (how === undefined) return []
  return [suspect('work-upper-nested', about(upper, work), {
    title: `upper ${quote(upper.path)} and work ${quote(work.path)} ${how}`,
    evidence: [seen('stat', `${quote(upper.absolute)} is inode ${upper.inode ?? '?'}, ${quote(work.absolute)} is inode ${work.inode ?? '?'}`)],
    fix: siblingWork(facts, upper, work),
  })]
}

function otherMount(upper: PathFact, work: PathFact, facts: Facts): Suspect[] {
  const evidence = [upper, work].map((fact) => seen('mountinfo', `${quote(fact.absolute)} lies on the mount at ${quote(valueOf(fact.mountPoint) ?? '?')} (${valueOf(fact.fsType) ?? 'unknown type'})`))
  const [upperMount, workMount] = [valueOf(upper.mountId), valueOf(work.mountId)]
  const [upperPlace, workPlace] = [valueOf(upper.place), valueOf(work.place)]
  const sameSuperblock = upperPlace !== undefined && upperPlace.superblock === workPlace?.superblock
  const otherDevice = upper.device !== undefined && work.device !== undefined && upper.device !== work.device
  if (upperMount !== undefined && workMount !== undefined && upperMount !== workMount && sameSuperblock && !otherDevice) {
    return [suspect('work-other-mount', about(upper, work), {
      title: `upper ${quote(upper.path)} and work ${quote(work.path)} lie on one file system, but on two mounts of it`,
      evidence,
      fix: siblingWork(facts, upper, work),
    })]
  }
  if (otherDevice || (upperMount !== workMount && upperPlace !== undefined && workPlace !== undefined && !sameSuperblock)) {
    const oneMount = upperMount !== undefined && upperMount === workMount
    return [suspect('work-other-filesystem', about(upper, work), {
      // Two subvolumes under one mount pass the kernel’s check, and fail at the first rename.
      severity: oneMount ? 'warning' : 'error',
      title: `upper ${quote(upper.path)} and work ${quote(work.path)} lie ${sameSuperblock ? 'in two subvolumes of one file system' : 'on different file systems'}`,
      evidence,
      fix: siblingWork(facts, upper, work),
    })]
  }
  return []
}

/** A work directory beside upper is on its mount, unless upper is a mount point itself. */
function siblingWork({ spec }: Facts, upper: PathFact, work: PathFact): Fix[] {
  if (valueOf(upper.mountPoint) === upper.absolute && upper.absolute !== '/') {
    const [inner, beside] = [`${upper.path}/upper`, `${upper.path}/work`]
    const command = spec === undefined ? undefined : formatMountCommand({ ...spec, upper: inner, work: beside, workDerived: false })
    return [{ text: `${quote(upper.path)} is a mount point: put upper and work side by side inside it.`, command: `mkdir -p -- ${quoteShell(inner)} ${quoteShell(beside)}${command === undefined ? '' : ` && ${command}`}` }]
  }
  const name = `${upper.path}.work`
  // Where that is the very one at fault, it takes another.
  const fresh = work.path === name ? { name: `${name}2`, change: { work: `${name}2`, workDerived: false, mkdir: true } } : { name, change: { workDerived: true } }
  return [{ text: `Let ovl use an empty directory beside upper: ${quote(fresh.name)}.`, ...mountAgain(spec === undefined ? spec : { ...spec, ...fresh.change }) }]
}

/** FILESYSTEM_MAX_STACK_DEPTH. */
const MAX_DEPTH = 2

function depthSuspects(facts: Facts): Suspect[] {
  return byRole(facts, 'lower', 'data', 'upper').flatMap((fact) => {
    const depth = valueOf(fact.stackDepth) ?? 0
    const fsType = valueOf(fact.fsType) ?? ''
    if (depth < MAX_DEPTH) return []
    return [suspect('stack-too-deep', about(fact), {
      title: fsType === 'overlay' ? `${called(fact)} already lies on an overlay over an overlay` : `${called(fact)} lies on ${fsType}, on which nothing may be stacked`,
      evidence: [seen('mountinfo', `${quote(fact.absolute)} lies on ${fsType}, ${depth} levels deep`)],
      fix: fsType === 'overlay' ? [{ text: 'Name the layers of that overlay instead of the overlay.', command: `findmnt -T ${quoteShell(fact.absolute)}` }] : [{ text: 'Copy what you need of it into a directory, and use that as the layer.' }],
    })]
  })
}

/** Each lower against all layers. Who stands in whose tree is looked up by ancestor, for 500 layers are 125000 pairs. */
function overlapSuspects(facts: Facts): Suspect[] {
  const lowers = byRole(facts, 'lower', 'data')
  const index = placeIndex([...lowers, ...byRole(facts, 'upper', 'work')])
  const found = new Map<string, Suspect>()
  for (const lower of lowers) {
    const same = selfKeys(lower).flatMap((key) => index.get(key) ?? []).find((other) => other !== lower)
    const outer = ancestorKeys(lower).flatMap((key) => index.get(key) ?? [])[0]
    for (const [other, how] of [[same, 'the same directory as'], [outer, 'inside']] as const) {
      if (other === undefined) continue
      const key = [how, ...about(lower, other).toSorted()].join('\0')
      if (!found.has(key)) found.set(key, overlap(lower, other, how, facts))
    }
  }
  return [...found.values()]
}

function overlap(lower: PathFact, other: PathFact, how: string, { spec }: Facts): Suspect {
  const twice = lower.role === other.role && lower.path === other.path
  const drop = lower.role === 'lower' && (other.role === 'lower' || other.role === 'data') ? Math.max(lower.index, other.role === 'lower' ? other.index : 0) : undefined
  const rest = spec === undefined || drop === undefined ? undefined : { ...spec, lower: spec.lower.filter((_, at) => at !== drop) }
  // Of two lowers without an upper the one that is left is no overlay.
  const command = rest === undefined || validate(rest).some(({ severity }) => severity === 'error') ? undefined : formatMountCommand(rest)
  return suspect('layers-overlap', about(lower, other), {
    title: twice ? `${called(lower)} is given twice` : `${called(lower)} is ${how} ${called(other)}`,
    evidence: [
      seen('stat', `${quote(lower.absolute)}: device ${lower.device ?? '?'}, inode ${lower.inode ?? '?'}`),
      ...(twice ? [] : [seen('stat', `${quote(other.absolute)}: device ${other.device ?? '?'}, inode ${other.inode ?? '?'}`)]),
    ],
    fix: command === undefined ? [...(twice ? [{ text: 'Name it once, with an upper or another lower beside it.' }] : []), { text: 'Put the layers into directories that do not contain each other.' }] : [{ text: how === 'inside' ? 'Leave one of the two out.' : 'Name it once.', command }],
  })
}

function upperInsideLower(facts: Facts): Suspect[] {
  const index = placeIndex(byRole(facts, 'lower', 'data'))
  return byRole(facts, 'upper', 'work').flatMap((inner) => {
    const lower = ancestorKeys(inner).flatMap((key) => index.get(key) ?? [])[0]
    return lower === undefined ? [] : [insideLower(inner, lower)]
  }).slice(0, 1)
}

function insideLower(inner: PathFact, lower: PathFact): Suspect {
  return suspect('upper-inside-lower', about(inner, lower), {
    title: `${called(inner)} lies inside ${called(lower)}`,
    evidence: [seen('stat', `${quote(inner.absolute)} is below ${quote(lower.absolute)}`)],
    fix: [{ text: 'Keep upper and work outside of the lower tree, or tell programs that walk it to leave them out.' }],
  })
}
